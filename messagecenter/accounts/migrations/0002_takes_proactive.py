from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='mailbox',
            name='takes_proactive',
            field=models.BooleanField(default=True, verbose_name='takes all permitted messages of sellers who write first'),
        ),
    ]
