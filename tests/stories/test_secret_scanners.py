"""Secret scanners report tokens: signed reports revoke, forged ones do nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.testclient import TestClient

from doors.pages.visitors import PASSWORD, Visitor
from fixtures.accounts import calling, fact_names, inbox, made
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import access_token
from strata.app.serving import build_app
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.credentials.tokens.presented import recognising
from strata.credentials.tokens.values import fresh_value

REPORTS = "/api/credentials/scanned"
PLACE = "https://example.com/someone/public/blob/main/.env"


@dataclass(frozen=True)
class Scanner:
    """A scanner with a key, and the hub that it reports to."""

    web: TestClient
    key: ec.EllipticCurvePrivateKey
    name: str = "k1"

    def report(self, *values: str) -> int:
        findings = [{"token": value, "type": "hub", "url": PLACE} for value in values]
        return self.send(json.dumps(findings).encode())

    def send(self, body: bytes, *, signed: bytes | None = None, signature: str = "") -> int:
        """Send a report; `signed`: what the signature is over, when not the body."""
        mark = self.key.sign(body if signed is None else signed, ec.ECDSA(hashes.SHA256()))
        told = {
            "Github-Public-Key-Identifier": self.name,
            "Github-Public-Key-Signature": signature or base64.b64encode(mark).decode(),
        }
        return self.web.post(REPORTS, content=body, headers=told).status_code


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def keys_file(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    """Write the public key down as GitHub publishes its own."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    path = tmp_path / "scanners.json"
    path.write_text(
        json.dumps({"public_keys": [{"key_identifier": "k1", "key": pem, "is_current": True}]})
    )
    return path


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, keys_file: Path) -> Iterator[Hub]:
    settings = {"leaks.scanner_keys": str(keys_file)}
    built = build_test_hub(tmp_path / "data", clock=clock, **settings)
    yield built
    built.database.close()


@pytest.fixture
def scanner(hub: Hub, key: ec.EllipticCurvePrivateKey) -> Iterator[Scanner]:
    with TestClient(build_app(hub), base_url="http://hub.example.com") as web:
        yield Scanner(web, key)


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana", password=PASSWORD)


def works(hub: Hub, value: str) -> bool:
    with calling(hub) as call:
        return recognising.actor_for_token(call.db, hub, value) is not None


def test_what_a_scanner_found_opens_nothing_more(hub: Hub, ana: Actor, scanner: Scanner) -> None:
    found, kept = access_token(hub, ana), access_token(hub, ana)
    assert scanner.report(found, fresh_value(), "ghp_of-another-site") == 202
    assert (works(hub, found), works(hub, kept)) == (False, True)
    (letter,) = [one for one in inbox(hub, "ana@example.org") if "leaked" in one.subject]
    assert PLACE in letter.text
    assert fact_names(hub)[-1] == "token.revoke_leak"
    assert scanner.report(found) == 202  # said twice, told once
    assert len([one for one in inbox(hub, "ana@example.org") if "leaked" in one.subject]) == 1

    page = Visitor(hub)
    page.log_in("ana")
    shown = page.open("/settings/tokens").text
    assert "badge-danger" in shown.split("Leaked and revoked")[0].rpartition("<span")[2]
    assert f"Its value was found in {PLACE}" in shown


def test_nobody_else_has_tokens_revoked_here(hub: Hub, ana: Actor, scanner: Scanner) -> None:
    value = access_token(hub, ana)
    body = json.dumps([{"token": value}]).encode()
    other = replace(scanner, key=ec.generate_private_key(ec.SECP256R1()))
    assert other.send(body) == 403  # another key under the same name
    assert replace(scanner, name="k2").send(body) == 403  # a name that nobody told us
    assert scanner.send(body, signed=body + b" ") == 403  # changed on its way
    assert scanner.send(body, signature="AAAA") == 403
    assert scanner.send(body, signature="no base64!") == 403
    assert scanner.web.post(REPORTS, content=body).status_code == 403
    assert works(hub, value)
    assert "token.revoke_leak" not in fact_names(hub)


def test_what_is_no_report_is_told(scanner: Scanner) -> None:
    for body in (b"", b"{}", b'[{"type": "x"}]', b"[" * 2000):
        assert scanner.send(body) == 400
    assert scanner.report(*["x"] * 1001) == 400
    assert scanner.send(b" " * (1024 * 1024 + 1)) == 413


def test_without_keys_there_is_no_such_endpoint(tmp_path: Path, clock: FrozenClock) -> None:
    hub = build_test_hub(tmp_path / "other", clock=clock)
    with TestClient(build_app(hub)) as web:
        assert web.post(REPORTS, content=b"[]").status_code == 404
    hub.database.close()


def test_keys_that_cannot_be_read_open_nothing(scanner: Scanner, keys_file: Path) -> None:
    keys_file.write_text("not JSON")
    assert scanner.send(b"[]") == 403
