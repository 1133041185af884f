"""Files that people attach to their texts."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.inboxes import opens, says
from fixtures.large_files import (
    calling,
    left_in_staging,
    person,
    spool,
    with_local_store,
    working_as,
)
from strata.blobs.links import Local, Piped
from strata.community.attachments.attach import (
    ENDINGS,
    Attachment,
    attach,
    attachment,
    largest,
    require_attach,
)
from strata.community.attachments.placing import is_public
from strata.community.attachments.soundness import sweep_strays, unsound_attachments
from strata.community.attachments.tables import attachments
from strata.community.discussions import thread
from strata.core.actor import ANONYMOUS, SYSTEM, Actor, TokenFacts, TokenRole
from strata.core.errors import (
    EmailNotVerified,
    Forbidden,
    Malformed,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.lib.objects.store import pieces
from strata.lib.pictures.squares import clean
from strata.repos.tables import repos


def drawn(kind: str) -> bytes:
    """A picture as this hub keeps it: to clean it again changes nothing."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, kind)
    return clean(out.getvalue())


STARTS = {
    "image/png": drawn("PNG"),
    "image/jpeg": drawn("JPEG"),
    "image/gif": drawn("GIF"),
    "image/webp": drawn("WEBP"),
    "image/avif": drawn("AVIF"),
    "video/mp4": b"\x00\x00\n\x20ftypisom",
    "video/quicktime": b"\x00\x00\x00\x08wide",
    "video/webm": b"\x1a\x45\xdf\xa3",
    "audio/mpeg": b"ID3\x03",
    "audio/wav": b"RIFF\x10\x00\x00\x00WAVE",
}


@pytest.fixture(params=["memory", "local"])
def hub(tmp_path: Path, clock: FrozenClock, request: pytest.FixtureRequest) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock)
    yield with_local_store(built) if request.param == "local" else built
    built.database.close()


def attached(hub: Hub, actor: Actor, media_type: str, content: bytes) -> Attachment:
    body = spool(hub, content)
    try:
        with calling(hub, actor) as call:
            return attach(call, media_type, body)
    finally:
        body.discard()


def content_of(hub: Hub, name: str) -> tuple[Attachment, bytes]:
    with calling(hub, ANONYMOUS) as call:
        held, place = attachment(call, name)
    match place:
        case Local(path=path):
            return held, path.read_bytes()
        case Piped(key=key):
            return held, b"".join(pieces(hub.objects, key))


@pytest.mark.slow
@pytest.mark.parametrize("media_type", ENDINGS)
def test_what_a_browser_can_show_is_kept(hub: Hub, reader: Actor, media_type: str) -> None:
    content = STARTS[media_type]
    if not media_type.startswith("image/"):
        content += b"x" * 100
    made = attached(hub, reader, media_type, content)
    assert made.file_name.endswith(f".{ENDINGS[media_type]}")
    assert content_of(hub, made.file_name) == (made, content)
    other = attached(hub, reader, media_type, content)
    assert made.key != other.key
    assert len(made.key) == 32
    assert left_in_staging(hub) == []


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("image/svg+xml", b"<svg/>"),
        ("text/html", b"<script>alert(1)</script>"),
        ("", STARTS["image/png"]),
        ("image/png", b"<script>alert(1)</script>"),
        ("image/png", b""),
        ("image/png", STARTS["image/png"][:20]),
        ("image/webp", STARTS["audio/wav"]),
        ("image/avif", STARTS["video/mp4"]),
        ("image/avif", STARTS["image/avif"][:-30]),
        ("video/mp4", STARTS["video/webm"]),
        ("audio/mpeg", b"\xff\x00"),
    ],
)
def test_anything_else_is_refused(hub: Hub, reader: Actor, media_type: str, content: bytes) -> None:
    with pytest.raises(Malformed):
        attached(hub, reader, media_type, content)
    assert list(hub.objects.keys("attachments")) == []
    assert left_in_staging(hub) == []


def test_only_people_who_may_write_attach(hub: Hub, reader: Actor) -> None:
    content = STARTS["image/png"]
    reading = TokenFacts(1, "t", TokenRole.READ, hub.clock())
    for actor, failure in (
        (ANONYMOUS, Unauthenticated),
        (replace(reader, verified=False), EmailNotVerified),
        (replace(reader, token=reading), Forbidden),
    ):
        with pytest.raises(failure):
            attached(hub, actor, "image/png", content)
    assert list(hub.objects.keys("attachments")) == []


@pytest.mark.slow
def test_sizes_and_numbers_are_bounded(hub: Hub, reader: Actor, clock: FrozenClock) -> None:
    limits = replace(
        hub.settings.limits, attachment_bytes=500, film_bytes=1000, attachments_per_hour=2
    )
    strict = replace(hub, settings=replace(hub.settings, limits=limits))
    assert (largest(limits, "image/png"), largest(limits, "video/mp4")) == (500, 1000)
    assert largest(hub.settings.limits, "image/avif") == 10 << 20  # product §3.16
    with pytest.raises(TooLarge):
        attached(strict, reader, "image/png", STARTS["image/png"].ljust(501))
    with calling(strict, reader) as call, pytest.raises(TooLarge):
        require_attach(call, "image/png", 501)
    attached(strict, reader, "video/mp4", STARTS["video/mp4"].ljust(1000))
    attached(strict, reader, "image/png", STARTS["image/png"].ljust(500))
    with pytest.raises(TooMany):
        attached(strict, reader, "image/png", STARTS["image/png"])
    assert len(list(hub.objects.keys("attachments"))) == 2
    clock.advance(timedelta(hours=1, seconds=1))
    attached(strict, reader, "image/png", STARTS["image/png"])


@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_a_picture_does_not_tell_where_it_was_taken(hub: Hub, reader: Actor, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET PLACE"
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind, exif=exif)
    assert b"SECRET" in out.getvalue()
    made = attached(hub, reader, f"image/{kind.lower()}", out.getvalue())
    held, content = content_of(hub, made.file_name)
    assert b"SECRET" not in content
    assert held.size == len(content)


def shows(hub: Hub, actor: Actor, made: Attachment) -> bool:
    with calling(hub, actor) as call:
        try:
            attachment(call, made.file_name)
        except NotFound:
            return False
        return True


def test_what_is_in_a_private_repo_is_for_those_who_may_see_it(hub: Hub) -> None:
    ana, bob, eve = person(hub, "ana"), person(hub, "bob"), person(hub, "eve")
    secret = created(hub, ana, "secret", private=True)
    open_one = created(hub, bob, "open")
    made = attached(hub, ana, "image/png", STARTS["image/png"])
    link = f"![x](http://hub.test/uploads/{made.file_name})"
    assert shows(hub, ANONYMOUS, made)  # only who sent it knows the address
    with calling(hub, ana) as call:
        assert not is_public(call, made.key)
    opens(hub, ana, secret, link)
    assert [shows(hub, who, made) for who in (ana, bob, eve, ANONYMOUS)] == [True] + [False] * 3
    opens(hub, eve, open_one, f"I know where it is: {link}")
    assert not shows(hub, eve, made)
    says(hub, ana, open_one, f"Look: {link}")  # its sender says that everybody may
    assert shows(hub, ANONYMOUS, made)
    with calling(hub, ANONYMOUS) as call:
        assert is_public(call, made.key)
    with working_as(hub, ANONYMOUS) as work:
        work.db.execute(sa.update(repos).where(repos.c.id == open_one.id).values(private=True))
    assert [shows(hub, who, made) for who in (ana, bob, eve)] == [True, True, False]


def test_an_edited_text_counts_too(hub: Hub) -> None:
    ana, eve = person(hub, "ana"), person(hub, "eve")
    secret = created(hub, ana, "secret", private=True)
    made = attached(hub, ana, "video/mp4", STARTS["video/mp4"])
    opens(hub, ana, secret)
    key = says(hub, ana, secret, "Nothing yet")
    assert shows(hub, eve, made)
    with calling(hub, ana) as call:
        thread.edit(call, secret.repo_id, 1, key, f"/uploads/{made.file_name}")
    assert (shows(hub, ana, made), shows(hub, eve, made)) == (True, False)


@pytest.mark.parametrize(
    "name", ["", ".", "x.png", "0" * 32, "0" * 32 + ".png", "a\0b.png", "../x"]
)
def test_names_that_were_never_given_are_missing(hub: Hub, name: str) -> None:
    with calling(hub, ANONYMOUS) as call, pytest.raises(NotFound):
        attachment(call, name)


def test_a_name_with_another_ending_is_missing(hub: Hub, reader: Actor) -> None:
    made = attached(hub, reader, "image/png", STARTS["image/png"])
    with calling(hub, ANONYMOUS) as call:
        for name in (made.key, f"{made.key}.html", f"{made.file_name}.html"):
            with pytest.raises(NotFound):
                attachment(call, name)
        assert call.db.scalar(sa.select(attachments.c.user_id)) == reader.user_id


@pytest.mark.slow
def test_doctor_and_gc_look_after_attachments(hub: Hub, reader: Actor, clock: FrozenClock) -> None:
    whole, lost, cut = (attached(hub, reader, "image/png", STARTS["image/png"]) for _ in range(3))
    stray = f"attachments/ab/{'ab' * 16}"
    hub.objects.put(stray, b"left by a crash")
    hub.objects.delete(lost.object_key)
    hub.objects.put(cut.object_key, b"x", overwrite=True)
    clock.advance(timedelta(hours=1))
    with calling(hub, SYSTEM) as call:
        problems = {finding.place: finding.problem for finding in unsound_attachments(call)}
        assert sweep_strays(call, delete=True) == 0, "perhaps its row is on its way"
    assert problems == {
        lost.file_name: "its bytes are missing",
        cut.file_name: f"it has 1 bytes instead of {cut.size}",
    }
    clock.advance(timedelta(days=400))  # also beyond the real time that files are stamped with
    with calling(hub, SYSTEM) as call:
        assert sweep_strays(call, delete=False) == 1
        assert sweep_strays(call, delete=True) == 1
        assert sweep_strays(call, delete=True) == 0
    assert content_of(hub, whole.file_name)[0] == whole
