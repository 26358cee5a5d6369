"""Staff see state, size and owner of a file; its name and content only for a stated reason, which is logged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messagecenter.accounts.models import Mailbox, User
from messagecenter.attachments import actions, store
from messagecenter.attachments.models import UPLOAD, Attachment, AttachmentDisclosure
from messagecenter.ids import new_id
from messagecenter.vault.actions import destroy_keys
from tests.attachments import clamd
from tests.attachments.clamd import MARKER, Clamd

pytestmark = pytest.mark.django_db
NAME = "Quittenbrot Größe.txt"
PLAIN = b"Where is my Fluegelhorn lamp?\n"
REASON = "Case 4711: complaint about a file"
LIST = "/admin/attachments/attachment/"


@pytest.fixture
def upload(buyer: User, buyer_mailbox: Mailbox) -> Attachment:
    """Anna's file, not sent yet."""
    return actions.upload(by=buyer, mailbox=buyer_mailbox, name=NAME, plain=PLAIN)


@pytest.fixture
def staff(admin: User, signed_in: Callable[[User], Client]) -> Client:
    """The administrator's browser."""
    return signed_in(admin)


@pytest.fixture
def permitted(supporter: User, signed_in: Callable[[User], Client]) -> Callable[..., Client]:
    """Return the browser of support staff with these permissions only."""

    def sign_in(*names: str) -> Client:
        supporter.user_permissions.set(
            Permission.objects.filter(content_type__app_label="attachments", codename__in=names)
        )
        return signed_in(User.objects.get(pk=supporter.pk))

    return sign_in


@pytest.fixture
def daemon(settings: Any) -> Iterator[Clamd]:
    """A real virus scanner, the one that the settings name."""
    with clamd.running() as started:
        settings.CLAMAV_SOCKET, settings.CLAMAV_ADDRESS = str(started.socket), None
        yield started


def page_of(upload: Attachment, page: str = "change") -> str:
    """Return the address of one file's page."""
    return reverse(f"admin:attachments_attachment_{page}", args=[upload.pk])


def text_of(client: Client, address: str) -> str:
    """Return the words of a page that must be there."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def told_by(client: Client, address: str) -> list[str]:
    """Press a button; return what the next page says about it."""
    return [str(message) for message in client.post(address, follow=True).context["messages"]]


def opened(client: Client, upload: Attachment) -> tuple[str, str]:
    """State the reason; return the page's words and the address of the content."""
    page = client.post(page_of(upload, "open"), {"reason": REASON})
    assert page.status_code == 200
    words = page.content.decode()
    links = re.findall(rf'href="({re.escape(page_of(upload, "open"))}[^"]+)"', words)
    return words, links[0] if links else ""


def test_page_shows_state_size_checksum_and_owner_and_no_name(staff: Client, upload: Attachment, buyer: User) -> None:
    words = text_of(staff, page_of(upload))
    digest = hashlib.sha256(PLAIN).hexdigest()
    shown = [str(upload.pk), "ready", f"({len(PLAIN)})", digest, "txt", "Anna M.", buyer.email]
    assert [fact for fact in shown if fact not in words] == []
    assert "Quittenbrot" not in words
    assert upload.object_name not in words
    assert 'name="_save"' not in words
    assert not AttachmentDisclosure.objects.exists()


def test_list_opens_nothing_and_shows_no_name(staff: Client, upload: Attachment) -> None:
    Attachment.objects.update(details_ciphertext=b"not to be opened")
    words = text_of(staff, LIST)
    assert str(upload.pk) in words
    assert "Quittenbrot" not in words
    assert "damaged" not in words


def test_refused_file_says_why_without_its_name(staff: Client, buyer: User, buyer_mailbox: Mailbox) -> None:
    row = actions.upload(by=buyer, mailbox=buyer_mailbox, name="Quittenbrot.exe", plain=b"MZ")
    words = text_of(staff, page_of(row))
    assert f"{row.reason}: The file " in words
    assert "Quittenbrot" not in words
    assert hashlib.sha256(b"MZ").hexdigest() in words
    words, link = opened(staff, row)
    assert "Quittenbrot.exe" in words
    assert (link, "The content was not kept." in words) == ("", True)


def test_reason_without_its_facts_is_shown_as_a_code(staff: Client, upload: Attachment) -> None:
    Attachment.objects.update(state="refused", reason="too_large")
    assert "too_large" in text_of(staff, page_of(upload))


def test_file_is_found_by_its_id_its_mailbox_and_who_uploaded_it(staff: Client, upload: Attachment) -> None:
    found = []
    for word in (str(upload.pk), str(upload.mailbox_id), "Anna@buyer.example", str(new_id()), "anna", NAME, ""):
        found.append(len(staff.get(LIST, {"q": word}).context["cl"].result_list))
    assert found == [1, 1, 1, 0, 0, 0, 1]


def test_nothing_can_be_changed_by_hand(staff: Client, upload: Attachment) -> None:
    disclosure = AttachmentDisclosure.objects.create(
        attachment=upload, staff=User.objects.get(is_superuser=True), reason=REASON
    )
    for row, folder in ((upload, LIST), (disclosure, "/admin/attachments/attachmentdisclosure/")):
        pages = ("add/", f"{row.pk}/change/", f"{row.pk}/delete/")
        assert [staff.post(folder + page).status_code for page in pages] == [403, 403, 403]
    assert Attachment.objects.get() == upload
    assert AttachmentDisclosure.objects.get() == disclosure


def test_opening_asks_for_a_reason_and_logs_it_before_it_shows_the_name(
    staff: Client, admin: User, upload: Attachment
) -> None:
    assert "Quittenbrot" not in text_of(staff, page_of(upload, "open"))
    for reason in ("", "         ", "too short", "x" * 501):
        page = staff.post(page_of(upload, "open"), {"reason": reason})
        assert page.status_code == 200
        assert "Quittenbrot" not in page.content.decode()
    assert not AttachmentDisclosure.objects.exists()
    words, link = opened(staff, upload)
    assert NAME in words
    row = AttachmentDisclosure.objects.get()
    assert (row.attachment, row.staff, row.reason) == (upload, admin, REASON)
    assert link.endswith(f"/{row.pk}/")
    logged = text_of(staff, "/admin/attachments/attachmentdisclosure/")
    assert REASON in logged
    assert "Quittenbrot" not in logged


def test_content_comes_as_a_download_that_no_browser_runs_or_keeps(staff: Client, upload: Attachment) -> None:
    response = staff.get(opened(staff, upload)[1])
    assert response.status_code == 200
    assert response.getvalue() == PLAIN
    assert response["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''Quittenbrot%20Gr%C3%B6%C3%9Fe.txt" in response["Content-Disposition"]
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert {"private", "no-store"} <= set(re.split(r",\s*", response["Cache-Control"]))


def test_pages_are_never_kept(staff: Client, upload: Attachment) -> None:
    for page in (staff.get(page_of(upload, "open")), staff.post(page_of(upload, "open"), {"reason": REASON})):
        assert {"private", "no-store"} <= set(re.split(r",\s*", page["Cache-Control"]))


def test_content_needs_a_fresh_reason_of_ones_own_for_this_file(
    staff: Client, permitted: Callable[..., Client], upload: Attachment, buyer: User, buyer_mailbox: Mailbox
) -> None:
    asked = page_of(upload, "open")
    other = actions.upload(by=buyer, mailbox=buyer_mailbox, name="other.txt", plain=b"other")
    _words, link = opened(staff, upload)
    disclosure = AttachmentDisclosure.objects.get()
    colleague = permitted("view_attachment", "disclose_attachment")
    never = reverse("admin:attachments_attachment_download", args=[upload.pk, new_id()])
    foreign = reverse("admin:attachments_attachment_download", args=[other.pk, disclosure.pk])
    answers = [colleague.get(link), staff.get(never), staff.get(foreign)]
    AttachmentDisclosure.objects.update(read_at=timezone.now() - timedelta(minutes=11))
    answers.append(staff.get(link))
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, asked),
        (302, asked),
        (302, page_of(other, "open")),
        (302, asked),
    ]
    AttachmentDisclosure.objects.update(read_at=timezone.now() - timedelta(minutes=9))
    assert staff.get(link).status_code == 200


def test_staff_without_the_permission_cannot_open_a_file(
    permitted: Callable[..., Client], staff: Client, upload: Attachment
) -> None:
    _words, link = opened(staff, upload)
    looking = permitted("view_attachment", "change_attachment")
    assert text_of(looking, page_of(upload))
    assert looking.get(page_of(upload, "open")).status_code == 403
    assert looking.post(page_of(upload, "open"), {"reason": REASON}).status_code == 403
    assert looking.get(link).status_code == 403
    assert AttachmentDisclosure.objects.count() == 1


def test_staff_without_any_permission_see_nothing(permitted: Callable[..., Client], upload: Attachment) -> None:
    nobody = permitted()
    pages = (LIST, page_of(upload), page_of(upload, "open"), "/admin/attachments/attachmentdisclosure/")
    assert [nobody.get(page).status_code for page in pages] == [403] * 4
    assert nobody.post(page_of(upload, "rescan")).status_code == 403


@pytest.mark.parametrize("role", ["buyer", "seller", "agent", "other_buyer"])
def test_customers_reach_none_of_it(
    role: str, upload: Attachment, signed_in: Callable[[User], Client], request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(role))
    for page in (LIST, page_of(upload), page_of(upload, "open")):
        response = client.get(page)
        assert response.status_code in (302, 403, 404)
        assert b"Quittenbrot" not in response.content
    assert client.post(page_of(upload, "rescan")).status_code in (302, 403, 404)


def test_missing_file_is_not_found(staff: Client) -> None:
    missing = Attachment(pk=new_id())
    assert staff.get(page_of(missing, "open")).status_code == 404
    assert staff.post(page_of(missing, "rescan")).status_code == 404


def test_erased_file_says_so_everywhere_and_gives_nothing(staff: Client, upload: Attachment, admin: User) -> None:
    _words, link = opened(staff, upload)
    destroy_keys(purpose=UPLOAD, owner_id=upload.pk, by=admin)
    erased = "This message has been erased."
    assert erased in text_of(staff, page_of(upload))
    words, no_link = opened(staff, upload)
    assert (erased in words, no_link) == (True, "")
    assert staff.get(link)["Location"] == page_of(upload)


def test_missing_object_is_said_and_no_error_page(staff: Client, upload: Attachment) -> None:
    _words, link = opened(staff, upload)
    store.delete(upload.object_name)
    response = staff.get(link, follow=True)
    told = [str(message) for message in response.context["messages"]]
    assert told == ["The content cannot be read. The operator’s log says more."]


def test_file_that_did_not_pass_is_marked_before_it_is_opened(staff: Client, upload: Attachment) -> None:
    warning = "This file has not passed the checks."
    assert warning not in opened(staff, upload)[0]
    Attachment.objects.update(state="refused", reason="virus")
    words, link = opened(staff, upload)
    assert warning in words
    assert staff.get(link).getvalue() == PLAIN


def test_check_again_is_a_button_for_those_who_may(permitted: Callable[..., Client], upload: Attachment) -> None:
    address = page_of(upload, "rescan")
    assert address not in text_of(permitted("view_attachment", "disclose_attachment"), page_of(upload))
    assert permitted("view_attachment", "disclose_attachment").post(address).status_code == 403
    may = permitted("view_attachment", "change_attachment")
    assert address in text_of(may, page_of(upload))
    assert may.get(address).status_code == 405
    assert told_by(may, address) == ["The file was checked again and nothing was found."]


def test_checking_needs_the_forms_token(upload: Attachment, admin: User, signed_in: Callable[[User], Client]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(admin).cookies
    assert strict.post(page_of(upload, "rescan")).status_code == 403
    assert strict.post(page_of(upload, "open"), {"reason": REASON}).status_code == 403


@pytest.mark.services
def test_check_again_finds_what_is_known_only_now(
    staff: Client, buyer: User, buyer_mailbox: Mailbox, settings: Any, request: pytest.FixtureRequest
) -> None:
    infected = actions.upload(by=buyer, mailbox=buyer_mailbox, name="a.txt", plain=b"words " + MARKER)
    clean = actions.upload(by=buyer, mailbox=buyer_mailbox, name="b.txt", plain=PLAIN)
    daemon: Clamd = request.getfixturevalue("daemon")
    assert told_by(staff, page_of(infected, "rescan")) == ["The file was checked again and is now refused."]
    assert told_by(staff, page_of(clean, "rescan")) == ["The file was checked again and nothing was found."]
    assert "virus: The file was refused by the virus scanner." in text_of(staff, page_of(infected))
    daemon.kill()
    told = told_by(staff, page_of(clean, "rescan"))
    assert told == ["The file cannot be checked now. It is withheld and tried again."]
    states = dict(Attachment.objects.values_list("pk", "state"))
    assert states == {infected.pk: "refused", clean.pk: "checking"}


def test_what_was_not_kept_cannot_be_checked(staff: Client, upload: Attachment) -> None:
    Attachment.objects.update(state="expired", details_ciphertext=b"")
    assert page_of(upload, "rescan") not in text_of(staff, page_of(upload))
    assert told_by(staff, page_of(upload, "rescan")) == ["There is nothing left to check."]
    words, link = opened(staff, upload)
    assert ("(no name kept)" in words, link) == (True, "")


def test_pages_hold_no_script_or_style_of_their_own() -> None:
    folder = Path("templates/admin/attachments")
    templates = list(folder.rglob("*.html"))
    assert len(templates) == 2
    for template in templates:
        assert not re.search(r"<script|<style|\bstyle=|\bon[a-z]+=", template.read_text())
