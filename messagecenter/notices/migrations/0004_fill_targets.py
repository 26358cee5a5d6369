"""An e-mail's target is its recipient; who had switched e-mails off keeps them off."""

from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    apps.get_model("notices", "Notice").objects.filter(target_id=None).update(target_id=F("recipient_id"))
    Preference = apps.get_model("notices", "Preference")
    people = apps.get_model("accounts", "User").objects.filter(mail_on_message=False).values_list("pk", flat=True)
    for person in people.iterator(chunk_size=1000):
        Preference.objects.bulk_create(
            [
                Preference(person_id=person, topic=topic, channel="email", timing="off")
                for topic in ("message", "reminder")
            ],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):

    dependencies = [("notices", "0003_channels_and_preferences")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
