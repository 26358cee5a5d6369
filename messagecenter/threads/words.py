"""The words of a thread, to and from the vault: which record each ciphertext is bound to, in one place."""

from __future__ import annotations

import uuid
from base64 import b64decode, b64encode
from typing import Protocol

from messagecenter.vault.cipher import Place, decrypt, encrypt
from messagecenter.vault.keyring import THREAD

from .models import Draft, FilingRun, Message, Note, Thread

SNIPPET_LENGTH = 140
DRAFTS = "drafts"  # a mailbox's key for what has no thread: first messages, and words that were searched for


class Titled(Protocol):
    """What has a subject: a thread, or so much of its row."""

    @property
    def pk(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def opened_by_id(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def subject_ciphertext(self) -> bytes | memoryview: ...  # noqa: D102


class Worded(Protocol):
    """What has a text: a message, or so much of its row."""

    @property
    def pk(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def thread_id(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def sender_id(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def body_ciphertext(self) -> bytes | memoryview: ...  # noqa: D102
    @property
    def redacted_ciphertext(self) -> bytes | memoryview: ...  # noqa: D102


def subject_place(thread: Titled) -> Place:
    """Return what a subject's ciphertext is bound to."""
    return Place(thread_id=thread.pk, record_id=thread.pk, field="subject", sender_id=thread.opened_by_id)


def snippet_place(thread: Thread) -> Place:
    """Return what a snippet's ciphertext is bound to: the message it was cut from."""
    record_id = thread.snippet_message_id or thread.pk
    return Place(thread_id=thread.pk, record_id=record_id, field="snippet", sender_id=None)


def body_place(message: Worded) -> Place:
    """Return what a message's ciphertext is bound to."""
    return Place(thread_id=message.thread_id, record_id=message.pk, field="body", sender_id=message.sender_id)


def write_subject(thread: Thread, subject: str) -> None:
    """Set the thread's subject, as ciphertext. The row is not saved."""
    thread.subject_ciphertext = encrypt(subject, subject_place(thread))


def write_body(message: Message, body: str) -> None:
    """Set the message's text, as ciphertext. The row is not saved."""
    message.body_ciphertext = encrypt(body, body_place(message))


def redacted_place(message: Worded) -> Place:
    """Return what the ciphertext of the words the other side reads is bound to."""
    return Place(thread_id=message.thread_id, record_id=message.pk, field="redacted", sender_id=message.sender_id)


def write_redacted(message: Message, body: str) -> None:
    """Set what the other side reads instead of the message's text, as ciphertext. The row is not saved."""
    message.redacted_ciphertext = encrypt(body, redacted_place(message))


def write_snippet(thread: Thread, message_id: uuid.UUID, body: str) -> None:
    """Set the first words of the newest message, as ciphertext. The row is not saved."""
    thread.snippet_message_id = message_id
    thread.snippet_ciphertext = encrypt(
        " ".join(body[: 2 * SNIPPET_LENGTH].split())[:SNIPPET_LENGTH], snippet_place(thread)
    )


def read_subject(thread: Titled) -> str:
    """Return the thread's subject. Raises Unreadable."""
    return decrypt(bytes(thread.subject_ciphertext), subject_place(thread))


def read_snippet(thread: Thread) -> str:
    """Return the first words of the newest message. Raises Unreadable."""
    return decrypt(bytes(thread.snippet_ciphertext), snippet_place(thread)) if thread.snippet_ciphertext else ""


def read_body(message: Worded) -> str:
    """Return the message's text. Raises Unreadable."""
    return decrypt(bytes(message.body_ciphertext), body_place(message))


def read_shown_body(message: Worded) -> str:
    """Return what the other side reads: the text, or what is left of it when words were hidden. Raises Unreadable."""
    if not message.redacted_ciphertext:
        return read_body(message)
    return decrypt(bytes(message.redacted_ciphertext), redacted_place(message))


def write_draft(draft: Draft, *, subject: str, body: str) -> None:
    """Set a draft's texts, as ciphertext: under its thread's key, or its mailbox's while there is no thread."""
    draft.subject_ciphertext = _seal_draft(draft, "draft_subject", subject)
    draft.body_ciphertext = _seal_draft(draft, "draft", body)


def read_draft(draft: Draft) -> str:
    """Return a draft's text. Raises Unreadable."""
    return _unseal_draft(draft, "draft", draft.body_ciphertext)


def read_draft_subject(draft: Draft) -> str:
    """Return the subject of a draft that is to open a thread, else "". Raises Unreadable."""
    return _unseal_draft(draft, "draft_subject", draft.subject_ciphertext)


def _seal_draft(draft: Draft, field: str, text: str) -> bytes:
    return encrypt(text, _draft_place(draft, field), purpose=THREAD if draft.thread_id else DRAFTS) if text else b""


def _unseal_draft(draft: Draft, field: str, ciphertext: bytes | memoryview) -> str:
    if not ciphertext:
        return ""
    return decrypt(bytes(ciphertext), _draft_place(draft, field), purpose=THREAD if draft.thread_id else DRAFTS)


def _draft_place(draft: Draft, field: str) -> Place:
    owner_id = draft.thread_id or draft.mailbox_id
    return Place(thread_id=owner_id, record_id=draft.pk, field=field, sender_id=draft.user_id)


def note_place(note: Note) -> Place:
    """Return what an internal note's ciphertext is bound to."""
    return Place(thread_id=note.thread_id, record_id=note.pk, field="note", sender_id=note.mailbox_id)


def write_note(note: Note, body: str) -> None:
    """Set an internal note's text, as ciphertext. The row is not saved."""
    note.body_ciphertext = encrypt(body, note_place(note))


def read_note(note: Note) -> str:
    """Return an internal note's text. Raises Unreadable."""
    return decrypt(bytes(note.body_ciphertext), note_place(note))


def _sought_place(run: FilingRun) -> Place:
    return Place(thread_id=run.mailbox_id, record_id=run.pk, field="sought", sender_id=None)


def write_sought(run: FilingRun, words: str) -> None:
    """Put the words a filing looks for into its filter, as ciphertext. The row is not saved."""
    run.query = run.query | {"sought": b64encode(encrypt(words, _sought_place(run), purpose=DRAFTS)).decode()}


def read_sought(run: FilingRun) -> str:
    """Return the words a filing looks for, "" for none. Raises Unreadable."""
    sealed: str = run.query.get("sought", "")
    return decrypt(b64decode(sealed), _sought_place(run), purpose=DRAFTS) if sealed else ""
