"""The cast: a buyer and a shop with its team, strangers on both sides, and staff."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker, Settings

from messagecenter.accounts.models import Mailbox, Role, User
from messagecenter.ids import new_id
from messagecenter.policy import versions
from messagecenter.policy.models import PolicyVersion
from messagecenter.threads.actions import open_thread, post_message
from messagecenter.threads.models import Message, Thread
from messagecenter.vault import alarms, keyring
from orders.models import Order
from tests.factories import MailboxFactory, MembershipFactory, OrderFactory, OrderItemFactory, UserFactory
from tests.processes import remove_templates
from tests.sink import Sink

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_configure() -> None:
    """Serve static files by their plain names: no collectstatic before a unit test."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    # A thread that has done its work gives its connection back, so that the test database can be removed at the end.
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def pytest_sessionfinish() -> None:
    """Remove the databases that the sites of all rooms were copied from."""
    remove_templates()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what does not use this run's own database: it need not run again for each engine."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") is None and not names & DATABASE_FIXTURES:
            item.add_marker(pytest.mark.no_database)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End what threads of this process still hold before PostgreSQL is asked to drop the test database.

    Servers' threads keep their connections for the next request, as they should.
    """
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Start each test with no opened key, alarm, count of tries, language or time zone left from another.

    A request's language stays with its thread until the next request, as Django's does.
    """
    cache.clear()
    translation.deactivate()
    timezone.deactivate()
    keyring.cache.clear()
    alarms.forget_unsaved()
    yield
    keyring.cache.clear()
    alarms.forget_unsaved()


@pytest.fixture
def buyer_mailbox(db: None) -> Mailbox:
    """Anna's mailbox."""
    return MailboxFactory(kind=Mailbox.Kind.BUYER, name="Anna M.", language="de")


@pytest.fixture
def buyer(buyer_mailbox: Mailbox) -> User:
    """Anna, who bought something."""
    user = UserFactory(email="anna@buyer.example", name="Anna Müller")
    MembershipFactory(user=user, mailbox=buyer_mailbox)
    return user


@pytest.fixture
def other_buyer(db: None) -> User:
    """A buyer who has nothing to do with it."""
    user = UserFactory(email="otto@buyer.example", name="Otto Fremd")
    MembershipFactory(user=user, mailbox=MailboxFactory(kind=Mailbox.Kind.BUYER, name="Otto F."))
    return user


@pytest.fixture
def shop(db: None) -> Mailbox:
    """The shop that sold it."""
    return MailboxFactory(name="Nordlicht Lampen")


@pytest.fixture
def seller(shop: Mailbox) -> User:
    """The shop's owner."""
    user = UserFactory(email="selma@shop.example", name="Selma Lampe")
    MembershipFactory(user=user, mailbox=shop, role=Role.OWNER)
    return user


@pytest.fixture
def agent(shop: Mailbox) -> User:
    """Someone who answers for the shop."""
    user = UserFactory(email="arno@shop.example", name="Arno Helfer")
    MembershipFactory(user=user, mailbox=shop, role=Role.AGENT)
    return user


@pytest.fixture
def viewer(shop: Mailbox) -> User:
    """Someone who only reads for the shop."""
    user = UserFactory(email="vera@shop.example", name="Vera Leserin")
    MembershipFactory(user=user, mailbox=shop, role=Role.VIEWER)
    return user


@pytest.fixture
def other_seller(db: None) -> User:
    """The owner of another shop."""
    user = UserFactory(email="berta@berg.example", name="Berta Berg")
    MembershipFactory(user=user, mailbox=MailboxFactory(name="Bergwerk Outdoor"))
    return user


def _with_second_factor(user: User) -> User:
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "A" * 32})
    return user


@pytest.fixture
def supporter(db: None) -> User:
    """Support staff without special rights."""
    return _with_second_factor(UserFactory(email="sven@marketplace.example", name="Sven Hilfe", is_staff=True))


@pytest.fixture
def admin(db: None) -> User:
    """The administrator."""
    return _with_second_factor(
        UserFactory(email="ada@marketplace.example", name="Ada Admin", is_staff=True, is_superuser=True)
    )


@pytest.fixture
def order(shop: Mailbox, buyer_mailbox: Mailbox) -> Order:
    """What Anna bought: one lamp, on its way."""
    row = OrderFactory(shop=shop, buyer=buyer_mailbox, number="302-1234567-7654321")
    OrderItemFactory(order=row)
    return row


@pytest.fixture
def thread(order: Order, buyer: User, seller: User, buyer_mailbox: Mailbox) -> Thread:
    """Anna's question about her order, not yet answered."""
    return open_thread(
        by=buyer,
        mailbox=buyer_mailbox,
        order=order,
        topic="where_is_it",
        subject="Zimtstern subject",
        body="Where is my Flügelhorn lamp?",
        client_id=new_id(),
    ).thread


@pytest.fixture
def answer(thread: Thread, seller: User, shop: Mailbox) -> Message:
    """The shop's answer."""
    return post_message(
        by=seller, mailbox=shop, thread=thread, body="It is on its way, Quittenbrot.", client_id=new_id()
    ).message


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """Return a browser in which the given person is signed in; staff with their second factor."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        if user.is_staff:
            session = client.session
            session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
            session["account_authentication_methods_user"] = str(user.pk)
            session.save()
        return client

    return sign_in


@pytest.fixture
def watchwords(db: None) -> PolicyVersion:
    """A policy in force with one made-up word for each action, so that tests of what follows need no detector."""
    words = (
        ("blockword", "marketing", 0.95),
        ("holdword", "marketing", 0.6),
        ("warnword", "marketing", 0.4),
        ("hideword", "payment_data", 0.95),
    )
    terms = [{"text": text, "category": category, "confidence": sure, "language": ""} for text, category, sure in words]
    content = versions.SHIPPED_CONTENT | {"lists": versions.SHIPPED_CONTENT["lists"] | {"terms": terms}}
    number = versions.current()[0].number + 1
    return PolicyVersion.objects.create(number=number, content=content, note="watchwords")


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    """A mail server, and settings that send there; a mail may take one second and a half."""
    with Sink() as server:
        settings.EMAIL_BACKEND = "messagecenter.mail.smtp.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 1
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.NOTICE_LEASE_SECONDS = 3
        yield server
