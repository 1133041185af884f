"""Decode one picture that a stranger sent, in a process of its own: `python -m …worker`.

Decoders are large and see hostile bytes, so this process has little memory and time, writes no
file, and ends after one picture. The picture comes on stdin; stdout carries a `Verdict`.
"""

from __future__ import annotations

import io
import resource
import sys

import msgspec
from PIL import Image, ImageCms, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
SIZES = (512, 256, 64)  # pixels of a side
NAMES = tuple(f"{size}.{kind}" for size in SIZES for kind in ("webp", "png"))
MAX_PIXELS = 25_000_000
MEMORY_BYTES = 1 << 30  # a picture of the largest size takes 100 MB, its decoder some more
CPU_S = 10
LONGEST_PROFILE = 1 << 20  # bytes; those of printers take some hundred thousand


class Verdict(msgspec.Struct):
    """What became of a picture: its squares, or the key of the reason why not."""

    squares: dict[str, bytes]  # by `NAMES`
    problem: str = ""  # "unreadable" or "too_many_pixels"


class Part(msgspec.Struct, frozen=True):
    """A square of an upright picture, in its pixels."""

    left: int
    top: int
    size: int


def main() -> None:
    """Read the picture, answer, end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.buffer.write(msgspec.msgpack.encode(judged(sys.stdin.buffer.read(), _asked_for())))


def _asked_for() -> Part | None:
    given = [int(one) for one in sys.argv[1:4]]
    return Part(*given) if given else None


def judged(content: bytes, part: Part | None = None) -> Verdict:
    """Cut a square out of a picture's first frame, in every size and without metadata.

    Args:
        content: the file.
        part: which square; None: the middle one.
    """
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # of twice as many Pillow decodes no frame
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            whole = upright(picture).convert("RGBA")
    except Image.DecompressionBombError:
        return Verdict({}, "too_many_pixels")
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, RuntimeError):
        # What Pillow's decoders raise on bytes that are no picture.
        return Verdict({}, "unreadable")
    return Verdict(_squares(whole if part is None else whole.crop(_box(whole, part))))


def upright(picture: Image.Image) -> Image.Image:
    """A frame as it is looked at: turned as the camera says, eight bits a colour, in sRGB."""
    turned = ImageOps.exif_transpose(picture)
    if turned.mode.startswith("I"):  # 16 bits of grey, of which Pillow would keep the low ones
        turned = turned.convert("I").point(lambda shade: shade / 256).convert("L")
        turned.info.pop("transparency", None)  # a shade of 16 bits
    return _in_srgb(turned)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The same colours for who reads no profile; one that is broken or huge says nothing."""
    profile = picture.info.pop("icc_profile", b"")
    if not profile or len(profile) > LONGEST_PROFILE:
        return picture
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    kept = picture if picture.mode in ("L", "CMYK") else picture.convert(mode)
    if kept.mode == "L" and mode == "RGBA":  # one shade of it is seen through
        return picture
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        seen = ImageCms.profileToProfile(
            kept, given, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    if seen is None:
        return picture
    seen.info = {key: value for key, value in picture.info.items() if key != "transparency"}
    return seen


def _box(picture: Image.Image, part: Part) -> tuple[int, int, int, int]:
    """The part, moved and made smaller until it lies within the picture."""
    size = max(1, min(part.size, picture.width, picture.height))
    left = max(0, min(part.left, picture.width - size))
    top = max(0, min(part.top, picture.height - size))
    return left, top, left + size, top + size


def _squares(picture: Image.Image) -> dict[str, bytes]:
    squares: dict[str, bytes] = {}
    for size in SIZES:
        square = ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS)
        squares[f"{size}.webp"] = _encoded(square, "WEBP", quality=85, method=4)
        squares[f"{size}.png"] = _encoded(square, "PNG", optimize=True)
    return squares


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


if __name__ == "__main__":
    main()
