"""Write a picture anew without what it carries along: `python -m strata.lib.pictures.cleaner`.

In a process of its own, for the reasons of `worker`. The picture comes on stdin; stdout carries a
`Cleaned`.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from PIL import Image, ImageSequence

from strata.lib.pictures.worker import FORMATS, MAX_PIXELS, MEMORY_BYTES, upright

LONGEST_SIDE: Final = 4096  # pixels; larger ones are made smaller
MAX_MOVING: Final = 50_000_000  # pixels of all frames together
CPU_S: Final = 20
# How each kind is written; the fastest AVIF, since even that takes seconds for a large one.
_WRITTEN: Final[Mapping[str, Mapping[str, int]]] = {
    "JPEG": {"quality": 90},
    "WEBP": {"quality": 90},
    "AVIF": {"quality": 80, "speed": 10},
}


class Cleaned(msgspec.Struct):
    """What became of a picture: the new file, or the key of the reason why not."""

    content: bytes
    problem: str = ""  # "unreadable" or "too_many_pixels"


def main() -> None:
    """Read the picture, answer, end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.buffer.write(msgspec.msgpack.encode(cleaned(sys.stdin.buffer.read())))


def cleaned(content: bytes) -> Cleaned:
    """Decode a picture and encode it again, upright and moving as it was, in its own format."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # of twice as many Pillow decodes no frame
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            kind, frames = _kind_and_frames(picture)
            if frames > 1 and picture.width * picture.height * frames > MAX_MOVING:
                return Cleaned(b"", "too_many_pixels")
            if frames > 1:
                return Cleaned(_moving(picture, kind))
            return Cleaned(_encoded([_plain(picture, kind)], kind))
    except Image.DecompressionBombError:
        return Cleaned(b"", "too_many_pixels")
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, RuntimeError):
        # What Pillow's decoders raise on bytes that are no picture.
        return Cleaned(b"", "unreadable")


def _kind_and_frames(picture: Image.Image) -> tuple[str, int]:
    if picture.format == "MPO":  # a JPEG of a phone, with more views of the same behind the first
        return "JPEG", 1
    return picture.format or "", getattr(picture, "n_frames", 1)


def _moving(picture: Image.Image, kind: str) -> bytes:
    loop = int(picture.info.get("loop", 0))
    frames, pauses = [], []
    for frame in ImageSequence.Iterator(picture):
        frames.append(_plain(frame, kind))
        pauses.append(int(frame.info.get("duration", 100)))  # known once the frame is decoded
    return _encoded(frames, kind, duration=pauses, loop=loop)


def _plain(picture: Image.Image, kind: str) -> Image.Image:
    """The pixels alone, in a size that pages show."""
    turned = upright(picture)
    see_through = kind != "JPEG" and turned.has_transparency_data
    plain = turned.convert("RGBA" if see_through else "RGB")
    plain.info = {}
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return plain


def _encoded(frames: Sequence[Image.Image], kind: str, **moving: object) -> bytes:
    out, first = io.BytesIO(), frames[0]
    options: dict[str, object] = dict(_WRITTEN.get(kind, {}))
    if moving:
        options |= {"save_all": True, "append_images": frames[1:], **moving}
    if moving and kind == "GIF":
        options["disposal"] = 2  # of RGBA frames each is whole
    first.save(out, kind, **options)
    return out.getvalue()


if __name__ == "__main__":
    main()
