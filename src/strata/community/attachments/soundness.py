"""Are attached files where the table says, and no others? For `strata doctor` and `strata gc`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.community.attachments.attach import FOLDER, Attachment
from strata.community.attachments.tables import attachments
from strata.core.call import Call
from strata.core.findings import Check, Finding

_SETTLED: Final = timedelta(days=1)  # after this an upload has its row or never will


def unsound_attachments(call: Call) -> Iterator[Finding]:
    """Attachments whose bytes are missing or of another size."""
    rows = call.db.execute(sa.select(attachments).order_by(attachments.c.key)).all()
    for row in rows:
        held = Attachment(row.key, row.media_type, row.size)
        facts = call.hub.objects.facts(held.object_key)
        if facts is None:
            yield Finding(Check.ATTACHMENTS, held.file_name, "its bytes are missing")
        elif facts.size != held.size:
            problem = f"it has {facts.size} bytes instead of {held.size}"
            yield Finding(Check.ATTACHMENTS, held.file_name, problem)


def sweep_strays(call: Call, *, delete: bool) -> int:
    """Count the files that a crash left without a row, and remove them if asked to."""
    before, strays = call.now - _SETTLED, 0
    for facts in call.hub.objects.keys(FOLDER):
        key = facts.key.rpartition("/")[2]
        known = sa.select(attachments.c.key).where(attachments.c.key == key)
        if facts.modified >= before or call.db.execute(known).first() is not None:
            continue
        strays += 1
        if delete:
            call.hub.objects.delete(facts.key)
    return strays
