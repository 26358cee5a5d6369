"""What releases do to busy tables: a column with a default, and an index that is built beside the writers."""

from django.db import migrations

COLUMN = "ALTER TABLE {} ADD COLUMN faults_note text NOT NULL DEFAULT ''"
INDEX = "CREATE INDEX CONCURRENTLY faults_by_sender ON threads_message (sender_id, sent_at)"


class Migration(migrations.Migration):
    atomic = False
    dependencies = []
    operations = [
        migrations.RunSQL(COLUMN.format("threads_message"), "ALTER TABLE threads_message DROP COLUMN faults_note"),
        migrations.RunSQL(COLUMN.format("notices_notice"), "ALTER TABLE notices_notice DROP COLUMN faults_note"),
        migrations.RunSQL(INDEX, "DROP INDEX faults_by_sender"),
    ]
