"""An entry as programs read it: the JSON of the Hub's audit log, and a line of CSV."""

from __future__ import annotations

import csv
import io
from typing import Final

import msgspec

from strata.events.audit.listing import Entry

CSV_COLUMNS: Final = (
    "id",
    "date",
    "type",
    "actor",
    "actorKind",
    "tokenId",
    "onBehalfOf",
    "target",
    "result",
    "ip",
    "userAgent",
    "requestId",
    "detail",
)
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


def shape_of(entry: Entry, actor: str | None, on_behalf_of: str | None) -> dict[str, object]:
    """The entry as JSON; what is unknown is null."""
    before, after = entry.detail.get("before"), entry.detail.get("after")
    rest = {name: entry.detail[name] for name in entry.detail if name not in ("before", "after")}
    return {
        "id": entry.id,
        "date": entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": entry.type,
        "actor": {"kind": entry.actor_kind, "name": actor, "tokenId": entry.token_id},
        "onBehalfOf": on_behalf_of,
        "target": entry.target,
        "result": entry.result,
        "before": before,
        "after": after,
        "detail": rest,
        "ip": entry.ip or None,
        "userAgent": entry.user_agent or None,
        "requestId": entry.request_id or None,
    }


def line_of(entry: Entry, actor: str | None, on_behalf_of: str | None) -> str:
    """The entry as a line of CSV that no spreadsheet takes for a formula."""
    shape = shape_of(entry, actor, on_behalf_of)
    values = shape | {
        "actor": actor,
        "actorKind": entry.actor_kind,
        "tokenId": entry.token_id,
        "detail": msgspec.json.encode(entry.detail).decode(),
    }
    return csv_line([_plain(values[name]) for name in CSV_COLUMNS])


def csv_line(values: list[str]) -> str:
    """One line, quoted where that is needed."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue()


def _plain(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_DANGEROUS) else text
