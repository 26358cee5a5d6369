"""The words of a thread, to and from the vault: which record each ciphertext is bound to, in one place."""

from __future__ import annotations

import uuid

from messagecenter.vault.cipher import Place, decrypt, encrypt

from .models import Message, Thread

SNIPPET_LENGTH = 140


def subject_place(thread: Thread) -> Place:
    """Return what a subject's ciphertext is bound to."""
    return Place(thread_id=thread.pk, record_id=thread.pk, field="subject", sender_id=thread.opened_by_id)


def snippet_place(thread: Thread) -> Place:
    """Return what a snippet's ciphertext is bound to: the message it was cut from."""
    record_id = thread.snippet_message_id or thread.pk
    return Place(thread_id=thread.pk, record_id=record_id, field="snippet", sender_id=None)


def body_place(message: Message) -> Place:
    """Return what a message's ciphertext is bound to."""
    return Place(thread_id=message.thread_id, record_id=message.pk, field="body", sender_id=message.sender_id)


def write_subject(thread: Thread, subject: str) -> None:
    """Set the thread's subject, as ciphertext. The row is not saved."""
    thread.subject_ciphertext = encrypt(subject, subject_place(thread))


def write_body(message: Message, body: str) -> None:
    """Set the message's text, as ciphertext. The row is not saved."""
    message.body_ciphertext = encrypt(body, body_place(message))


def redacted_place(message: Message) -> Place:
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


def read_subject(thread: Thread) -> str:
    """Return the thread's subject. Raises Unreadable."""
    return decrypt(bytes(thread.subject_ciphertext), subject_place(thread))


def read_snippet(thread: Thread) -> str:
    """Return the first words of the newest message. Raises Unreadable."""
    return decrypt(bytes(thread.snippet_ciphertext), snippet_place(thread)) if thread.snippet_ciphertext else ""


def read_body(message: Message) -> str:
    """Return the message's text. Raises Unreadable."""
    return decrypt(bytes(message.body_ciphertext), body_place(message))


def read_shown_body(message: Message) -> str:
    """Return what the other side reads: the text, or what is left of it when words were hidden. Raises Unreadable."""
    if not message.redacted_ciphertext:
        return read_body(message)
    return decrypt(bytes(message.redacted_ciphertext), redacted_place(message))
