"""The rows of the search, and over their tokens the index that each database has for that."""

import django.db.models.deletion
import django.utils.timezone
import messagecenter.search.models
from django.db import migrations, models, router


# The column has no statistics: the planner is to know nothing of the words, so that its plan is the same for each.
POSTGRESQL = (
    "ALTER TABLE search_indexedmessage ALTER COLUMN tokens SET STATISTICS 0",
    "CREATE INDEX search_tokens ON search_indexedmessage USING gin (tokens) WITH (fastupdate = off)",
)
POSTGRESQL_BACK = ("DROP INDEX search_tokens",)

# Debian 12 has SQLite 3.40, which takes a row out of such a table only when told what was in it. A later migration
# that makes search_indexedmessage anew must make the triggers anew, too.
SQLITE = (
    "CREATE VIRTUAL TABLE search_tokens USING fts5(tokens, content='', columnsize=0, detail=none, "
    "tokenize=\"ascii tokenchars '!#$%&()*+,-./:;<=>?@[]^_`{|}'\")",
    "CREATE TRIGGER search_tokens_add AFTER INSERT ON search_indexedmessage BEGIN "
    "INSERT INTO search_tokens (rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER search_tokens_remove AFTER DELETE ON search_indexedmessage BEGIN "
    "INSERT INTO search_tokens (search_tokens, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
)
SQLITE_BACK = (
    "DROP TRIGGER search_tokens_remove",
    "DROP TRIGGER search_tokens_add",
    "DROP TABLE search_tokens",
)


def make_index(apps, schema_editor):
    _execute(schema_editor, POSTGRESQL, SQLITE)


def remove_index(apps, schema_editor):
    _execute(schema_editor, POSTGRESQL_BACK, SQLITE_BACK)


def _execute(schema_editor, on_postgresql, on_sqlite):
    if not router.allow_migrate(schema_editor.connection.alias, "search"):
        return
    for statement in on_postgresql if schema_editor.connection.vendor == "postgresql" else on_sqlite:
        schema_editor.execute(statement, params=None)



class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_takes_proactive'),
    ]

    operations = [
        migrations.CreateModel(
            name='IndexedMailbox',
            fields=[
                ('mailbox', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='search_index', serialize=False, to='accounts.mailbox', verbose_name='mailbox')),
                ('state', models.CharField(choices=[('building', 'being built'), ('ready', 'ready')], default='building', max_length=8, verbose_name='state')),
                ('version', models.PositiveSmallIntegerField(verbose_name='version of the words')),
                ('position', models.CharField(blank=True, editable=False, max_length=64, verbose_name='resumes after')),
                ('done', models.PositiveIntegerField(default=0, verbose_name='messages done')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='messages to do')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='started')),
                ('advanced_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='last advanced')),
                ('ready_at', models.DateTimeField(null=True, verbose_name='ready since')),
            ],
            options={
                'verbose_name': 'indexed mailbox',
                'verbose_name_plural': 'indexed mailboxes',
            },
        ),
        migrations.CreateModel(
            name='IndexedMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='time')),
                ('mailbox_id', models.UUIDField(verbose_name='mailbox')),
                ('thread_id', models.UUIDField(verbose_name='thread')),
                ('message_id', models.UUIDField(verbose_name='message')),
                ('tokens', messagecenter.search.models.TokensField(editable=False, verbose_name='tokens')),
            ],
            options={
                'verbose_name': 'indexed message',
                'verbose_name_plural': 'indexed messages',
                'indexes': [models.Index(fields=['thread_id'], name='indexed_message_thread')],
            },
        ),
        migrations.RunPython(make_index, remove_index),
    ]
