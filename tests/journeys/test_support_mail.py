"""A case carried on by mail alone: its seller answers each letter from a mail program, and nobody else gets in."""

from __future__ import annotations

import html
import re
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from tests.attachments.conftest import photo
from tests.attachments.pdf_files import document, saved
from tests.inbound.listening import start
from tests.inbound.post import DOMAIN, SERVER, written
from tests.journeys.conftest import Person
from tests.journeys.test_support import DESK, OPEN_ANOTHER, PHONE, SET_UP, faults, staff
from tests.processes import Stack, engines
from tests.sink import Mail, wait_for

pytestmark = pytest.mark.services

ADD_SELLER = (
    "from messagecenter.ids import new_id\n"
    "from tests.factories import MembershipFactory, UserFactory\n"
    "print(MembershipFactory(user=UserFactory(email=f'{new_id()}@shop.example', name='Selma Nord')).user.email)\n"
)
#: Each of them is in a text, a subject or the name of a file; no mail of the site may have it.
WORDS = ("Zimtstern", "Kardamom", "Anis", "Muskat", "Safran", "Koriander")
SLOW = 60_000  # ms until a mail has come in, was worked off and is shown


@pytest.fixture(scope="module", params=engines())
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A site with support that takes mail in behind a server that says who sent it."""
    more = {"STAFF_SECOND_FACTOR": "off", "INBOUND_DOMAIN": DOMAIN, "INBOUND_AUTHSERV_ID": SERVER}
    with Stack(request.param, tmp_path_factory.mktemp("support"), environment=more) as stack:
        stack.python(SET_UP)
        yield stack


@pytest.fixture(scope="module")
def port(site: Stack) -> int:
    """Where the site's ``receive_mail`` listens."""
    return start(site)[1]


@dataclass(frozen=True)
class File:
    """What is attached to a mail: its name, its content, its kind as the mail says it."""

    name: str
    content: bytes
    kind: str


def letters(site: Stack, email: str, count: int) -> list[Mail]:
    """Return what the site has sent to somebody, once there are so many."""
    return list(wait_for(lambda: len(site.sink.to(email)) >= count and site.sink.to(email), f"no mail {count}", 90))


def reply_to(mail: Mail) -> str:
    """Return where an answer to a letter goes."""
    [address] = mail.message["Reply-To"].addresses
    return str(address.addr_spec)


def from_desktop(said: str, asked: Mail) -> tuple[str, str]:
    """Return an answer as Thunderbird writes it, in text and in HTML: signature and quote below."""
    line = "On 23/11/2026 10:02, Marketplace support (Message Center) wrote:"
    quoted = "\n".join(f"> {one}".rstrip() for one in asked.text.splitlines())
    text = f"{said}\n\n-- \nSelma Nord\nNordlicht Lampen GmbH\nTel. +49 30 5550123\n\n{line}\n{quoted}\n"
    rich = (
        f"<html><head><meta charset='utf-8'></head><body><p>{html.escape(said)}</p>"
        "<pre class='moz-signature'>-- \nSelma Nord\nNordlicht Lampen GmbH\nTel. +49 30 5550123</pre>"
        f"<div class='moz-cite-prefix'>{line}<br></div>"
        f"<blockquote type='cite' cite='mid:{asked.message_id.strip('<>')}'>{asked.html}</blockquote></body></html>"
    )
    return text, rich


def from_phone(said: str, asked: Mail) -> tuple[str, str]:
    """Return an answer as an iPhone writes it, in text and in HTML."""
    line = "On 23. Nov 2026, at 10:02, Marketplace support (Message Center) <no-reply@localhost> wrote:"
    quoted = "\n".join(f"> {one}".rstrip() for one in asked.text.splitlines())
    text = f"{said}\n\nSent from my iPhone\n\n> {line}\n> \n{quoted}\n"
    rich = (
        "<html><head><meta http-equiv='content-type' content='text/html; charset=utf-8'></head>"
        f"<body dir='auto'>{html.escape(said)}<br id='lineBreakAtBeginningOfSignature'>"
        f"<div dir='ltr'>Sent from my iPhone</div><div dir='ltr'><br><blockquote type='cite'>{html.escape(line)}"
        f"<br><br></blockquote></div><blockquote type='cite'><div dir='ltr'>{asked.html}</div></blockquote>"
        "</body></html>"
    )
    return text, rich


def answer_to(asked: Mail, sender: str, parts: tuple[str, str], file: File) -> bytes:
    """Return an answer to a letter as it leaves a mail program and comes from the operator's server."""
    domain = sender.rpartition("@")[2]
    mail = EmailMessage()
    mail["Authentication-Results"] = f"{SERVER}; dmarc=pass header.from={domain}"
    mail["From"], mail["To"] = f"Selma Nord <{sender}>", reply_to(asked)
    mail["Subject"], mail["Date"] = f"Re: {asked.message['Subject']}", format_datetime(timezone.now())
    mail["Message-ID"], mail["In-Reply-To"] = make_msgid(domain=domain), asked.message_id
    mail["References"] = f"{asked.message['References'] or ''} {asked.message_id}".strip()
    text, rich = parts
    mail.set_content(text)
    mail.add_alternative(rich, subtype="html")
    mail.add_attachment(file.content, *file.kind.split("/"), filename=file.name)
    return mail.as_bytes()


def post(port: int, raw: bytes, sender: str, to: str) -> None:
    """Hand a mail to the site's listener, its lines ended as SMTP wants them."""
    raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail(sender, [to], raw)


def came(site: Stack, since: set[object], columns: str = "state, reason") -> list[tuple[object, ...]]:
    """Return what became of each mail brought since those with these keys, oldest first."""
    rows = site.sql(f"select id, {columns} from inbound_rawmail order by id")
    return [tuple(rest) for key, *rest in rows if key not in since]


def mails_known(site: Stack) -> set[object]:
    """Return the keys of the mails brought so far."""
    return {key for (key,) in site.sql("select id from inbound_rawmail")}


def said_in(mail: Mail) -> str:
    """Return all that anybody could read in a mail, encoded or not."""
    return "\n".join([mail.raw.decode(), *map(str, mail.message.values()), mail.text, mail.html])


def assert_says_nothing(site: Stack) -> None:
    """Look for words of the conversations in all mails the site has sent."""
    for mail in site.sink.transmitted:
        assert [word for word in WORDS if word in said_in(mail)] == [], mail.message["Subject"]


def open_case(person: Person) -> str:
    """Open a case in the browser; return its number."""
    page = person.page
    page.goto("/support/new/")
    page.get_by_role("link", name="A payout is missing, late or wrong").click()
    page.get_by_label("Subject").fill("Zimtstern payout of October")
    page.get_by_label("Description").fill("Kardamom has not come since Monday.")
    page.get_by_role("button", name="Send to support").click()
    expect(page).to_have_url(re.compile(r"/support/[0-9A-Z]{8}/"))
    return page.url.partition("/support/")[2][:8]


def download(page: Page, link: Locator) -> bytes:
    """Return what a link on a page gives to who is signed in there."""
    answer = page.request.get(str(link.get_attribute("href")))
    assert answer.status == 200
    return answer.body()


def test_each_answer_by_mail_is_in_the_case_at_once_with_its_file(browser: Browser, site: Stack, port: int) -> None:
    email, known = site.python(ADD_SELLER).splitlines()[-1], mails_known(site)
    seller = Person(browser, site, **DESK)
    seller.sign_in(email)
    number = open_case(seller)
    seller.context.close()  # from now on there are only mails
    told = f"{number[:4]}-{number[4:]}"
    [confirmed] = letters(site, email, 1)
    assert confirmed.message["Subject"].startswith(f"Case {told}")
    assert "or to this e-mail, with files if you like" in " ".join(confirmed.text.split())

    helper = staff(browser, site)
    page = helper.page
    page.goto(f"/admin/support/desk/{number}/")
    messages, facts = page.locator("#messages .support-message"), page.locator("#case-facts")
    expect(messages).to_have_count(1)
    page.evaluate("window.isTheSamePage = true")
    statement = File("Muskat.pdf", saved(document("Payouts of October")), "application/pdf")
    first = answer_to(confirmed, email, from_desktop("Anis: here is the statement.", confirmed), statement)
    post(port, first, email, reply_to(confirmed))
    # Support sees it without doing anything: what was written now, without what was quoted and signed.
    expect(messages).to_have_count(2, timeout=SLOW)
    expect(messages.nth(1).locator(".support-text")).to_have_text("Anis: here is the statement.")
    link = messages.nth(1).get_by_role("link", name="Muskat.pdf", exact=True)
    expect(link).to_be_visible(timeout=SLOW)
    assert download(page, link).startswith(b"%PDF")

    page.fill("#id_body", "Safran is there. Please send us a picture of the letter from your bank.")
    page.select_option("#id_there", "waiting")
    page.get_by_role("button", name="Answer and set status").click()
    expect(messages).to_have_count(3)
    expect(facts).to_contain_text("Waiting for the seller")
    [_confirmed, asked] = letters(site, email, 2)
    assert told in str(asked.message["Subject"])
    picture = File("Koriander.jpg", photo(), "image/jpeg")
    second = answer_to(asked, email, from_phone("Here it is, as a picture.", asked), picture)
    post(port, second, email, reply_to(asked))
    expect(messages).to_have_count(4, timeout=SLOW)
    expect(messages.nth(3).locator(".support-text")).to_have_text("Here it is, as a picture.")
    expect(messages.nth(3).get_by_role("link", name="Koriander.jpg", exact=True)).to_be_visible(timeout=SLOW)
    expect(messages.nth(3).locator("img")).to_be_visible()
    expect(facts).to_contain_text("In progress")
    expect(facts).not_to_contain_text("nothing is owed")
    assert page.evaluate("window.isTheSamePage")

    # A relay on the way was not sure and brings both again.
    for raw, letter in ((first, confirmed), (second, asked)):
        post(port, b"Received: from relay.example by mx.marketplace.example\n" + raw, email, reply_to(letter))
    assert came(site, known, "state, copies") == [("posted", 2), ("posted", 2)]
    page.reload()
    expect(messages).to_have_count(4)

    seller = Person(browser, site, **PHONE)
    seller.sign_in(email)
    seller.page.goto(f"/support/{number}/")
    bodies = seller.page.locator("#messages .message-body")
    expect(bodies).to_have_text(
        [
            "Kardamom has not come since Monday.",
            "Anis: here is the statement.",
            "Safran is there. Please send us a picture of the letter from your bank.",
            "Here it is, as a picture.",
        ]
    )
    expect(seller.page.locator("#messages .file-title")).to_have_text(["Muskat.pdf"])
    expect(seller.page.locator("#messages .picture-link")).to_have_count(1)
    expect(seller.page.locator("#messages .picture-link")).to_have_attribute("data-name", "Koriander.jpg")
    expect(seller.page.locator(".case-facts")).to_contain_text("In progress")
    assert faults(seller.page) == []
    assert [mail.message["Subject"] for mail in site.sink.to(email)] == [
        one.message["Subject"] for one in (confirmed, asked)
    ]
    assert_says_nothing(site)
    assert seller.complaints + helper.complaints == []


def test_what_others_send_to_the_same_address_gets_nowhere(browser: Browser, site: Stack, port: int) -> None:
    (email, number), (stranger, _other) = (site.python(OPEN_ANOTHER).splitlines()[-1].split() for _one in range(2))
    [confirmed] = letters(site, email, 1)
    letters(site, stranger, 1)
    address = reply_to(confirmed)
    helper = staff(browser, site)
    messages = helper.page.locator("#messages .support-message")
    helper.page.goto(f"/admin/support/desk/{number}/")
    expect(messages).to_have_count(1)

    known = mails_known(site)
    kept = site.sql("select count(*) from attachments_attachment")
    file = [("Anis.jpg", photo(), "image/jpeg")]
    claimed = f"Authentication-Results: {SERVER}; dmarc=pass header.from=shop.example\n".encode()
    forged = written(email, address, "Pay to another account.", files=file, verified="dmarc=fail")
    top, _, rest = forged.partition(b"\n")
    guessed = ("b" if address[6] == "a" else "a").join((address[:6], address[7:]))
    mails = (
        # Another seller, who really is one.
        ("refused", "other_sender", address, written(stranger, address, "Let me in.", files=file)),
        # Somebody under the seller's name, who says about themselves what only the operator's server may say.
        ("refused", "not_authentic", address, top + b"\n" + claimed + rest),
        # The same without a word of the server.
        ("refused", "not_authentic", address, written(email, address, "Please.", files=file, verified=None)),
        # To an address that nobody was given.
        ("ignored", "unknown_address", guessed, written(stranger, guessed, "Hello?", files=file)),
    )
    for _state, _reason, to, raw in mails:
        post(port, raw, stranger, to)
    expected = [(state, reason) for state, reason, _to, _raw in mails]
    wait_for(lambda: came(site, known) == expected, "the mails of strangers were not refused", 60)
    assert site.sql("select count(*) from attachments_attachment") == kept

    post(port, written(email, address, "It is really me.", subject="Re: Case"), email, address)
    expect(messages).to_have_count(2, timeout=SLOW)
    expect(messages.nth(1).locator(".support-text")).to_have_text("It is really me.")
    helper.page.reload()
    expect(messages).to_have_count(2)
    # Nobody who was refused is told so: a forged mail makes the site write to nobody.
    assert (len(site.sink.to(email)), len(site.sink.to(stranger))) == (1, 1)
    assert_says_nothing(site)
    assert helper.complaints == []
