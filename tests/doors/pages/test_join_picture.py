"""A picture with the second step of a sign-up: kept with the account, or not at all (§2.2 P02)."""

import io
import re

from PIL import Image

from doors.pages.visitors import Page, Visitor, people
from fixtures.accounts import person
from strata.accounts.profile.soundness import sweep_pictures
from strata.core.call import reading
from strata.core.hub import Hub
from strata.membership.joining import picture as joining_picture

AGREED = {"full_name": "", "language": "en", "consents": "on"}


def drawn(size: tuple[int, int] = (90, 70)) -> bytes:
    """A PNG that says where it was taken, as cameras do."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", size, "teal").save(out, "PNG", exif=exif)
    return out.getvalue()


def second_step(hub: Hub, name: str) -> tuple[Visitor, dict[str, str]]:
    """A browser at the second step, and what its form carries."""
    visitor = Visitor(hub)
    visitor.begin(f"{name}@example.com")
    visitor.take_time()
    proof = visitor.open("/join?step=2").hidden("/join")
    return visitor, proof | AGREED | {"username": name}


def send(visitor: Visitor, fields: dict[str, str], content: bytes, name: str = "me.png") -> Page:
    files = {"picture": (name, content)}
    return Page(visitor.client.post("/join", data=fields, files=files))


def shown(visitor: Visitor, hub: Hub, name: str) -> bytes | None:
    """The picture that pages show; None: the drawn one."""
    answer = visitor.client.get(f"/avatars/{person(hub, name).public_id}.svg")
    return visitor.client.get(answer.headers["location"]).content if answer.is_redirect else None


def strays(hub: Hub) -> int:
    """Pictures that nothing points to."""
    with reading(hub) as call:
        return sweep_pictures(call, delete=False)


def test_the_picture_comes_with_the_account(hub: Hub) -> None:
    visitor, fields = second_step(hub, "li-wei")
    form = visitor.open("/join?step=2").text
    assert 'enctype="multipart/form-data"' in form
    assert re.search(
        r'<input id="strata-picture" name="picture" type="file"(?![^>]*required)', form
    )
    assert send(visitor, fields, drawn()).place == "/verify-email"
    content = shown(visitor, hub, "li-wei")
    assert content is not None
    square = Image.open(io.BytesIO(content))
    assert (square.format, square.size) == ("WEBP", (256, 256))
    assert not square.getexif()
    assert b"taken at home" not in content


def test_a_form_without_one_opens_the_account_too(hub: Hub) -> None:
    for name, content in (("no-file", None), ("empty-file", b"")):
        visitor, fields = second_step(hub, name)
        page = visitor.send("/join", fields) if content is None else send(visitor, fields, content)
        assert page.place == "/verify-email"
        assert shown(visitor, hub, name) is None


def test_a_bad_picture_opens_no_account_and_says_why(hub: Hub) -> None:
    before = people(hub)
    for name, content, why in (
        ("me.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Choose a PNG, JPEG, WebP"),
        ("me.png", b"MZ" + b"\0" * 500, "Choose a PNG, JPEG, WebP"),
        ("me.png", drawn((6000, 5000)), "at most 25 megapixels"),
    ):
        visitor, fields = second_step(hub, "li-wei")
        page = send(visitor, fields, content, name)
        assert (page.status, why in page.text) == (400, True), name
        assert 'aria-invalid="true"' in page.text
        assert 'value="li-wei"' in page.text
    assert (people(hub), strays(hub)) == (before, 0)


def test_one_that_is_too_large_is_told_so(hub: Hub) -> None:
    visitor, fields = second_step(hub, "li-wei")
    page = send(visitor, fields, b"x" * (3 * 1024 * 1024))
    assert (page.status, "at most 2 MB" in page.text) == (400, True)
    assert people(hub) == 0
    assert send(visitor, fields, drawn()).place == "/verify-email"


def test_whatever_else_is_wrong_leaves_no_picture_behind(hub: Hub) -> None:
    Visitor(hub).join("taken-name")
    for changes in ({"username": "taken-name"}, {"username": "a--b"}, {"consents": ""}):
        visitor, fields = second_step(hub, "li-wei")
        sent = {name: value for name, value in (fields | changes).items() if value}
        page = send(visitor, sent, drawn())
        assert page.status == 400
        assert "Choose the picture once more" in page.text
    assert (people(hub), strays(hub)) == (1, 0)


def test_a_robot_leaves_no_picture_behind(hub: Hub) -> None:
    visitor, fields = second_step(hub, "robot")
    assert (
        send(visitor, fields | {"website": "https://spam.example"}, drawn()).place
        == "/verify-email"
    )
    assert (people(hub), strays(hub)) == (0, 0)


def test_an_address_that_somebody_has_shows_no_difference(hub: Hub) -> None:
    Visitor(hub).join("first-one", "li@example.com")
    visitor = Visitor(hub)
    visitor.begin("li@example.com")
    visitor.take_time()
    proof = visitor.open("/join?step=2").hidden("/join")
    page = send(visitor, proof | AGREED | {"username": "second-one"}, drawn())
    assert page.place == "/verify-email"
    assert shown(visitor, hub, "second-one") is not None


def test_one_address_has_only_so_many_pictures_looked_at(hub: Hub) -> None:
    visitor, fields = second_step(hub, "li-wei")
    for _ in range(joining_picture.PER_HOUR):
        assert send(visitor, fields, b"no picture").status == 400
    refused = send(visitor, fields, b"no picture")
    assert (refused.status, "retry-after" in refused.headers) == (429, True)
    assert visitor.send("/join", fields).place == "/verify-email"
