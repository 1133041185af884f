"""Serialize chunks to a xorb, in the form current clients upload: without footer."""

from collections.abc import Iterable

import lz4.frame
import numpy as np

from strata.lib.xet.limits import CHUNK_MAX, XORB_CHUNKS_MAX, XORB_RAW_MAX, Buffer
from strata.lib.xet.xorb import HEADER, Scheme


def build(chunks: Iterable[Buffer], scheme: Scheme | None = None) -> bytes:
    """Serialize chunks; each is stored plain when its scheme does not make it smaller.

    Without `scheme` the smallest form of each chunk is chosen.

    Raises:
        ValueError: a chunk or the xorb is outside the format's limits.
    """
    pieces: list[bytes] = []
    raw_total = count = 0
    for chunk in chunks:
        raw = bytes(chunk)
        if not 1 <= len(raw) <= CHUNK_MAX:
            raise ValueError(f"a chunk has 1 to {CHUNK_MAX} bytes, not {len(raw)}")
        raw_total += len(raw)
        count += 1
        pieces.append(_stored(raw, scheme))
    if not 1 <= count <= XORB_CHUNKS_MAX or raw_total > XORB_RAW_MAX:
        raise ValueError(
            f"a xorb has 1 to {XORB_CHUNKS_MAX} chunks and at most {XORB_RAW_MAX} raw bytes"
        )
    return b"".join(pieces)


def _stored(raw: bytes, scheme: Scheme | None) -> bytes:
    wanted = list(Scheme) if scheme is None else [scheme]
    forms = [(Scheme.PLAIN, raw)]
    if Scheme.LZ4 in wanted:
        forms.append((Scheme.LZ4, _compressed(raw)))
    if Scheme.GROUPED_LZ4 in wanted:
        forms.append((Scheme.GROUPED_LZ4, _compressed(grouped(raw))))
    kind, payload = min(forms, key=lambda form: len(form[1]))
    return HEADER.pack(len(payload) << 8 | kind << 32 | len(raw) << 40) + payload


def _compressed(raw: bytes) -> bytes:
    frame: bytes = lz4.frame.compress(raw, store_size=False)
    return frame


def grouped(raw: bytes) -> bytes:
    """Gather every fourth byte: bytes 0, 4, 8, …, then 1, 5, 9, … and so on."""
    octets = np.frombuffer(raw, np.uint8)
    return b"".join([octets[plane::4].tobytes() for plane in range(4)])
