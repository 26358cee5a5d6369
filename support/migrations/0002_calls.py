from __future__ import annotations

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import messagecenter.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('support', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='queue',
            name='calls_at_once',
            field=models.PositiveSmallIntegerField(default=0, help_text='How many telephones there are for appointments. 0: no call-backs are offered.', validators=[django.core.validators.MaxValueValidator(100)], verbose_name='call-backs at once'),
        ),
        migrations.CreateModel(
            name='Call',
            fields=[
                ('id', models.UUIDField(default=messagecenter.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('starts_at', models.DateTimeField(verbose_name='starts')),
                ('line', models.PositiveSmallIntegerField(editable=False)),
                ('number_ciphertext', models.BinaryField()),
                ('language', models.CharField(max_length=8, verbose_name='language')),
                ('state', models.CharField(choices=[('booked', 'booked'), ('reached', 'the seller was reached'), ('missed', 'nobody answered'), ('cancelled', 'cancelled')], default='booked', max_length=10, verbose_name='state')),
                ('notes_ciphertext', models.BinaryField(default=bytes)),
                ('booked_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='booked')),
                ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='settled')),
                ('sequence', models.PositiveIntegerField(default=0, editable=False)),
                ('booked_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='booked by')),
                ('settled_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='support.case')),
                ('queue', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='support.queue')),
            ],
            options={
                'verbose_name': 'call-back',
                'verbose_name_plural': 'call-backs',
            },
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['case', 'id'], name='call_of_case'),
        ),
        migrations.AddConstraint(
            model_name='call',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'booked')), fields=('queue', 'starts_at', 'line'), name='call_line_once'),
        ),
        migrations.AddConstraint(
            model_name='call',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'booked')), fields=('case',), name='call_once_per_case'),
        ),
    ]
