"""Pictures of strangers become small squares without anything else in them."""

import io
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from time import monotonic

import pytest
from PIL import Image, ImageCms

from strata.lib.pictures.squares import MAX_BYTES, PATIENCE_S, PictureRefused, clean, squares_of

NAMES = {f"{size}.{kind}" for size in (512, 256, 64) for kind in ("webp", "png")}


def drawn(kind: str, size: tuple[int, int] = (300, 200), **options: object) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_every_kind_becomes_squares(kind: str) -> None:
    squares = squares_of(drawn(kind))
    assert squares.keys() == NAMES
    for name, content in squares.items():
        size, _, suffix = name.partition(".")
        picture = opened(content)
        assert (picture.size, picture.format) == ((int(size), int(size)), suffix.upper())


def test_the_picture_is_turned_upright_and_loses_what_the_camera_wrote() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down: the left half is the right one
    exif[0x010E] = "taken at home"
    square = squares_of(drawn("JPEG", exif=exif, comment=b"secret place"))["256.png"]
    assert b"taken at home" not in square
    assert b"secret place" not in square
    red, _, blue, *_ = opened(square).convert("RGB").getpixel((10, 128))  # type: ignore[misc]
    assert blue > 200
    assert red < 50


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_of_what_moves_the_first_frame_is_kept(kind: str) -> None:
    blue = Image.new("RGB", (300, 200), "blue")
    film = drawn(kind, save_all=True, append_images=[blue] * 2)
    assert getattr(opened(film), "n_frames", 1) > 1
    squares = squares_of(film)
    assert not any(getattr(opened(one), "is_animated", False) for one in squares.values())
    red, _, blue_, *_ = opened(squares["256.png"]).convert("RGB").getpixel((10, 128))  # type: ignore[misc]
    assert red > 200 > blue_


def test_colours_of_printers_and_of_sixteen_bits_are_seen_as_they_are() -> None:
    cmyk, grey = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (90, 90), "red").convert("CMYK").save(cmyk, "JPEG")
    Image.new("I;16", (90, 90), 0x8000).save(grey, "PNG")
    for content, shade in ((cmyk, (255, 0, 0)), (grey, (128, 128, 128))):
        square = opened(squares_of(content.getvalue())["64.png"]).convert("RGB")
        assert square.getpixel((32, 32)) == shade


def swapped() -> bytes:
    """The profile of a screen whose red light is sRGB's green one, and the other way round."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * struct.unpack_from(">I", content, 128)[0], 12):
        tag = bytes(content[at : at + 4])
        content[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(tag, tag)
    return bytes(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_colours_stay_as_their_profile_says(kind: str) -> None:
    content = drawn(kind, icc_profile=swapped())
    for made in (squares_of(content)["256.png"], clean(content)):
        seen = opened(made)
        assert "icc_profile" not in seen.info
        red, green, _, *_ = seen.convert("RGB").getpixel((10, 128))  # type: ignore[misc]
        assert green > 200
        assert red < 60


@pytest.mark.parametrize("profile", [b"no profile", swapped()[:200], b"\0" * (1 << 21)])
def test_a_broken_or_huge_profile_says_nothing(profile: bytes) -> None:
    picture = opened(drawn("WEBP"))
    out = io.BytesIO()
    picture.save(out, "WEBP", icc_profile=profile, lossless=True)
    seen = opened(clean(out.getvalue()))
    assert "icc_profile" not in seen.info
    red, green, _, *_ = seen.convert("RGB").getpixel((10, 128))  # type: ignore[misc]
    assert red > 200 > green


@pytest.mark.parametrize("profile", [b"", swapped()])
def test_what_is_seen_through_stays_so_whatever_its_profile(profile: bytes) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (90, 90), (255, 0, 0, 100)).save(out, "PNG", icc_profile=profile)
    for made in (squares_of(out.getvalue())["64.png"], clean(out.getvalue())):
        *_, through = opened(made).convert("RGBA").getpixel((32, 32))  # type: ignore[misc]
        assert through == 100


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ this is a program",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        drawn("PNG")[:200],
        drawn("BMP"),
        drawn("TIFF"),
    ],
    ids=["empty", "program", "svg", "cut", "bmp", "tiff"],
)
def test_what_is_no_picture_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(PictureRefused) as refused:
        squares_of(content)
    assert refused.value.problem == "unreadable"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """100,000 by 100,000 pixels of nothing, in two kilobytes."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1 << 20), 9)))
    )
    with pytest.raises(PictureRefused) as refused:
        squares_of(bomb)
    assert refused.value.problem == "too_many_pixels"


@pytest.mark.parametrize(("module", "seconds"), [("worker", 10), ("cleaner", 20)])
def test_what_decodes_has_little_memory_and_time_and_writes_no_file(
    module: str, seconds: int
) -> None:
    """The process waits for a picture meanwhile; that it writes no file is settled last."""
    command = [sys.executable, "-m", f"strata.lib.pictures.{module}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        deadline = monotonic() + PATIENCE_S
        while resource.prlimit(process.pid, resource.RLIMIT_FSIZE) != (0, 0):
            assert process.poll() is None
            assert monotonic() < deadline
        limits = [
            resource.prlimit(process.pid, one) for one in (resource.RLIMIT_AS, resource.RLIMIT_CPU)
        ]
        process.communicate(b"")
    assert limits == [(1 << 30, 1 << 30), (seconds, seconds)]


@pytest.mark.parametrize("act", [squares_of, clean])
def test_nothing_is_decoded_in_the_hub_itself(
    act: Callable[[bytes], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = drawn("PNG")

    def unsafe(*_given: object, **_named: object) -> None:
        raise AssertionError("a picture of a stranger was opened in the hub")

    # Here alone: another process has its own Pillow.
    monkeypatch.setattr(Image, "open", unsafe)
    assert act(picture)


def test_a_large_file_is_refused_unread() -> None:
    with pytest.raises(PictureRefused) as refused:
        squares_of(bytes(MAX_BYTES + 1))
    assert refused.value.problem == "too_large"


def test_the_largest_picture_is_taken() -> None:
    assert squares_of(drawn("PNG", (5000, 5000))).keys() == NAMES


def test_what_a_picture_carries_along_is_left_behind() -> None:
    """A GIF that is a page too, a PNG with a page after its end, and a film: one clean frame."""
    page = b"<script>alert(document.cookie)</script>"
    gif = drawn("GIF", comment=b"*/" + page)
    carriers = [gif, gif + page, drawn("PNG") + page, page.join([drawn("JPEG"), b""])]
    red, blue = Image.new("RGB", (40, 40), "red"), Image.new("RGB", (40, 40), "blue")
    film = io.BytesIO()
    red.save(film, "GIF", save_all=True, append_images=[blue] * 400)
    for carrier in carriers:
        assert page in carrier
        assert all(page not in square for square in squares_of(carrier).values())
    squares = squares_of(film.getvalue())
    shown = opened(squares["64.webp"])
    assert not getattr(shown, "is_animated", False)
    colour = shown.convert("RGB").getpixel((32, 32))
    assert isinstance(colour, tuple)
    assert colour[0] > colour[2]  # the first frame


def test_a_gif_whose_screen_is_huge_is_refused() -> None:
    """65,535 by 65,535 pixels in its first ten bytes, whatever its frame says."""
    gif = bytearray(drawn("GIF", (4, 4)))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    with pytest.raises(PictureRefused) as refused:
        squares_of(bytes(gif))
    assert refused.value.problem == "too_many_pixels"
