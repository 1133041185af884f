"""OpenPGP keys and signatures, made by GnuPG."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.keys import GpgHome, gpg_home
from strata.lib.keys.faults import BadKey, Fault
from strata.lib.keys.openpgp import covers, issuer_of, long_id, read_certificate


@pytest.fixture(scope="module")
def home() -> Iterator[GpgHome]:
    with tempfile.TemporaryDirectory() as folder:
        made = gpg_home(Path(folder) / "g")
        fingerprint = made.make("Alice <Alice@Example.org>", "ed25519", "sign", "never")
        made.run("--quick-add-key", fingerprint, "rsa3072", "sign", "2y")
        made.make("Eve <eve@example.org>", "ed25519", "sign", "1d")
        yield made
        made.end()


def test_a_key_is_read_with_all_that_belongs_to_it(home: GpgHome) -> None:
    key = read_certificate(home.public("alice"))
    primary, subkey = (one.lower() for one in home.fingerprints("alice"))
    assert (key.fingerprint, key.subkeys) == (primary, (subkey,))
    assert key.addresses == ("alice@example.org",)
    assert key.expires_at is None


def test_when_a_key_ends_is_read(home: GpgHome) -> None:
    ends = read_certificate(home.public("eve")).expires_at
    assert ends is not None
    assert ends > datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["hello", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey) as refused:
        read_certificate(text)
    assert refused.value.fault is Fault.UNREADABLE


def test_a_private_key_is_refused_as_such(home: GpgHome) -> None:
    with pytest.raises(BadKey) as refused:
        read_certificate(home.run("--armor", "--export-secret-keys", "eve").decode())
    assert refused.value.fault is Fault.PRIVATE


def test_one_key_at_a_time(home: GpgHome) -> None:
    both = home.run("--armor", "--export").decode()
    with pytest.raises(BadKey) as refused:
        read_certificate(both)
    assert refused.value.fault is Fault.SEVERAL


def test_a_revoked_key_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = gpg_home(Path(folder) / "g")
        fingerprint = home.make("Old <old@example.org>", "ed25519", "sign", "never")
        revocation = home.folder / "openpgp-revocs.d" / f"{fingerprint}.rev"
        home.run("--import", stdin=revocation.read_bytes().replace(b":---", b"---"))
        with pytest.raises(BadKey) as refused:
            read_certificate(home.public("old"))
        home.end()
    assert refused.value.fault is Fault.REVOKED


def test_a_signature_names_its_key_and_holds_for_its_message_only(home: GpgHome) -> None:
    key = read_certificate(home.public("alice"))
    signature = home.sign("alice", b"a commit")
    assert issuer_of(signature) == long_id(key.subkeys[0])  # gpg signs with the newest subkey
    assert covers(key.blob, b"a commit", signature)
    assert not covers(key.blob, b"another commit", signature)


def test_another_key_does_not_verify_it(home: GpgHome) -> None:
    eve = read_certificate(home.public("eve"))
    assert not covers(eve.blob, b"a commit", home.sign("alice", b"a commit"))


@pytest.mark.parametrize("text", ["", "junk", "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n"])
def test_what_is_no_signature_verifies_nothing(home: GpgHome, text: str) -> None:
    key = read_certificate(home.public("alice"))
    assert issuer_of(text) is None
    assert not covers(key.blob, b"a commit", text)


def test_signatures_and_keys_cut_anywhere_do_no_harm(home: GpgHome) -> None:
    key = read_certificate(home.public("alice"))
    signature = home.sign("alice", b"m")
    for length in range(0, len(signature) - 80, 7):
        assert not covers(key.blob, b"m", signature[:length])
    for length in range(0, len(key.blob), 41):
        assert not covers(key.blob[:length], b"m", signature) or length > len(key.blob) // 2
