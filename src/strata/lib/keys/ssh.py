"""SSH public keys, and what is signed with them (RFC 4253, OpenSSH's PROTOCOL.sshsig)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncssh
from asyncssh.packet import PacketDecodeError, SSHPacket, String
from asyncssh.public_key import decode_ssh_public_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from strata.lib.keys.faults import BadKey, Fault

# What each kind is called on pages.
KINDS: Final[Mapping[str, str]] = {
    "ssh-ed25519": "ED25519",
    "sk-ssh-ed25519@openssh.com": "ED25519-SK",
    "ecdsa-sha2-nistp256": "ECDSA",
    "ecdsa-sha2-nistp384": "ECDSA",
    "ecdsa-sha2-nistp521": "ECDSA",
    "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA-SK",
    "ssh-rsa": "RSA",
}
LEAST_RSA_BITS: Final = 3072
LONGEST_TEXT: Final = 16 * 1024  # characters
LONGEST_SIGNATURE: Final = 16 * 1024  # characters
_HASHES: Final = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_MAGIC: Final = b"SSHSIG"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_WEAK: Final = frozenset({b"ssh-rsa"})  # RSA over SHA-1


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that may be kept."""

    algorithm: str  # as the line says it: "ssh-ed25519"
    blob: bytes  # in the wire format
    fingerprint: str  # "SHA256:…", as ssh-keygen shows it
    comment: str

    @property
    def kind(self) -> str:
        return KINDS[self.algorithm]


def read_key(text: str) -> PublicKey:
    """Read a line as it stands in `id_ed25519.pub`.

    Raises:
        BadKey: it is no public key, or one that is too weak.
    """
    line = text.strip()
    if not line:
        raise BadKey(Fault.EMPTY)
    if "PRIVATE KEY" in line:
        raise BadKey(Fault.PRIVATE)
    if len(line) > LONGEST_TEXT or not line.isprintable():
        raise BadKey(Fault.UNREADABLE)
    algorithm, _, rest = line.partition(" ")
    if algorithm not in KINDS:
        known = algorithm.startswith(("ssh-", "ecdsa-", "sk-")) and rest
        raise BadKey(Fault.KIND if known else Fault.UNREADABLE)
    encoded, _, comment = rest.strip().partition(" ")
    key = _imported(algorithm, encoded)
    return PublicKey(algorithm, key.public_data, key.get_fingerprint(), comment.strip())


def fingerprint_of(blob: bytes) -> str:
    """The fingerprint of a key in the wire format."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def _imported(algorithm: str, encoded: str) -> asyncssh.SSHKey:
    try:
        key = asyncssh.import_public_key(f"{algorithm} {encoded}")
    except (asyncssh.KeyImportError, ValueError) as failure:
        raise BadKey(Fault.UNREADABLE) from failure
    if key.get_algorithm() != algorithm:
        raise BadKey(Fault.UNREADABLE)
    inner = key.pyca_key
    if isinstance(inner, RSAPublicKey) and inner.key_size < LEAST_RSA_BITS:
        raise BadKey(Fault.SHORT)
    return key


@dataclass(frozen=True, slots=True)
class Signature:
    """What `ssh-keygen -Y sign` writes, taken apart."""

    blob: bytes  # of the key that it says has signed
    namespace: bytes
    reserved: bytes
    hash_name: bytes
    signature: bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.blob)

    def covers(self, message: bytes, namespace: str) -> bool:
        """Whether the key it names has signed this very message for this purpose."""
        if self.namespace != namespace.encode() or self.hash_name not in _HASHES:
            return False
        algorithm = self._algorithm()
        if algorithm is None or algorithm in _WEAK:
            return False
        digest = _HASHES[self.hash_name](message).digest()
        signed = (self.namespace, self.reserved, self.hash_name, digest)
        try:
            key = decode_ssh_public_key(self.blob)
        except (asyncssh.KeyImportError, ValueError):
            return False
        return key.verify(_MAGIC + b"".join(map(String, signed)), self.signature)

    def _algorithm(self) -> bytes | None:
        try:
            return SSHPacket(self.signature).get_string()
        except PacketDecodeError:
            return None


def read_signature(text: str) -> Signature | None:
    """Take a signature apart; None when it is none."""
    stripped = text.strip()
    if not stripped.startswith(_BEGIN) or not stripped.endswith(_END):
        return None
    if len(stripped) > LONGEST_SIGNATURE:
        return None
    encoded = "".join(stripped.removeprefix(_BEGIN).removesuffix(_END).split())
    try:
        packet = SSHPacket(base64.b64decode(encoded, validate=True))
        if packet.get_bytes(len(_MAGIC)) != _MAGIC or packet.get_uint32() != 1:
            return None
        parts = [packet.get_string() for _ in range(5)]
        packet.check_end()
    except (PacketDecodeError, binascii.Error, ValueError):
        return None
    return Signature(*parts)
