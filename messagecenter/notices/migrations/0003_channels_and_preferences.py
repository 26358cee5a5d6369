import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_sends_receipts'),
        ('notices', '0002_fewer_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(choices=[('message', 'New messages'), ('reminder', 'Answers that are due soon'), ('case', 'News on support cases'), ('decision', 'Decisions about messages and reports'), ('security', 'Security of the account')], max_length=12, verbose_name='topic')),
                ('channel', models.CharField(choices=[('email', 'e-mail'), ('push', 'browser'), ('webhook', 'webhook')], max_length=12, verbose_name='channel')),
                ('timing', models.CharField(choices=[('off', 'not at all'), ('at_once', 'each at once'), ('gathered', 'gathered for two minutes'), ('daily', 'once a day')], max_length=8, verbose_name='when')),
            ],
            options={
                'verbose_name': 'notification preference',
                'verbose_name_plural': 'notification preferences',
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notice_schedule', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('digest_hour', models.PositiveSmallIntegerField(default=8, verbose_name='daily summary at')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('team_messages', models.CharField(choices=[('all', 'all of them'), ('mine', 'those assigned to me, and those assigned to nobody'), ('assigned', 'only those assigned to me')], default='all', max_length=8, verbose_name='messages of a team')),
                ('shows_excerpt', models.BooleanField(default=False, verbose_name='mails begin with the message’s first lines')),
            ],
            options={
                'verbose_name': 'notification schedule',
                'verbose_name_plural': 'notification schedules',
            },
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_once',
        ),
        migrations.RemoveIndex(
            model_name='notice',
            name='notice_recipient',
        ),
        migrations.AddField(
            model_name='notice',
            name='group_id',
            field=models.UUIDField(blank=True, null=True, verbose_name='thread'),
        ),
        migrations.AddField(
            model_name='notice',
            name='letter_id',
            field=models.UUIDField(blank=True, null=True, verbose_name='told with'),
        ),
        migrations.AddField(
            model_name='notice',
            name='target_id',
            field=models.UUIDField(null=True, verbose_name='target'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='channel',
            field=models.CharField(choices=[('email', 'e-mail'), ('push', 'browser'), ('webhook', 'webhook')], default='email', max_length=12, verbose_name='channel'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='recipient',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL, verbose_name='recipient'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['recipient', '-id'], name='notice_recipient'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['target_id', 'group_id', 'sent_at'], name='notice_in_order'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('letter_id__isnull', False)), fields=['letter_id'], name='notice_letter'),
        ),
        migrations.AddField(
            model_name='preference',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notice_preferences', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
        migrations.AddConstraint(
            model_name='preference',
            constraint=models.UniqueConstraint(fields=('person', 'topic', 'channel'), name='preference_once'),
        ),
    ]
