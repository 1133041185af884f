"""OpenPGP public keys, and what is signed with them (RFC 4880, RFC 9580), read by Sequoia."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pysequoia
from pysequoia.packet import PacketPile, Tag

from strata.lib.keys.faults import BadKey, Fault

LONGEST_TEXT: Final = 256 * 1024  # characters; a key with many certifications is long
LONGEST_SIGNATURE: Final = 16 * 1024
MOST_PACKETS: Final = 2_000
LONG_ID: Final = 16  # hex digits at the end of a fingerprint
_SECRET: Final = (Tag.SecretKey, Tag.SecretSubkey)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A public key with what belongs to it."""

    fingerprint: str  # lowercase hex
    blob: bytes
    addresses: tuple[str, ...]  # e-mails of its user ids, lowercase
    subkeys: tuple[str, ...]  # fingerprints
    expires_at: datetime | None


def read_certificate(text: str) -> Certificate:
    """Read what `gpg --armor --export` prints.

    Raises:
        BadKey: it is no public key, or a revoked one.
    """
    if not text.strip():
        raise BadKey(Fault.EMPTY)
    if "PRIVATE KEY" in text:
        raise BadKey(Fault.PRIVATE)
    if len(text) > LONGEST_TEXT:
        raise BadKey(Fault.UNREADABLE)
    try:
        packets = list(PacketPile.from_bytes(text.encode()))
        if len(packets) > MOST_PACKETS:
            raise BadKey(Fault.UNREADABLE)
        if any(packet.tag in _SECRET for packet in packets):
            raise BadKey(Fault.PRIVATE)
        found = pysequoia.Cert.split_bytes(text.encode())
    except RuntimeError as failure:
        raise BadKey(Fault.UNREADABLE) from failure
    if len(found) != 1:
        raise BadKey(Fault.SEVERAL if found else Fault.UNREADABLE)
    return _certificate(found[0])


def _certificate(cert: pysequoia.Cert) -> Certificate:
    if cert.is_revoked:
        raise BadKey(Fault.REVOKED)
    blob = bytes(cert)
    packets = list(PacketPile.from_bytes(blob))
    valid = {str(user_id) for user_id in cert.user_ids}
    addresses = dict.fromkeys(
        packet.user_id_email.lower()
        for packet in packets
        if packet.tag == Tag.UserID and packet.user_id_email and packet.user_id in valid
    )
    subkeys = [
        packet.fingerprint
        for packet in packets
        if packet.tag == Tag.PublicSubkey and packet.fingerprint
    ]
    return Certificate(
        fingerprint=cert.fingerprint,
        blob=blob,
        addresses=tuple(addresses),
        subkeys=tuple(subkeys),
        expires_at=cert.expiration,
    )


def long_id(fingerprint: str) -> str:
    """The key id that older signatures name: the last 16 digits, uppercase as gpg shows it."""
    return fingerprint[-LONG_ID:].upper()


def issuer_of(signature: str) -> str | None:
    """The long id of the key that a detached signature says has signed; None when it is none."""
    found = _signature(signature)
    if found is None:
        return None
    named = found.issuer_fingerprint or found.issuer_key_id
    return long_id(named) if named else None


def covers(blob: bytes, message: bytes, signature: str) -> bool:
    """Whether a key, or a subkey of it that may sign, has signed this very message.

    It must have been good when it signed: neither expired nor revoked by then.
    """
    found = _signature(signature)
    if found is None:
        return False
    try:
        certificate = pysequoia.Cert.from_bytes(blob)
        result = pysequoia.verify(bytes=message, store=lambda _ids: [certificate], signature=found)
    except RuntimeError:
        return False
    return any(one.certificate == certificate.fingerprint for one in result.valid_sigs)


def _signature(text: str) -> pysequoia.Sig | None:
    if len(text) > LONGEST_SIGNATURE:
        return None
    try:
        return pysequoia.Sig.from_bytes(text.encode())
    except RuntimeError:
        return None
