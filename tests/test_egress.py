"""The guarded door to addresses people name: what it refuses, which address it takes, how long it waits."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from messagecenter import egress
from messagecenter.mail.errors import Refused, TryAgain, Uncertain
from tests.receiver import Receiver, took

Resolver = Callable[..., list[Any]]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A server that the operator allows."""
    with Receiver() as server:
        settings.EGRESS_ALLOW = [server.host_and_port]
        yield server


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, list[str]]], list[str]]:
    """Let names stand for addresses, as the system's resolver would say; return the list of what it was asked."""

    def install(names: dict[str, list[str]]) -> list[str]:
        asked: list[str] = []

        def look_up(host: str, port: int, *_: object, **__: object) -> list[Any]:
            asked.append(host)
            if host not in names:
                raise socket.gaierror(socket.EAI_NONAME, "unknown")
            family = {4: socket.AF_INET, 6: socket.AF_INET6}
            return [
                (family[ipaddress.ip_address(one).version], socket.SOCK_STREAM, 6, "", (one, port))
                for one in names[host]
            ]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return install


def post(url: str, **more: Any) -> egress.Answer:
    return egress.post(url, b"{}", {"Content-Type": "application/json"}, **more)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "//hooks.example.org/",
        "https://user:word@hooks.example.org/",
        "https://hooks.example.org@127.0.0.1/",
        "https://hooks.example.org\\@127.0.0.1/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX-Evil: yes",
        "https://hooks.\texample.org/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:99999/",
        "https://hooks..example.org/",
        "https://ⓛocalhost/",
        "https://127。0。0。1/",
        "https://localhost/",
        "https://localhost./",
        "https://LOCALHOST:8443/",
        "https://a.localhost/",
        "https://redis/",
        "https://redis:6379/",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://printer.local/",
        "https://nas.home.arpa/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://0/",
        "https://0.0.0.0/",
        "https://10.0.0.7/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://100.100.100.200/",
        "https://192.0.0.192/",
        "https://192.0.2.1/",
        "https://192.88.99.1/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[::]/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::808:808]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001::1]/",
        "https://[2001:db8::1]/",
        "https://[3fff::1]/",
        "https://[fc00::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://hooks.example.org/" + "x" * 2000,
    ],
)
def test_an_address_that_is_not_public_is_refused_without_asking_anybody(
    url: str, resolver: Callable[..., list[str]]
) -> None:
    asked = resolver({})
    with pytest.raises(Refused) as refused:
        post(url)
    assert asked == []
    assert "hooks" not in refused.value.reason


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://hooks.example.org", "https://hooks.example.org", "/"),
        ("https://Hooks.Example.org.:443/a/b?c=d#e", "https://hooks.example.org", "/a/b?c=d"),
        ("https://hooks.example.org:8443/", "https://hooks.example.org:8443", "/"),
        ("https://xn--bcher-kva.example.org/", "https://xn--bcher-kva.example.org", "/"),
        ("https://8.8.8.8/", "https://8.8.8.8", "/"),
        ("https://[2606:4700::1111]:8443/", "https://[2606:4700::1111]:8443", "/"),
    ],
)
def test_a_public_address_is_taken_apart(url: str, origin: str, path: str) -> None:
    target = egress.target_of(url)
    assert (target.origin, target.path) == (origin, path)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["fe80::1"],
        ["8.8.8.8", "127.0.0.1"],
    ],
)
def test_a_public_name_for_a_private_address_is_refused(
    addresses: list[str], resolver: Callable[..., list[str]], settings: Settings
) -> None:
    """Even when one of several is public: whoever mixes them tries something."""
    asked = resolver({"hooks.example.org": addresses})
    with pytest.raises(Refused, match="not public"):
        post("https://hooks.example.org/")
    assert asked == ["hooks.example.org"]


def test_the_checked_address_is_the_one_connected_to(
    receiver: Receiver, resolver: Callable[..., list[str]], settings: Settings
) -> None:
    """The name is asked for once; what it would say the second time leads nowhere."""
    names = {"hooks.example.org": ["127.0.0.1"]}
    asked = resolver(names)
    settings.EGRESS_ALLOW = [f"hooks.example.org:{receiver.port}"]
    assert post(f"http://hooks.example.org:{receiver.port}/").status == 200
    assert asked == ["hooks.example.org"]
    assert receiver.posted[0].headers["host"] == f"hooks.example.org:{receiver.port}"


def test_an_unknown_name_may_be_known_later(resolver: Callable[..., list[str]]) -> None:
    resolver({})
    with pytest.raises(TryAgain, match="not found"):
        post("https://hooks.example.org/")


def test_a_request_arrives_whole_and_says_little_about_us(receiver: Receiver) -> None:
    answer = egress.post(receiver.url, b"x" * 100_000, {"TTL": "60"})
    assert answer.status == 200
    assert 0 <= answer.milliseconds < 5000
    posted = receiver.posted[0]
    assert (posted.path, posted.body) == ("/hook?from=shop", b"x" * 100_000)
    assert posted.headers == {
        "host": receiver.host_and_port,
        "user-agent": "MessageCenter/1",
        "accept": "*/*",
        "accept-encoding": "identity",
        "ttl": "60",
        "content-length": "100000",
        "connection": "close",
    }


@pytest.mark.parametrize("status", [201, 204, 404, 410, 429, 500, 503])
def test_every_status_is_an_answer(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.answer = status, b""
    assert post(receiver.url).status == status


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status = 307
    receiver.answer_headers = {"Location": f"http://127.0.0.1:{receiver.port}/private"}
    assert post(receiver.url).status == 307
    assert [one.path for one in receiver.posted] == ["/hook?from=shop"]


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert post(receiver.url).status == 200


def test_an_allowed_port_allows_no_other(receiver: Receiver, settings: Settings) -> None:
    settings.EGRESS_ALLOW = ["127.0.0.1:9"]
    with pytest.raises(Refused):
        post(receiver.url)
    assert receiver.posted == []


def test_a_header_cannot_end_its_line(receiver: Receiver) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        egress.post(receiver.url, b"", {"Topic": "a\r\nX-Evil: yes"})
    assert receiver.posted == []


# --- Time and size ---------------------------------------------------------------------------------------------------


def test_a_head_that_drips_ends_at_the_deadline_and_is_uncertain(receiver: Receiver) -> None:
    """Each read succeeds in time; only the sum does not."""
    receiver.instead = receiver.drip([b"HTTP/1.1 200 OK\r\n", *itertools.repeat(b"X-Slow: yes\r\n", 90)])

    def ask() -> None:
        with pytest.raises(Uncertain, match="no answer within"):
            post(receiver.url, seconds=0.6)

    assert 0.5 < took(ask) < 2


def test_a_body_that_drips_ends_at_the_deadline_and_changes_nothing(receiver: Receiver) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    receiver.instead = receiver.drip([head, *itertools.repeat(b"x", 100)])
    answers: list[egress.Answer] = []
    assert took(lambda: answers.append(post(receiver.url, seconds=0.6))) < 2
    assert answers[0].status == 200


def test_an_endless_body_is_not_read(receiver: Receiver) -> None:
    sent: list[int] = []

    def flood(handler: Any) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            for _ in range(2000):
                sent.append(handler.connection.send(b"x" * 65536))
        except OSError:
            pass

    receiver.instead = flood
    assert took(lambda: post(receiver.url)) < 5
    assert sum(sent) < 50 * 1024 * 1024


def test_a_silent_server_is_uncertain(receiver: Receiver) -> None:
    receiver.instead = lambda handler: receiver.closing.wait(5)
    with pytest.raises(Uncertain, match="no answer within"):
        post(receiver.url, seconds=0.3)


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-hello\r\n", b"HTTP/1.1 999 What\r\n\r\n", b"HTTP/1.1 103 Early\r\n\r\n"]
)
def test_an_answer_that_is_none_is_uncertain(receiver: Receiver, said: bytes) -> None:
    receiver.instead = receiver.drip([said], every=0.01)
    with pytest.raises(Uncertain):
        post(receiver.url)


def test_a_resolver_that_hangs_counts_into_the_deadline(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: receiver.closing.wait(5) and [])

    def ask() -> None:
        with pytest.raises(TryAgain, match="no connection within"):
            post("https://hooks.example.org/", seconds=0.3)

    assert took(ask) < 2


def test_nobody_listening_is_tried_again(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.EGRESS_ALLOW = [f"127.0.0.1:{port}"]
    with pytest.raises(TryAgain, match="ConnectionRefusedError"):
        post(f"http://127.0.0.1:{port}/")


# --- TLS -------------------------------------------------------------------------------------------------------------


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Return a certificate for a name that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


@pytest.mark.parametrize(("host", "is_trusted"), [("hooks.example.org", True), ("other.example.org", False)])
def test_the_name_in_the_certificate_is_verified(
    host: str,
    is_trusted: bool,
    tmp_path: Path,
    settings: Settings,
    resolver: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate, key = _certificate(tmp_path, "hooks.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    resolver({host: ["127.0.0.1"]})
    with Receiver() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        settings.EGRESS_ALLOW = [f"{host}:{server.port}"]
        url = f"https://{host}:{server.port}/"
        if is_trusted:
            assert post(url).status == 200
            return
        with pytest.raises(TryAgain, match="certificate is not valid"):
            post(url)
        assert server.posted == []
