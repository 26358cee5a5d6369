"""Seeds a site worth clicking through: people, orders from the sample file, and conversations in every state."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import F
from django.utils import timezone

from messagecenter import environment
from messagecenter.accounts.models import Mailbox, Membership, Role, User
from messagecenter.attachments.actions import upload
from messagecenter.attachments.models import Attachment
from messagecenter.ids import new_id
from messagecenter.moderation.actions import make_appeal, make_report
from messagecenter.moderation.models import Report
from messagecenter.threads.actions import close_thread, mark_read, open_thread, post_message
from messagecenter.threads.models import Entry, Message, Thread
from messagecenter.threads.permission import may_open
from messagecenter.threads.refused import Refused
from messagecenter.threads.topics import topics_for_order
from orders.models import Order, Product
from support.demo_cases import open_demo_cases, set_up_support
from support.demo_files import demo_file
from support.demo_script import APPEAL, BUYER, INQUIRIES, REPORT, SCENES, SHOP, STOPPED, Scene
from support.models import Queue

SAMPLE = Path(settings.BASE_DIR) / "orders" / "samples" / "marketplace-orders.csv"
SHOP_NAME = "Nordlicht Lampen"
PEOPLE = {
    "buyer@example.com": ("Bea Käufer", "a buyer"),
    "seller@example.com": ("Selma Lampe", f"owner of the shop {SHOP_NAME}"),
    "agent@example.com": ("Arno Helfer", f"agent of the shop {SHOP_NAME}"),
    "support@example.com": ("Sven Hilfe", "support staff"),
    "admin@example.com": ("Ada Admin", "administrator"),
}


class Command(BaseCommand):
    """``manage.py demo``: safe to run again; only on the embedded default."""

    help = "Create demo people, orders and conversations, and print the logins. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take ``--logins``: only print them."""
        parser.add_argument("--logins", action="store_true", help="only print the logins")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing and print the logins. Raises CommandError in production."""
        if not settings.EMBEDDED:
            raise CommandError(
                f"demo is for looking around on this machine. SITE_URL is {settings.SITE_URL}: "
                "a site that others reach gets no people with a known password."
            )
        password = environment.private_file(settings.VAR_DIR / "keys" / "demo_password", new_id().hex[-12:])
        if not options["logins"]:
            self._seed(password)
        for email, (_name, role) in PEOPLE.items():
            self.stdout.write(f"  {email:22} {password}   {role}")

    def _seed(self, password: str) -> None:
        """Create the people, orders, shop and conversations that are missing."""
        if not Thread.objects.exists():
            call_command("import_orders", str(SAMPLE), stdout=self.stdout, stderr=self.stderr)
        people = {email: _person(email, name, password) for email, (name, _role) in PEOPLE.items()}
        _staff(people["support@example.com"], people["admin@example.com"])
        seller = people["seller@example.com"]
        shop = _shop_of(seller)
        Membership.objects.get_or_create(user=people["agent@example.com"], mailbox=shop, defaults={"role": Role.AGENT})
        _buyer_mailbox_of(people["buyer@example.com"])
        if not Thread.objects.exists():
            _write_scenes()
            _fill_the_desk(people["buyer@example.com"], seller, shop)
        supporter = people["support@example.com"]
        if not Queue.objects.exists():
            set_up_support(supporter)
            open_demo_cases(seller, shop, supporter)


def _person(email: str, name: str, password: str) -> User:
    """Return a demo person with a verified address and the demo's password."""
    user = User.objects.filter(email=email).first() or User(email=email)
    if not user.has_usable_password() or not user.password:
        user.name, user.language = name, ""
        user.set_password(password)
        user.save()
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def _staff(supporter: User, administrator: User) -> None:
    """Let support look at everything and read threads for a reason, and make the administrator one."""
    from django.contrib.auth.models import Permission  # after the apps are loaded

    supporter.is_staff = administrator.is_staff = administrator.is_superuser = True
    supporter.save(update_fields=["is_staff"])
    administrator.save(update_fields=["is_staff", "is_superuser"])
    rooms = ["accounts", "orders", "threads", "notices", "attachments", "policy", "moderation", "support"]
    supporter.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=rooms, codename__startswith="view_")
        | Permission.objects.filter(
            codename__in=["disclose_thread", "disclose_attachment", "change_attachment", "moderate", "export_cases"]
        )
    )


def _shop_of(seller: User) -> Mailbox:
    """Return the seller's shop, which the sample file made; made here if the file named another owner."""
    membership = Membership.objects.filter(user=seller, mailbox__kind=Mailbox.Kind.SHOP).order_by("created_at").first()
    if membership:
        return membership.mailbox
    shop = Mailbox.objects.filter(kind=Mailbox.Kind.SHOP, name=SHOP_NAME).first()
    shop = shop or Mailbox.objects.create(kind=Mailbox.Kind.SHOP, name=SHOP_NAME)
    Membership.objects.create(user=seller, mailbox=shop, role=Role.OWNER)
    return shop


def _buyer_mailbox_of(buyer: User) -> None:
    """Give the demo buyer a mailbox unless the sample file did."""
    if not Membership.objects.filter(user=buyer, mailbox__kind=Mailbox.Kind.BUYER).exists():
        mailbox = Mailbox.objects.create(kind=Mailbox.Kind.BUYER, name="Bea K.")
        Membership.objects.create(user=buyer, mailbox=mailbox, role=Role.OWNER)


def _writer_of(mailbox: Mailbox) -> User | None:
    """Return the member who has been writing for a mailbox longest, or None when nobody may."""
    membership = mailbox.memberships.exclude(role=Role.VIEWER).select_related("user").order_by("created_at").first()
    return membership.user if membership else None


def _write_scenes() -> None:
    """Let every order's people talk: the demo buyer's orders in full, the others' once each."""
    orders = Order.objects.exclude(buyer=None).select_related("shop", "buyer").order_by("purchased_at", "number")
    for count, order in enumerate(orders):
        assert order.buyer is not None  # noqa: S101 (excluded above; for the type checker)
        scenes = SCENES[order.status]
        is_demo_buyer = order.buyer.memberships.filter(user__email="buyer@example.com").exists()
        for scene in scenes if is_demo_buyer else [scenes[count % len(scenes)]]:
            hours = 0 if is_demo_buyer else count * 7 % 400
            _play(scene, order.buyer, order.shop, order=order, extra_hours=hours, with_files=is_demo_buyer)
    demo_buyer = Mailbox.objects.filter(kind=Mailbox.Kind.BUYER, memberships__user__email="buyer@example.com").first()
    if demo_buyer:
        for scene, product in zip(INQUIRIES, Product.objects.select_related("shop").order_by("title"), strict=False):
            _play(scene, demo_buyer, product.shop, product=product)


def _play(
    scene: Scene,
    buyer: Mailbox,
    shop: Mailbox,
    *,
    order: Order | None = None,
    product: Product | None = None,
    extra_hours: float = 0,
    with_files: bool = False,
) -> None:
    """Post a scene's lines through the same actions as people do, then move its times into the past."""
    sides = {side: (mailbox, _writer_of(mailbox)) for side, mailbox in ((BUYER, buyer), ("shop", shop))}
    (first_side, first_line), *later = scene.lines
    mailbox, writer = sides[first_side]
    if writer is None or any(person is None for _mailbox, person in sides.values()):
        return
    topic = next((one for one in topics_for_order(mailbox, order) if one.key == scene.topic), None) if order else None
    if order is not None and topic is None:
        return
    if topic is not None:
        try:
            other = shop if first_side == BUYER else buyer
            may_open(mailbox=mailbox, other=other, topic=topic, order=order, product=None)
        except Refused:
            return  # the samples' dates are fixed: one day it is too late for a shop to write first
    thread = open_thread(
        by=writer,
        mailbox=mailbox,
        order=order,
        product=product,
        topic=scene.topic,
        subject=scene.subject,
        body=first_line,
        client_id=new_id(),
        attachment_ids=_send_up(scene, 0, writer, mailbox) if with_files else (),
    ).thread
    for number, (side, line) in enumerate(later, start=1):
        mailbox, writer = sides[side]
        assert writer is not None  # noqa: S101 (checked above; for the type checker)
        _read(writer, thread, mailbox)
        post_message(
            by=writer,
            mailbox=mailbox,
            thread=thread,
            body=line,
            client_id=new_id(),
            attachment_ids=_send_up(scene, number, writer, mailbox) if with_files else (),
        )
    if scene.closed:
        for mailbox, person in sides.values():
            assert person is not None  # noqa: S101
            _read(person, thread, mailbox)
        close_thread(by=writer, mailbox=mailbox, thread=thread)
    _age(thread, timedelta(hours=scene.hours_ago + extra_hours))


def _fill_the_desk(buyer: User, seller: User, shop: Mailbox) -> None:
    """Write what the policy stops, hides or holds; appeal against one decision and report one message."""
    entries = Entry.objects.visible_to(buyer).filter(other=shop, thread__state=Thread.State.OPEN)
    entries = entries.filter(thread__order__isnull=False).select_related("thread", "mailbox")
    for entry, (side, line) in zip(entries.order_by("pk"), STOPPED, strict=False):
        writer, mailbox = (seller, shop) if side == SHOP else (buyer, entry.mailbox)
        posted = post_message(by=writer, mailbox=mailbox, thread=entry.thread, body=line, client_id=new_id())
        if posted.decision and posted.decision.measure == "blocked":
            make_appeal(by=writer, decision=posted.decision, words=APPEAL)
    told = Message.objects.visible_to(buyer).filter(sender=shop).order_by("pk").first()
    if told is not None:
        mailbox = Mailbox.objects.visible_to(buyer).filter(entries__thread=told.thread_id)[0]
        make_report(by=buyer, mailbox=mailbox, message=told, reason=Report.Reason.SPAM, words=REPORT, good_faith=True)


def _send_up(scene: Scene, number: int, writer: User, mailbox: Mailbox) -> list[UUID]:
    """Upload the files of one line and return their ids; one that is not accepted is left out."""
    rows = [
        upload(by=writer, mailbox=mailbox, name=name, plain=demo_file(name)) for name in scene.files.get(number, ())
    ]
    return [row.pk for row in rows if row.state != Attachment.State.REFUSED]


def _read(reader: User, thread: Thread, mailbox: Mailbox) -> None:
    """Let someone read a thread to its end."""
    newest = thread.messages.order_by("-pk")[0]
    mark_read(by=reader, entry=Entry.objects.get(thread=thread, mailbox=mailbox), up_to=newest.pk)


def _age(thread: Thread, age: timedelta) -> None:
    """Move a thread's times into the past: its last message becomes ``age`` old, the others some hours older."""
    messages = list(thread.messages.order_by("pk"))
    last = timezone.now() - age
    for steps_back, message in enumerate(reversed(messages)):
        Message.objects.filter(pk=message.pk).update(sent_at=last - timedelta(hours=3, minutes=17) * steps_back)
    Thread.objects.filter(pk=thread.pk).update(
        last_message_at=last, created_at=last - timedelta(hours=3, minutes=17) * (len(messages) - 1)
    )
    entries = Entry.objects.filter(thread=thread)
    entries.update(last_message_at=last)
    entries.filter(last_sent_at__isnull=False).update(last_sent_at=F("last_sent_at") - age)
    entries.filter(needs_reply_since__isnull=False).update(needs_reply_since=F("needs_reply_since") - age)
