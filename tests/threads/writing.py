"""How the tests here write: a reply, and a file that was accepted."""

from __future__ import annotations

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments import actions as attachments
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.threads import actions
from messagecenter.threads.actions import Posted
from messagecenter.threads.models import Thread


def reply(by: User, mailbox: Mailbox, thread: Thread, body: str, **more: object) -> Posted:
    return actions.post_message(by=by, mailbox=mailbox, thread=thread, body=body, client_id=new_id(), **more)  # type: ignore[arg-type]


def uploaded(by: User, mailbox: Mailbox, name: str, words: str) -> Attachment:
    row = attachments.upload(by=by, mailbox=mailbox, name=name, plain=words.encode())
    assert row.state == Attachment.State.READY
    return row
