"""The header of a safetensors file: eight bytes of length, then JSON.

https://github.com/huggingface/safetensors#format; the limits are those of its own reader, and of
`huggingface_hub/constants.py:SAFETENSORS_MAX_HEADER_LENGTH`.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from dataclasses import dataclass
from typing import Final

import msgspec

from strata.lib.weights.source import BadHeader, Source

MAX_HEADER_BYTES: Final = 25_000_000
LENGTH_BYTES: Final = 8
_MAX_DIMENSIONS: Final = 32
_LARGEST: Final = 2**63 - 1

# Bits of one number of each kind; a kind that nobody knows has no checked length.
_BITS: Final = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


class Tensor(msgspec.Struct, frozen=True):
    """What the header says of one tensor."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]  # from the end of the header


@dataclass(frozen=True, slots=True)
class Header:
    """A whole header that was found sound."""

    metadata: dict[str, str]
    tensors: dict[str, Tensor]

    @property
    def parameters(self) -> dict[str, int]:
        """How many numbers there are of each kind."""
        counted: Counter[str] = Counter()
        for tensor in self.tensors.values():
            counted[tensor.dtype] += math.prod(tensor.shape)
        return dict(counted)


def read(source: Source, size: int) -> Header:
    """Read the header of a file.

    Args:
        source: the file from its start.
        size: bytes of the whole file.

    Raises:
        BadHeader: it is no safetensors file, or one whose tensors do not lie in it.
    """
    (length,) = struct.unpack("<Q", source.take(LENGTH_BYTES))
    if length > min(MAX_HEADER_BYTES, size - LENGTH_BYTES):
        raise BadHeader("The header is longer than the file, or than a header may be.")
    header = _decoded(source.take(length))
    for name, tensor in header.tensors.items():
        _check(name, tensor, size - LENGTH_BYTES - length)
    return header


def _decoded(text: bytes) -> Header:
    try:
        entries = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        metadata = entries.pop("__metadata__", None)
        return Header(
            msgspec.json.decode(metadata, type=dict[str, str]) if metadata is not None else {},
            {name: msgspec.json.decode(raw, type=Tensor) for name, raw in entries.items()},
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadHeader("The header is not the JSON of a safetensors file.") from error


def _check(name: str, tensor: Tensor, room: int) -> None:
    """Insist that a tensor lies in the file and is as long as its shape says."""
    start, end = tensor.data_offsets
    if len(tensor.shape) > _MAX_DIMENSIONS or any(not 0 <= one <= _LARGEST for one in tensor.shape):
        raise BadHeader(f"The shape of {name[:80]!r} is impossible.")
    if not 0 <= start <= end <= room:
        raise BadHeader(f"The tensor {name[:80]!r} does not lie in the file.")
    bits = _BITS.get(tensor.dtype)
    if bits is not None and math.prod(tensor.shape) * bits != (end - start) * 8:
        raise BadHeader(f"The tensor {name[:80]!r} is not as long as its shape says.")
