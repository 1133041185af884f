"""What an act changed, for the detail of its fact: what differs, under `before` and `after`."""

from __future__ import annotations

from collections.abc import Mapping


def changes(
    before: Mapping[str, object], after: Mapping[str, object]
) -> dict[str, Mapping[str, object]]:
    """The fields that differ, as they were and as they are; values that JSON has.

    Secrets do not belong here: say `set` or show the part that may be seen.
    """
    names = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    return {
        "before": {name: before.get(name) for name in names},
        "after": {name: after.get(name) for name in names},
    }
