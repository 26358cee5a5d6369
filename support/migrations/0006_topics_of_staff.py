"""Members of staff say which topics they know best."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("support", "0005_heading")]
    operations = [
        migrations.AddField("attendance", "topics", models.JSONField(default=list, verbose_name="topics")),
    ]
