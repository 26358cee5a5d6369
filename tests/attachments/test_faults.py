"""Uploads over either store: no planted word at rest, and nothing acknowledged, lost or left behind when it fails."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments import actions, content, store
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.threads.models import Enclosure, Message, Thread
from tests.attachments.conftest import photo
from tests.attachments.faulty_proxy import FaultyProxy
from tests.attachments.stores import Kept

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = (b"Zwetschgenkuchen", b"Kamerawerk", b"Geheimname", b"JFIF", b"WEBP")


def tables() -> bytes:
    """Return all that the database holds, as queries read it.

    SQLite's word index keeps no text to be read; what it does keep lies in ordinary tables beside it.
    """
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names():
            if (connection.vendor, table) == ("sqlite", "search_tokens"):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            values = [value for row in cursor.fetchall() for value in row]
            found += [bytes(one) if isinstance(one, memoryview | bytes) else str(one).encode() for one in values]
    return b"\n".join(found)


def test_neither_store_nor_database_shows_a_word(kept: Kept, buyer: User, buyer_mailbox: Mailbox) -> None:
    text = actions.upload(by=buyer, mailbox=buyer_mailbox, name="Geheimname.txt", plain=b"Zwetschgenkuchen " * 99)
    picture = actions.upload(by=buyer, mailbox=buyer_mailbox, name="Geheimname.jpg", plain=photo(640))
    actions.send(by=buyer, mailbox=buyer_mailbox, ids=[picture.pk], thread_id=new_id())
    at_rest = b"\n".join([tables(), *kept.everything().values(), *map(str.encode, kept.everything())])
    assert text.object_name.encode() in at_rest, "what is searched is what is kept"
    assert [word for word in WORDS if word in at_rest] == []
    row = Attachment.objects.get(pk=picture.pk)
    assert Image.open(BytesIO(b"".join(content.read(row, content.SMALL)))).format == "WEBP"


@pytest.mark.parametrize("fault", ["error", "silent", "refuse", "cut_up"])
def test_failing_store_loses_nothing_and_leaves_nothing(
    impatient_s3_store: FaultyProxy, buyer: User, thread: Thread, fault: str
) -> None:
    """The person is told, the text comes back, no message claims a file it has not; later all of it works."""
    client = Client()
    client.force_login(buyer, backend=settings.AUTHENTICATION_BACKENDS[0])
    reply = reverse("threads:reply", args=[thread.pk])
    impatient_s3_store.behave(fault)
    answer = client.post("/attachments/", {"file": SimpleUploadedFile("a.txt", b"Zwetschgenkuchen")})
    assert (answer.status_code, answer.json()["code"]) == (503, "store_down")
    values = {"body": "Mein Text.", "client_id": str(new_id()), "attachments": SimpleUploadedFile("a.txt", b"Kuchen")}
    answer = client.post(reply, values)
    assert answer.status_code == 422
    assert "Mein Text." in answer.content.decode()
    assert "could not be kept" in answer.content.decode()
    assert (Message.objects.filter(thread=thread).count(), Enclosure.objects.count()) == (1, 0)
    assert not Attachment.objects.exists()

    impatient_s3_store.behave("pass")
    values["attachments"] = SimpleUploadedFile("a.txt", b"Kuchen")
    assert client.post(reply, values).status_code == 302
    named = set(Attachment.objects.values_list("object_name", flat=True))
    later = timezone.now() + timedelta(hours=1)
    # A write whose answer was lost may have left its object: the sweep knows it for an orphan.
    actions._delete_orphans(later)
    assert set(store.listed(later)) == named
    assert b"".join(content.read(Attachment.objects.get())) == b"Kuchen"
