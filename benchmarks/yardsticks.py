"""What the product's pages are measured against: an empty page, and raw SQL for the same rows without a template."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from messagecenter.ids import new_id

INBOX_SQL = """
    SELECT e.id, e.thread_id, e.order_number, e.unread, e.needs_reply_since, e.last_message_at, o.name,
           t.topic, t.state, t.subject_ciphertext, t.snippet_ciphertext, k.wrapped,
           (SELECT i.picture_url FROM orders_orderitem i WHERE i.order_id = t.order_id ORDER BY i.line LIMIT 1)
      FROM threads_entry e
      JOIN threads_thread t ON t.id = e.thread_id
      JOIN accounts_mailbox o ON o.id = e.other_id
      JOIN vault_datakey k ON k.owner_id = t.id AND k.purpose = 'thread'
     WHERE e.mailbox_id = %s {after}
     ORDER BY e.last_message_at DESC, e.id DESC LIMIT 51
"""


def _mailbox_of(user_id: uuid.UUID | None) -> uuid.UUID:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mailbox_id FROM accounts_membership WHERE user_id = %s ORDER BY created_at LIMIT 1", [user_id]
        )
        row: tuple[uuid.UUID] = cursor.fetchone()
    return row[0]


def _answer(rows: list[Any]) -> HttpResponse:
    return HttpResponse(repr(len(rows)))


def empty(request: HttpRequest) -> HttpResponse:
    """Answer a signed-in person with nothing: what Django, its middleware and the session cost."""
    return HttpResponse(str(request.user.is_authenticated))


def raw_inbox(request: HttpRequest) -> HttpResponse:
    """Read the rows of an inbox page, as one statement."""
    mailbox_id = _mailbox_of(request.user.pk)
    moment, _, key = request.GET.get("after", "").partition("|")
    with connection.cursor() as cursor:
        if moment:
            sql = INBOX_SQL.format(after="AND (e.last_message_at, e.id) < (%s, %s)")
            cursor.execute(sql, [mailbox_id, moment, key])
        else:
            cursor.execute(INBOX_SQL.format(after=""), [mailbox_id])
        return _answer(cursor.fetchall())


def raw_thread(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Read the rows of a thread's page: the entry with what surrounds it, its key and its newest messages."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.*, t.*, o.*, k.wrapped FROM threads_entry e JOIN threads_thread t ON t.id = e.thread_id "
            "LEFT JOIN orders_order o ON o.id = t.order_id JOIN vault_datakey k ON k.owner_id = t.id "
            "WHERE e.thread_id = %s AND e.mailbox_id = %s",
            [thread_id, _mailbox_of(request.user.pk)],
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT m.*, b.name, u.name FROM threads_message m JOIN accounts_mailbox b ON b.id = m.sender_id "
            "LEFT JOIN accounts_user u ON u.id = m.author_id WHERE m.thread_id = %s ORDER BY m.id DESC LIMIT 51",
            [thread_id],
        )
        return _answer(cursor.fetchall())


@csrf_exempt
@transaction.atomic
def raw_post(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Insert a message as bytes and move both entries: the least that a post must write."""
    mailbox_id, now, message_id = _mailbox_of(request.user.pk), timezone.now(), new_id()
    body = request.POST["body"].encode()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO threads_message "
            "(id, thread_id, sender_id, author_id, client_id, body_ciphertext, state, sent_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, 'delivered', %s)",
            [message_id, thread_id, mailbox_id, request.user.pk, new_id(), body, now],
        )
        cursor.execute(
            "UPDATE threads_thread SET last_message_at = %s, snippet_message_id = %s WHERE id = %s",
            [now, message_id, thread_id],
        )
        cursor.execute(
            "UPDATE threads_entry SET last_message_at = %s, "
            "unread = CASE WHEN mailbox_id = %s THEN 0 ELSE unread + 1 END WHERE thread_id = %s",
            [now, mailbox_id, thread_id],
        )
        cursor.execute(
            "INSERT INTO live_event (mailbox_id, kind, thread_id, message_id, created_at) "
            "SELECT mailbox_id, 'message', thread_id, %s, %s FROM threads_entry WHERE thread_id = %s",
            [message_id, now, thread_id],
        )
        cursor.execute(
            "INSERT INTO notices_notice "
            "(id, kind, channel, recipient_id, subject_id, state, reason, attempts, unconfirmed, next_at, created_at) "
            "SELECT gen_random_uuid(), 'new_message', 'email', m.user_id, %s, 'due', '', 0, 0, %s, %s "
            "FROM threads_entry e "
            "JOIN accounts_membership m ON m.mailbox_id = e.mailbox_id WHERE e.thread_id = %s AND e.mailbox_id <> %s",
            [message_id, now, now, thread_id, mailbox_id],
        )
    return HttpResponse("ok")
