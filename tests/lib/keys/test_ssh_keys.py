"""SSH public keys and signatures, made by OpenSSH."""

from pathlib import Path

import pytest

from fixtures.keys import ssh_pair
from strata.lib.keys.faults import BadKey, Fault
from strata.lib.keys.ssh import read_key, read_signature

# A hardware key cannot be made here; this one is from OpenSSH's own regression tests.
SECURITY_KEY = (
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAICFo/k5LU8863u66YC9"
    "eUO2170QduohPURkQnbLa/dczAAAABHNzaDo= key"
)
DSA = "ssh-dss AAAAB3NzaC1kc3MAAACBAJ old@machine"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (("-t", "ed25519"), "ED25519"),
        (("-t", "ecdsa", "-b", "256"), "ECDSA"),
        (("-t", "ecdsa", "-b", "521"), "ECDSA"),
        (("-t", "rsa", "-b", "3072"), "RSA"),
    ],
)
def test_keys_are_read_as_openssh_shows_them(
    tmp_path: Path, options: tuple[str, ...], kind: str
) -> None:
    pair = ssh_pair(tmp_path, "id", *options)
    key = read_key(pair.public)
    assert (key.kind, key.fingerprint, key.comment) == (kind, pair.fingerprint, "id@laptop")


def test_keys_of_security_tokens_are_accepted() -> None:
    assert read_key(SECURITY_KEY).kind == "ED25519-SK"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.EMPTY),
        ("  \n", Fault.EMPTY),
        ("hello", Fault.UNREADABLE),
        ("ssh-ed25519", Fault.UNREADABLE),
        ("ssh-ed25519 AAAA", Fault.UNREADABLE),
        ("ssh-ed25519 !!!!", Fault.UNREADABLE),
        (DSA, Fault.KIND),
        ("ssh-ed448 AAAA x", Fault.KIND),
        ('command="sh" ssh-ed25519 AAAA', Fault.UNREADABLE),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA", Fault.PRIVATE),
        ("ssh-rsa " + "A" * 20_000, Fault.UNREADABLE),
    ],
)
def test_what_is_no_usable_key_is_named(text: str, fault: Fault) -> None:
    with pytest.raises(BadKey) as refused:
        read_key(text)
    assert refused.value.fault is fault


def test_two_keys_at_once_are_not_one(tmp_path: Path) -> None:
    with pytest.raises(BadKey):
        read_key(ssh_pair(tmp_path, "a").public + ssh_pair(tmp_path, "b").public)


@pytest.mark.parametrize("bits", ["1024", "2048"])
def test_short_rsa_keys_are_refused(tmp_path: Path, bits: str) -> None:
    with pytest.raises(BadKey) as refused:
        read_key(ssh_pair(tmp_path, "id", "-t", "rsa", "-b", bits).public)
    assert refused.value.fault is Fault.SHORT


@pytest.mark.slow
def test_a_key_cannot_lie_about_its_kind(tmp_path: Path) -> None:
    short = ssh_pair(tmp_path, "id", "-t", "rsa", "-b", "2048").public.split()[1]
    with pytest.raises(BadKey):
        read_key(f"ssh-ed25519 {short}")


@pytest.mark.slow
@pytest.mark.parametrize("options", [("-t", "ed25519"), ("-t", "ecdsa"), ("-t", "rsa")])
def test_a_signature_holds_for_its_message_only(tmp_path: Path, options: tuple[str, ...]) -> None:
    pair = ssh_pair(tmp_path, "id", *options)
    signature = read_signature(pair.sign(b"a commit"))
    assert signature is not None
    assert signature.fingerprint == pair.fingerprint
    assert signature.covers(b"a commit", "git")
    assert not signature.covers(b"another commit", "git")


def test_a_signature_for_another_purpose_does_not_count(tmp_path: Path) -> None:
    signature = read_signature(ssh_pair(tmp_path).sign(b"a file", "file"))
    assert signature is not None
    assert not signature.covers(b"a file", "git")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----",
        "-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\n" + "A" * 20_000 + "\n-----END SSH SIGNATURE-----",
    ],
)
def test_what_is_no_signature_is_none(text: str) -> None:
    assert read_signature(text) is None


def test_a_signature_cut_anywhere_is_refused_quietly(tmp_path: Path) -> None:
    lines = ssh_pair(tmp_path).sign(b"m").splitlines()
    body = "".join(lines[1:-1])
    for length in range(0, len(body), 4):
        cut = f"{lines[0]}\n{body[:length]}\n{lines[-1]}"
        found = read_signature(cut)
        assert found is None or not found.covers(b"m", "git")
