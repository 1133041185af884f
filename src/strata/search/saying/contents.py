"""What a commit says of its repo: card, files, configuration; worked out once for each commit.

A commit never changes, so neither does this. It is kept in memory under the commit's id, within a
bound of bytes; who may read it was settled by the snapshot, on every request.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import msgspec

from strata.content.card.front_matter import Card, card_at, library_name
from strata.content.reading.files import read_text
from strata.content.reading.tree import Listed as FileEntry, all_files
from strata.content.snapshot import Snapshot
from strata.core.call import Call
from strata.core.names import RepoType
from strata.search.saying import model as models
from strata.search.saying.evaluations import evaluations_at
from strata.search.saying.model import Model, model_of
from strata.search.saying.tags import pipeline_tag, tags_of

CONFIG_BYTES = 1024 * 1024
KEPT_BYTES = 64 * 1024 * 1024  # of all commits that are remembered together, roughly
LARGEST_KEPT_BYTES = 8 * 1024 * 1024  # a commit that takes more is read anew each time
FILE_BYTES = 500  # what Python needs for one file
CARD_FACTOR = 5  # what Python needs for a card, in bytes of its JSON


@dataclass(frozen=True, slots=True)
class Contents:
    """The facts of one commit that lists, `info` and pages show."""

    card_data: dict[str, Any] | None
    tags: tuple[str, ...]
    pipeline_tag: str | None
    library_name: str | None
    config: dict[str, Any] | None  # the few keys of config.json that the Hub shows
    details: dict[str, Any]  # more facts by wire name: transformersInfo, evalResults, …
    files: tuple[FileEntry, ...]  # `xet_hash` is as of the first look
    siblings: msgspec.Raw  # JSON: [{"rfilename": …}, …]
    used_storage: int  # bytes of the files
    weight: int  # bytes that this takes in memory, roughly


Key = tuple[str, str, str | None]


class Remembered:
    """The least recently used contents make room for new ones; any thread may ask.

    Args:
        bound: bytes of all together.
        largest: bytes of one; more is not kept.
    """

    def __init__(self, *, bound: int, largest: int) -> None:
        self._bound = bound
        self._largest = largest
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, Contents] = OrderedDict()
        self._weight = 0

    def find(self, key: Key) -> Contents | None:
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def keep(self, key: Key, contents: Contents) -> None:
        if contents.weight > self._largest:
            return
        with self._lock:
            if key in self._entries:
                return
            self._entries[key] = contents
            self._weight += contents.weight
            while self._weight > self._bound:
                _, dropped = self._entries.popitem(last=False)
                self._weight -= dropped.weight


_remembered = Remembered(bound=KEPT_BYTES, largest=LARGEST_KEPT_BYTES)


def contents_of(call: Call, snapshot: Snapshot) -> Contents:
    """The facts of a snapshot's commit."""
    known = known_contents(snapshot)
    if known is None:
        known = _read(call, snapshot)
        _remembered.keep(_key(snapshot), known)
    return known


def known_contents(snapshot: Snapshot) -> Contents | None:
    """The same when they are remembered; costs nothing."""
    return _remembered.find(_key(snapshot))


def _key(snapshot: Snapshot) -> Key:
    """All that the facts depend on."""
    return (snapshot.commit, snapshot.repo.type.value, snapshot.repo.sdk)


def _read(call: Call, snapshot: Snapshot) -> Contents:
    card = card_at(call, snapshot)
    files = all_files(call, snapshot)
    names = [file.path for file in files]
    siblings = msgspec.json.encode([{"rfilename": name} for name in names])
    model = _model(snapshot, card, names)
    details = _details(snapshot, card, model, names)
    facts_bytes = len(msgspec.json.encode((card.metadata, model.config, details)))
    return Contents(
        card_data=dict(card.metadata) or None,
        tags=tags_of(card, snapshot.repo, model, names),
        pipeline_tag=pipeline_tag(card, model),
        library_name=model.library,
        config=model.config,
        details=details,
        files=tuple(files),
        siblings=msgspec.Raw(siblings),
        used_storage=sum(file.size for file in files),
        weight=FILE_BYTES * (len(files) + 1) + len(siblings) + CARD_FACTOR * facts_bytes,
    )


def _model(snapshot: Snapshot, card: Card, names: list[str]) -> Model:
    """What the files say; of other types than models only the card speaks."""
    said = library_name(card)
    if snapshot.repo.type is not RepoType.MODEL:
        return Model(library=said)
    present = [name for name in models.READ if name in names]
    found = {name: _json_at(snapshot, name) for name in present}
    return model_of(names, {name: one for name, one in found.items() if one is not None}, said)


def _details(snapshot: Snapshot, card: Card, model: Model, names: list[str]) -> dict[str, Any]:
    if snapshot.repo.type is not RepoType.MODEL:
        return {}
    details = {
        "transformersInfo": model.transformers,
        "mask_token": model.mask_token,
        "widgetData": card.metadata.get("widget"),
        "evalResults": evaluations_at(snapshot, names),
    }
    return {name: value for name, value in details.items() if value}


def _json_at(snapshot: Snapshot, name: str) -> dict[str, Any] | None:
    """A small JSON object; None when it is none."""
    text = read_text(snapshot, name, CONFIG_BYTES)
    try:
        parsed = msgspec.json.decode(text) if text else None
    except (msgspec.DecodeError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
