"""Reports of secret scanners about tokens that they found elsewhere (product §3.10).

The shape is GitHub's for its secret scanning partners: a signed list of findings. Who signs is who
the operator named in a file of public keys, as GitHub publishes them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from strata.core.call import Call, Work
from strata.core.errors import Forbidden, Malformed, NotFound
from strata.credentials.oauth.tokens import ending

MOST_FINDINGS: Final = 1_000  # of one report
LONGEST_PLACE: Final = 300  # characters
NOT_SIGNED: Final = "This report is not signed with a key that this hub knows."
NO_SCANNER: Final = "This hub takes no reports of secret scanners."

log = structlog.get_logger("strata.leaks")


class Finding(msgspec.Struct):
    """One token, and where it was seen."""

    token: str
    type: str = ""
    url: str = ""
    source: str = ""


class _Key(msgspec.Struct):
    key_identifier: str
    key: str  # PEM


class _Keys(msgspec.Struct):
    public_keys: list[_Key]


def verified(call: Call, body: bytes, key_id: str, signature: str) -> Sequence[Finding]:
    """The findings of a report whose signature holds.

    Args:
        body: as it was received; the signature is over these bytes (ECDSA, SHA-256).
        signature: base64 of its DER.

    Raises:
        NotFound: no scanner is named in the settings.
        Forbidden: it is not signed, by a key that nobody named, or it was changed on its way.
        Malformed: it is no list of findings, or too long.
    """
    path = call.hub.settings.leaks.scanner_keys
    if path == Path():
        raise NotFound(NO_SCANNER)
    key = _keys(path).get(key_id)
    if key is None:
        raise Forbidden(NOT_SIGNED)
    try:
        key.verify(base64.b64decode(signature, validate=True), body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Forbidden(NOT_SIGNED) from error
    try:
        findings = msgspec.json.decode(body, type=list[Finding])
    except msgspec.DecodeError as error:
        raise Malformed("A report is a JSON array of objects with a token each.") from error
    if len(findings) > MOST_FINDINGS:
        raise Malformed(f"Report at most {MOST_FINDINGS} tokens at once.")
    return findings


def revoke(work: Work, findings: Sequence[Finding]) -> None:
    """Revoke what is a token and works, and tell the owners where it was seen."""
    ending.end_leaked(work, {one.token: _place(one) for one in findings})


def _place(finding: Finding) -> str:
    """Where it was seen, as far as a mail can show it."""
    text = finding.url or finding.source
    return text[:LONGEST_PLACE] if text.isprintable() else ""


def _keys(path: Path) -> Mapping[str, ec.EllipticCurvePublicKey]:
    """The keys of the file; it is read anew each time, so that keys change without a restart."""
    try:
        told = msgspec.json.decode(path.read_bytes(), type=_Keys).public_keys
        found = {one.key_identifier: load_pem_public_key(one.key.encode()) for one in told}
    except (OSError, ValueError, UnsupportedAlgorithm):
        log.exception("the keys of secret scanners cannot be read", file=str(path))
        return {}
    return {name: key for name, key in found.items() if isinstance(key, ec.EllipticCurvePublicKey)}
