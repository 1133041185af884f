"""A call by https: pinned to an address, and still only to whom the certificate names."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.certificates import self_signed
from fixtures.receivers import Receiver, receiving
from strata.lib.http.guard import Allowed, Guard
from strata.lib.http.outbound import Message, Outbound, Unreachable

GUARD = Guard(allowed=Allowed.parse(("127.0.0.1",)))
CALL = """
import sys
from strata.lib.http.guard import Allowed, Guard
from strata.lib.http.outbound import Message, Outbound, Unreachable
outbound = Outbound(Guard(allowed=Allowed.parse(("127.0.0.1",))), lambda host: ["127.0.0.1"])
for host in ("hooks.example", "other.example"):
    try:
        url = f"https://{host}:{sys.argv[1]}/"
        print(outbound.send(url, Message(b"{}", {}), within_s=5, keep=9).status)
    except Unreachable as why:
        print("certificate" in str(why).lower())
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = self_signed(tmp_path_factory.mktemp("tls"), "DNS:hooks.example")
    return made.chain, made.key


@pytest.fixture
def receiver(certificate: tuple[Path, Path]) -> Iterator[Receiver]:
    with receiving(certificate=certificate) as running:
        yield running


def test_a_certificate_that_nobody_vouches_for_is_refused(receiver: Receiver) -> None:
    outbound = Outbound(GUARD, lambda _host: ["127.0.0.1"])

    with pytest.raises(Unreachable, match="certificate"):
        outbound.send(
            f"https://hooks.example:{receiver.port}/", Message(b"{}", {}), within_s=5, keep=9
        )
    assert receiver.received == []


def test_the_name_is_checked_though_the_address_is_pinned(
    receiver: Receiver, certificate: tuple[Path, Path]
) -> None:
    trusting = {"SSL_CERT_FILE": str(certificate[0]), "PYTHONPATH": ":".join(sys.path)}
    said = subprocess.run(
        [sys.executable, "-c", CALL, str(receiver.port)],
        env=trusting,
        check=True,
        text=True,
        capture_output=True,
    ).stdout.split()

    assert said == ["200", "True"]
    assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"
