from django.db import migrations


class Migration(migrations.Migration):
    """What somebody wants to be told is kept by the notices room now."""

    dependencies = [
        ("accounts", "0003_sends_receipts"),
        ("notices", "0004_fill_targets"),
    ]

    operations = [migrations.RemoveField(model_name="user", name="mail_on_message")]
