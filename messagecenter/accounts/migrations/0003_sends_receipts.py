from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_takes_proactive'),
    ]

    operations = [
        migrations.AddField(
            model_name='mailbox',
            name='sends_receipts',
            field=models.BooleanField(default=True, verbose_name='tells the other side what was read'),
        ),
    ]
