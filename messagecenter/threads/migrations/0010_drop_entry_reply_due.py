from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('threads', '0009_drafts_notes_presence'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='entry',
            name='entry_reply_due',
        ),
    ]
