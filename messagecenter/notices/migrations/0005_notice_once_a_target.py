from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("notices", "0004_fill_targets")]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="target_id",
            field=models.UUIDField(verbose_name="target"),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('kind', 'subject_id', 'target_id', 'channel'), name='notice_once'),
        ),
    ]
