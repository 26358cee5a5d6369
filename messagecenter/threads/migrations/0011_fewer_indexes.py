

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_sends_receipts'),
        ('orders', '0002_fewer_indexes'),
        ('threads', '0010_drop_entry_reply_due'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='message',
            name='message_once_per_client_id',
        ),
        migrations.RemoveIndex(
            model_name='thread',
            name='thread_state_newest',
        ),
        migrations.RemoveIndex(
            model_name='thread',
            name='thread_newest',
        ),
        migrations.RemoveIndex(
            model_name='wait',
            name='wait_newest',
        ),
        migrations.AlterField(
            model_name='enclosure',
            name='thread',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='enclosures', to='threads.thread'),
        ),
        migrations.AlterField(
            model_name='message',
            name='author',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='message',
            name='sender',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.mailbox'),
        ),
        migrations.AlterField(
            model_name='message',
            name='thread',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='threads.thread'),
        ),
        migrations.AlterField(
            model_name='thread',
            name='opened_by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='threads_opened', to='accounts.mailbox', verbose_name='opened by'),
        ),
        migrations.AlterField(
            model_name='wait',
            name='answered_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by'),
        ),
        migrations.AlterField(
            model_name='wait',
            name='thread',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='waits', to='threads.thread', verbose_name='thread'),
        ),
        migrations.AddIndex(
            model_name='thread',
            index=models.Index(fields=['-last_message_at'], name='thread_newest'),
        ),
        migrations.AddIndex(
            model_name='thread',
            index=models.Index(condition=models.Q(('state', 'closed')), fields=['-last_message_at'], name='thread_closed_newest'),
        ),
        migrations.AddIndex(
            model_name='wait',
            index=models.Index(fields=['mailbox', '-started_at'], name='wait_newest'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('client_id', 'thread', 'sender'), name='message_once'),
        ),
    ]
