"""Pictures that people show to others carry nothing but what is seen."""

import io
import struct

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from strata.lib.pictures.squares import PictureRefused, clean

SECRET = "SECRET PLACE"


def drawn(kind: str, size: tuple[int, int] = (120, 80), **options: object) -> bytes:
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def carrying(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET, 6  # what it shows; which way up
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSDateStamp] = SECRET
    if kind == "PNG":
        words = PngInfo()
        words.add_text("Comment", SECRET)
        return drawn(kind, pnginfo=words, exif=exif)
    if kind == "GIF":
        return drawn(kind, comment=SECRET.encode())
    return drawn(kind, exif=exif, xmp=f"<rdf:RDF>{SECRET}</rdf:RDF>".encode())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_what_it_carries_along_is_gone_and_what_is_seen_stays(kind: str) -> None:
    before = carrying(kind)
    assert SECRET.encode() in before
    after = clean(before)
    assert SECRET.encode() not in after
    with Image.open(io.BytesIO(after)) as picture:
        assert picture.format == kind
        assert not picture.getexif()
        turned = kind != "GIF"  # the turn that the camera wrote down is made
        assert picture.size == ((80, 120) if turned else (120, 80))
        colour = picture.convert("RGB").getpixel((70, 110) if turned else (110, 70))
    assert isinstance(colour, tuple)
    assert colour[2] > 200 > colour[0]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_what_moves_goes_on_moving(kind: str) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=[100, 200, 300])
    with Image.open(io.BytesIO(clean(out.getvalue()))) as picture:
        assert getattr(picture, "n_frames", 1) == 3
        picture.seek(1)
        colour = picture.convert("RGB").getpixel((20, 15))
        assert picture.info["duration"] == 200
    assert isinstance(colour, tuple)
    assert colour[1] > 200 > colour[0]


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_what_moves_is_turned_upright_too(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    second = Image.new("RGB", (120, 80), "lime")
    before = drawn(kind, exif=exif, save_all=True, append_images=[second])
    with Image.open(io.BytesIO(clean(before))) as picture:
        assert (picture.size, getattr(picture, "n_frames", 1)) == ((80, 120), 2)


def test_the_first_view_of_a_phone_is_its_picture() -> None:
    """Phones put a second view behind a JPEG, which the format calls MPO."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET, 6
    second = Image.new("RGB", (120, 80), "lime")
    before = drawn("MPO", exif=exif, save_all=True, append_images=[second])
    assert (before[:3], SECRET.encode() in before) == (b"\xff\xd8\xff", True)
    after = clean(before)
    with Image.open(io.BytesIO(after)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (80, 120))
    assert SECRET.encode() not in after


def test_sixteen_bits_of_grey_become_eight() -> None:
    grey = Image.new("I;16", (40, 40), 0x8000)
    out = io.BytesIO()
    grey.save(out, "PNG", transparency=0x0101)
    with Image.open(io.BytesIO(clean(out.getvalue()))) as picture:
        assert picture.convert("RGB").getpixel((20, 20)) == (128, 128, 128)


def test_a_wide_one_is_made_smaller_and_a_thin_one_stays() -> None:
    with Image.open(io.BytesIO(clean(drawn("PNG", (5000, 100))))) as picture:
        assert picture.size == (4096, 82)
    see_through = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    out = io.BytesIO()
    see_through.save(out, "PNG")
    with Image.open(io.BytesIO(clean(out.getvalue()))) as picture:
        assert picture.convert("RGBA").getpixel((5, 5)) == (0, 0, 0, 0)


def test_what_is_no_picture_or_a_bomb_is_refused() -> None:
    for content, problem in (
        (b"", "unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unreadable"),
        (drawn("PNG")[:100], "unreadable"),
        (drawn("BMP"), "unreadable"),
        (drawn("PNG", (5001, 5000)), "too_many_pixels"),
        (_said_to_be(5001, 5000), "too_many_pixels"),
        (_said_to_be(1 << 20, 1 << 20), "unreadable"),  # more than its decoder takes
        (drawn("AVIF")[:-60], "unreadable"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(200), "unreadable"),  # of another codec
        (_moving_bomb(), "too_many_pixels"),
        (_growing_bomb(), "too_many_pixels"),
    ):
        with pytest.raises(PictureRefused) as refused:
            clean(content)
        assert refused.value.problem == problem


def _said_to_be(width: int, height: int) -> bytes:
    """An AVIF whose header says a size (`ispe`, ISO 23008-12 §6.5.3)."""
    avif = drawn("AVIF", (64, 64))
    place = avif.index(b"ispe") + 8
    return avif[:place] + struct.pack(">II", width, height) + avif[place + 8 :]


def _moving_bomb() -> bytes:
    frames = [Image.new("L", (2000, 2000), shade) for shade in range(13)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def _growing_bomb() -> bytes:
    """A GIF whose second frame is far larger than its screen."""
    first, second = drawn("GIF", (40, 30)), drawn("GIF", (5001, 5000))
    return first[:-1] + second[second.index(b"\x2c\0\0\0\0") :]
