"""The texts of this room, to and from the vault: under a key of the mailbox, each bound to its row."""

from __future__ import annotations

import uuid

from messagecenter.vault.cipher import Place, decrypt, encrypt

from .models import AutoReplyText, SavedReply, Signature

PURPOSE = "replies"  # of the mailbox's key

Row = SavedReply | Signature | AutoReplyText
_FIELDS: dict[type[Row], str] = {SavedReply: "saved_reply", Signature: "signature", AutoReplyText: "auto_reply"}


def write_text(row: Row, text: str) -> None:
    """Set a row's text, as ciphertext. The row is not saved."""
    row.text_ciphertext = encrypt(text, _place(row), purpose=PURPOSE)


def read_text(row: Row) -> str:
    """Return a row's text. Raises Unreadable."""
    return decrypt(bytes(row.text_ciphertext), _place(row), purpose=PURPOSE)


def read_signature(mailbox_id: uuid.UUID, signature_id: uuid.UUID, ciphertext: bytes) -> str:
    """Return the text of a signature whose columns were read with something else."""
    return read_text(Signature(pk=signature_id, mailbox_id=mailbox_id, text_ciphertext=ciphertext))


def _place(row: Row) -> Place:
    return Place(thread_id=row.mailbox_id, record_id=row.pk, field=_FIELDS[type(row)], sender_id=None)
