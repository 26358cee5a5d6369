"""Who may say that a mail is from somebody: our own server on top, or the domain's own signature. Nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from messagecenter.inbound.authentication import AskAgain, Result, is_authentic, results_of
from tests.inbound.post import SERVER, Names, written

ANNA = "anna@buyer.example"
TO = "reply+x@in.marketplace.example"


def under(field: str) -> bytes:
    """Return Anna's mail with this on top."""
    return f"Authentication-Results: {field}\n".encode() + written(ANNA, TO, "Hello", verified=None)


@pytest.mark.parametrize(
    ("field", "authentic"),
    [
        (f"{SERVER}; dmarc=pass (p=reject) header.from=buyer.example", True),
        (f"{SERVER}; spf=fail smtp.mailfrom=x.example; dmarc=pass header.from=buyer.example", True),
        (f"{SERVER}; dkim=pass header.d=mail.buyer.example header.s=s1", True),
        (f"{SERVER}; spf=pass smtp.mailfrom=anna@buyer.example; dkim=none", True),
        (f'{SERVER} 1; dkim=pass reason="fine; really" header.d=buyer.example', True),
        (f"{SERVER}; dmarc=pass header.from=evil.example", False),
        (f"{SERVER}; dmarc=fail header.from=buyer.example; dkim=pass header.d=buyer.example", False),
        (f"{SERVER}; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example", False),
        (f"{SERVER}; dkim=fail header.d=buyer.example; spf=softfail smtp.mailfrom=buyer.example", False),
        (f"{SERVER}; spf=pass smtp.helo=buyer.example", False),
        (f"{SERVER}; none", False),
        (f"(dmarc=pass header.from=buyer.example) {SERVER}; dmarc=none", False),
        (f'{SERVER}; spf=fail smtp.mailfrom="x; dmarc=pass header.from=buyer.example"', False),
        (f"{SERVER}; spf=fail (; dmarc=pass header.from=buyer.example) smtp.mailfrom=x.example", False),
        (f"{SERVER}; spf=fail (never ends; dmarc=pass header.from=buyer.example", False),
        ("mx.evil.example; dmarc=pass header.from=buyer.example", False),
        (f"{SERVER}.evil.example; dmarc=pass header.from=buyer.example", False),
        ("", False),
    ],
)
def test_the_operators_server_is_believed_as_far_as_it_speaks_of_the_sender(
    door: None, field: str, authentic: bool
) -> None:
    assert is_authentic(under(field), "buyer.example") is authentic


def test_only_the_topmost_field_counts(door: None) -> None:
    forged = f"{SERVER}; dmarc=pass header.from=buyer.example"
    honest = f"Authentication-Results: {SERVER}; dmarc=fail header.from=buyer.example\n".encode()
    assert is_authentic(under(forged), "buyer.example")
    assert not is_authentic(honest + under(forged), "buyer.example")
    assert not is_authentic(b"Authentication-Results: mx.other.example; dmarc=pass\n" + under(forged), "buyer.example")


def test_a_domain_under_a_public_suffix_is_not_its_neighbour(door: None) -> None:
    assert not is_authentic(under(f"{SERVER}; dkim=pass header.d=evil.co.uk"), "shop.co.uk")
    assert is_authentic(under(f"{SERVER}; dkim=pass header.d=mail.shop.co.uk"), "shop.co.uk")


def test_a_field_is_read_as_the_standard_writes_it() -> None:
    assert results_of("a.example 1; DKIM/1=Pass (ok) reason=x header.D=B.example;\n spf=none") == (
        "a.example",
        [Result("dkim", "pass", {"reason": "x", "header.d": "b.example"}), Result("spf", "none", {})],
    )


@pytest.fixture
def names(settings: Settings) -> Iterator[Names]:
    """Without a server of ours that tells: the domain of Anna's mail signs it, and publishes its key."""
    with Names("buyer.example") as server:
        settings.INBOUND_AUTHSERV_ID, settings.INBOUND_DNS = "", server.address
        yield server


@pytest.fixture
def letter() -> bytes:
    """Anna's mail, as nobody has signed it yet."""
    return written(ANNA, TO, "Hello there", verified="dmarc=pass")


def test_a_signature_of_the_senders_domain_is_enough(names: Names, letter: bytes) -> None:
    assert is_authentic(names.signed(letter), "buyer.example")


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"Hello", b"Hallo"), (b"From: anna", b"From: otto"), (b"d=buyer.example", b"d=seller.example")],
)
def test_what_was_changed_after_signing_is_nobodys(names: Names, letter: bytes, before: bytes, after: bytes) -> None:
    signed = names.signed(letter)
    assert before in signed
    assert not is_authentic(signed.replace(before, after, 1), "buyer.example")


def test_an_unsigned_mail_is_nobodys_whatever_it_says_of_itself(names: Names, letter: bytes) -> None:
    assert not is_authentic(letter, "buyer.example")


def test_another_domains_signature_says_nothing(names: Names, letter: bytes) -> None:
    assert not is_authentic(names.signed(letter), "shop.example")


def test_a_signature_over_half_the_text_does_not_count(names: Names, letter: bytes) -> None:
    signed = names.signed(letter, length=True)
    assert b"l=" in signed
    assert not is_authentic(signed, "buyer.example")


def test_a_second_sender_beside_the_signed_one_does_not_count(names: Names, letter: bytes) -> None:
    assert not is_authentic(b"From: mallory@evil.example\r\n" + names.signed(letter), "buyer.example")


def test_without_an_answer_of_the_name_server_nothing_is_said(
    names: Names, letter: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messagecenter.inbound.authentication.DNS_SECONDS", 0.3)
    signed = names.signed(letter)
    names.silent = True
    with pytest.raises(AskAgain):
        is_authentic(signed, "buyer.example")


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n", b" folded: nothing\n", b"From\xff: x\n", b"DKIM-Signature: v=1;;=;d\n\n"]
)
def test_what_is_no_mail_is_nobodys(names: Names, raw: bytes) -> None:
    assert not is_authentic(raw, "buyer.example")
