"""Write a picture anew without what it carries along: `python -m strata.lib.pictures.cleaner`.

In a process of its own, for the reasons of `worker`. The picture comes on stdin; stdout carries a
`Cleaned`.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Sequence
from typing import Final

import msgspec
from PIL import Image, ImageOps, ImageSequence

from strata.lib.pictures.worker import MAX_PIXELS, MEMORY_BYTES

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
LONGEST_SIDE: Final = 4096  # pixels; larger ones are made smaller
MAX_MOVING: Final = 50_000_000  # pixels of all frames together
CPU_S: Final = 20


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
    Image.MAX_IMAGE_PIXELS = None  # the size is looked at here, before anything is decoded
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            frames = getattr(picture, "n_frames", 1)
            size = picture.width * picture.height
            if size > MAX_PIXELS or (frames > 1 and size * frames > MAX_MOVING):
                return Cleaned(b"", "too_many_pixels")
            kind = picture.format or ""
            if frames > 1:
                return Cleaned(_moving(picture, kind))
            return Cleaned(_encoded([_plain(ImageOps.exif_transpose(picture), kind)], kind))
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError):
        # What Pillow's decoders raise on bytes that are no picture.
        return Cleaned(b"", "unreadable")


def _moving(picture: Image.Image, kind: str) -> bytes:
    loop = int(picture.info.get("loop", 0))
    frames, pauses = [], []
    for frame in ImageSequence.Iterator(picture):
        pauses.append(int(frame.info.get("duration", 100)))
        frames.append(_plain(frame, kind))
    return _encoded(frames, kind, duration=pauses, loop=loop)


def _plain(picture: Image.Image, kind: str) -> Image.Image:
    """The pixels alone, in a size that pages show."""
    see_through = kind != "JPEG" and picture.has_transparency_data
    plain = picture.convert("RGBA" if see_through else "RGB")
    plain.info = {}
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return plain


def _encoded(frames: Sequence[Image.Image], kind: str, **moving: object) -> bytes:
    out, first = io.BytesIO(), frames[0]
    options: dict[str, object] = {"quality": 90} if kind in {"JPEG", "WEBP"} else {}
    if moving:
        options |= {"save_all": True, "append_images": frames[1:], **moving}
    if moving and kind == "GIF":
        options["disposal"] = 2  # of RGBA frames each is whole
    first.save(out, kind, **options)
    return out.getvalue()


if __name__ == "__main__":
    main()
