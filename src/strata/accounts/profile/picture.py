"""The picture of an account (product §3.16): decoded apart, kept as small squares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final

import sqlalchemy as sa

from strata.accounts import people, standing
from strata.accounts.profile.dropping import drop_with
from strata.accounts.profile.tables import profiles
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import InvalidFields, NotFound
from strata.core.hub import Hub
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.lib.db.statements import upsert
from strata.lib.pictures.shelf import SHOWN, Shelf, address_of
from strata.lib.pictures.squares import PictureRefused, squares_of
from strata.lib.pictures.worker import Part

# "<public id>-<hash of the squares>.<size>.<kind>": what stands under a name never changes. Names
# with 16 digits are of pictures that were kept before they named their content.
FILE: Final = re.compile(
    r"([0-9a-f]{24})-(?:[0-9a-f]{32}|[0-9a-f]{16})\.(?:512|256|64)\.(?:webp|png)"
)
FOLDER: Final = "avatars"  # of the object store
NOBODY: Final = "There is no such account any more."


def change_picture(call: Call, user_id: int, content: bytes, part: Part | None = None) -> None:
    """Give an account a picture; the door made sure that it is the caller's own.

    Args:
        part: the square of it that is kept; None: the middle one.

    Raises:
        InvalidFields: the picture cannot be used, with the reason.
        NotFound: the account was deleted.
    """
    squares = squares_in(content, part)
    with kept(call.hub, _public_id(call, user_id), squares) as upload:
        before = _point_to(call, user_id, upload)
    if before:
        drop(call.hub, before)


def squares_in(content: bytes, part: Part | None = None) -> Mapping[str, bytes]:
    """The squares of an uploaded picture by name; takes some hundred milliseconds.

    Raises:
        InvalidFields: the picture cannot be used, with the reason.
    """
    try:
        return squares_of(content, part)
    except PictureRefused as refused:
        raise InvalidFields({"picture": (f"picture.{refused.problem}",)}) from refused


def kept(hub: Hub, public_id: str, squares: Mapping[str, bytes]) -> AbstractContextManager[str]:
    """Squares where nothing points to them yet; what `point` takes. They go when it fails."""
    return _shelf(hub).kept(public_id, squares)


def drop(hub: Hub, upload: str) -> None:
    """Take away what `kept` put there."""
    _shelf(hub).drop(upload)


def forget(work: Work, user_id: int) -> None:
    """Have the picture of an account that goes taken away, once its going is committed."""
    drop_with(work, FOLDER, profiles.c.picture, profiles.c.namespace_id == user_id)


def point(work: Work, user_id: int, upload: str | None) -> None:
    """Let an account be seen with a picture that was kept, or with none."""
    fresh = upsert(work.db, profiles).values(namespace_id=user_id, picture=upload)
    pointing = fresh.on_conflict_do_update(
        index_elements=["namespace_id"], set_={"picture": upload}
    )
    work.db.execute(pointing)


def pointed(call: Call, namespace_id: int) -> str | None:
    """What `point` wrote down last."""
    held = sa.select(profiles.c.picture).where(profiles.c.namespace_id == namespace_id)
    upload: str | None = call.db.scalar(held)
    return upload


def remove_picture(call: Call, user_id: int) -> None:
    """Go back to the picture that is drawn from the public id.

    Raises:
        NotFound: the account was deleted.
    """
    before = _point_to(call, user_id, None)
    if before:
        drop(call.hub, before)


def shown_file(call: Call, public_id: str) -> str | None:
    """The file of the square that pages show; None for an account that has no picture."""
    return file_of(_upload(call, public_id))


def square(call: Call, file: str) -> bytes | None:
    """The bytes of a file, while an account is seen with its picture."""
    owner = owner_in(file)
    return square_of(call.hub, _upload(call, owner) if owner else None, file)


def file_of(upload: str | None) -> str | None:
    """The file of the square that pages show of what was kept."""
    return f"{address_of(upload)}.{SHOWN}" if upload else None


def owner_in(file: str) -> str | None:
    """The public id of whoever a file shows; None: no file is called so."""
    named = FILE.fullmatch(file)
    return named[1] if named else None


def square_of(hub: Hub, upload: str | None, file: str) -> bytes | None:
    """The bytes of a file, if it is of what was kept."""
    address, _, name = file.partition(".")
    if upload is None or address_of(upload) != address:
        return None
    return _shelf(hub).read(upload, name)


def _upload(call: Call, public_id: str) -> str | None:
    upload: str | None = call.db.scalar(
        sa.select(profiles.c.picture)
        .join(users, users.c.id == profiles.c.namespace_id)
        .where(users.c.public_id == public_id, standing.is_seen(call))
    )
    return upload


def _point_to(call: Call, user_id: int, upload: str | None) -> str | None:
    """Show an account with an upload; returns the one before, which nothing names any more."""
    with working(call) as work:
        # Of two at once the second one drops what the first one kept.
        owner = people.latest(work, user_id)
        if owner is None:
            raise NotFound(NOBODY)
        before = pointed(work, user_id)
        point(work, user_id, upload)
        record(work, "account.avatar_update", detail=_changed(before, upload))
    return before


def _changed(before: str | None, now: str | None) -> dict[str, object]:
    """Which picture it was and is: the part of its address that names its content."""
    was, is_ = (address_of(upload or "").rpartition("-")[2] for upload in (before, now))
    return {"removed": now is None, **changes({"picture": was}, {"picture": is_})}


def _public_id(call: Call, user_id: int) -> str:
    found = call.db.scalar(sa.select(users.c.public_id).where(users.c.id == user_id))
    return str(found)


def _shelf(hub: Hub) -> Shelf:
    return Shelf(hub.objects, FOLDER)
