"""Mails handed over encrypted: to the very server that its certificate names, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from fixtures.certificates import Certificate, self_signed
from fixtures.postboxes import Postbox, post_office
from strata.lib.mail.message import Message
from strata.lib.mail.sending import MailRefused, Stage, send

SENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HELLO = Message(to="bob@example.org", subject="Hello", text="Hi Bob.\n")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


@pytest.fixture(params=["smtps", "starttls"])
def way(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@contextmanager
def encrypting(box: Postbox, way: str, certificate: Certificate) -> Iterator[str]:
    """Run a server; the URL of its settings."""
    context = certificate.for_server()
    smtps, starttls = (context, None) if way == "smtps" else (None, context)
    scheme = "smtps" if way == "smtps" else "smtp"
    more = "" if way == "smtps" else "&starttls=required"
    with post_office(box, smtps=smtps, starttls=starttls) as place:
        yield f"{scheme}://{place}?from=a@b.org{more}"


def trust(monkeypatch: pytest.MonkeyPatch, certificate: Certificate) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))


def test_a_server_that_somebody_vouches_for_takes_the_mail(
    monkeypatch: pytest.MonkeyPatch, certificate: Certificate, way: str
) -> None:
    trust(monkeypatch, certificate)
    box, said = Postbox(), dict[Stage, str]()
    with encrypting(box, way, certificate) as url:
        send(url, HELLO, sent=SENT, watch=said.__setitem__)
    assert len(box.taken) == 1
    assert said[Stage.TLS] == "encrypted"


def test_a_server_that_nobody_vouches_for_gets_nothing(certificate: Certificate, way: str) -> None:
    box = Postbox()
    with (
        encrypting(box, way, certificate) as url,
        pytest.raises(MailRefused, match="certificate is not valid") as refused,
    ):
        send(url, HELLO, sent=SENT)
    assert not refused.value.permanent
    assert box.taken == []


def test_a_certificate_of_another_server_is_none_of_this_one(
    monkeypatch: pytest.MonkeyPatch, certificate: Certificate, way: str
) -> None:
    trust(monkeypatch, certificate)
    box = Postbox()
    with (
        encrypting(box, way, certificate) as url,
        pytest.raises(MailRefused, match="certificate is not valid"),
    ):
        send(url.replace("127.0.0.1", "localhost"), HELLO, sent=SENT)
    assert box.taken == []
