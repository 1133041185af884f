"""Write what is kept of a person into a ZIP archive of JSON files, row by row (product §3.19)."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

import msgspec
import sqlalchemy as sa

from strata.accounts import people
from strata.core.call import Call, Origin, Work, working
from strata.core.personal import Personal
from strata.events import outbox
from strata.membership.export import letters
from strata.membership.export.tables import exports

LIFE: Final = timedelta(days=7)
FOLDER: Final = "exports"
README: Final = """What this site keeps of you, as JSON. What you published can be taken along too:

    hf download OWNER/NAME
    git clone {base}/OWNER/NAME

`repositories.json` lists what you own.
"""


@dataclass(frozen=True, slots=True)
class PackExport:
    """Make one copy and tell its person; a second run of the same job makes it anew."""

    kind: ClassVar[str] = "accounts.export"
    key: str
    base_url: str

    def run(self, call: Call) -> None:
        row = call.db.execute(sa.select(exports).where(exports.c.key == self.key)).first()
        user = people.by_id(call, row.user_id) if row else None
        if row is None or user is None or row.ready_at is not None:
            return
        call = replace(call, origin=Origin(base_url=self.base_url))
        with tempfile.NamedTemporaryFile(
            dir=call.hub.objects.staging(), suffix=".zip", delete=False
        ) as file:
            path = Path(file.name)
        try:
            _write(call, user.id, path)
            size = path.stat().st_size
            call.hub.objects.put(object_key(self.key), path, overwrite=True)
        finally:
            path.unlink(missing_ok=True)
        with working(call) as work:
            owner = people.latest(work, user.id)
            if owner is not None and _note_ready(work, self.key, size):
                outbox.post(work, letters.ready(work, people.reader(owner), days=LIFE.days))


def object_key(key: str) -> str:
    return f"{FOLDER}/{key[:2]}/{key}.zip"


def forget_expired(work: Work) -> None:
    """Forget the copies whose week is over."""
    work.db.execute(sa.delete(exports).where(exports.c.expires_at <= work.now))


def sweep(call: Call) -> None:
    """Remove the archives that belong to nobody any more."""
    for facts in call.hub.objects.keys(FOLDER):
        key = facts.key.rpartition("/")[2].removesuffix(".zip")
        there = sa.select(exports.c.id).where(exports.c.key == key)
        if call.db.execute(there).first() is None:
            call.hub.objects.delete(facts.key)


def _write(call: Call, user_id: int, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README.format(base=call.origin.base_url))
        for personal in call.hub.personal:
            _write_parts(call, user_id, archive, personal)


def _write_parts(call: Call, user_id: int, archive: zipfile.ZipFile, personal: Personal) -> None:
    for part in personal.parts:
        with archive.open(f"{part.name}.json", "w", force_zip64=True) as file:
            for piece in _json(part.read(call, user_id)):
                file.write(piece)


def _json(rows: Iterator[Mapping[str, object]]) -> Iterator[bytes]:
    before = b"[\n"
    for row in rows:
        yield before + msgspec.json.encode({name: _plain(row[name]) for name in row})
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _note_ready(work: Work, key: str, size: int) -> bool:
    """Whether there is such a copy still, and nobody else has noted the same."""
    ready = {"ready_at": work.now, "expires_at": work.now + LIFE, "size": size}
    waits = sa.and_(exports.c.key == key, exports.c.ready_at.is_(None))
    return work.db.execute(sa.update(exports).where(waits).values(**ready)).rowcount == 1
