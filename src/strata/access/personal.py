"""What this room holds of a person, and the log, which it opens to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from strata.access import audit
from strata.access.gates.tables import access_requests, gathered_requests
from strata.core.call import Call
from strata.core.personal import Kept, Part, Personal
from strata.events.audit import narrowing
from strata.events.audit.shape import shape_of
from strata.lib.db.seek import Window

_BATCH: Final = 500


def _log(call: Call, user_id: int) -> Iterator[Mapping[str, object]]:
    """All that is kept, with the places of the person's own acts alone."""
    window: Window | None = Window(_BATCH)
    while window is not None:
        page = audit.of_person(call, user_id, window, narrowing.EVERYTHING)
        for told in page.rows:
            yield shape_of(told.entry, told.actor, told.on_behalf_of)
        window = Window(_BATCH, page.last) if page.last is not None else None


PERSONAL: Final = Personal(
    kept=(
        Kept(access_requests.c.user_id, "delete"),
        Kept(gathered_requests.c.user_id, "delete"),
        Kept(access_requests.c.reviewed_by, "unname"),
    ),
    parts=(Part("security-log", _log),),
)
