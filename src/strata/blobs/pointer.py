"""The small text that stands in git for a large file.

Specification: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md. Reading is as tolerant as
git-lfs (`lfs/pointer.go:DecodeKV`): keys sorted after `version`, extensions ignored, the older
version URL accepted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from strata.core.names import Oid

MAX_POINTER_BYTES = 1024  # the specification's limit; larger blobs are content
_VERSIONS = (b"https://git-lfs.github.com/spec/v1", b"https://hawser.github.com/spec/v1")
_LINE = re.compile(rb"([a-z0-9.-]+) (.+)")
_OID = re.compile(rb"sha256:([0-9a-f]{64})")
_SIZE = re.compile(rb"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Pointer:
    """A large file as git sees it."""

    oid: Oid
    size: int  # bytes of the real file


def parse(content: bytes) -> Pointer | None:
    """Read a pointer; None when the blob is anything else."""
    if len(content) > MAX_POINTER_BYTES or not content.startswith(b"version "):
        return None
    fields: dict[bytes, bytes] = {}
    for line in content.rstrip(b"\n").split(b"\n"):
        found = _LINE.fullmatch(line.removesuffix(b"\r"))
        if found is None or found[1] in fields:
            return None
        fields[found[1]] = found[2]
    if fields.get(b"version") not in _VERSIONS:
        return None
    oid = _OID.fullmatch(fields.get(b"oid", b""))
    size = fields.get(b"size", b"")
    if oid is None or _SIZE.fullmatch(size) is None:
        return None
    return Pointer(Oid(oid[1].decode()), int(size))


def text(pointer: Pointer) -> bytes:
    """Write the canonical form; its length is what listings call `pointerSize`."""
    version = _VERSIONS[0].decode()
    return f"version {version}\noid sha256:{pointer.oid}\nsize {pointer.size}\n".encode()
