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

from strata.content import card as cards_of
from strata.content.card import card_at
from strata.content.files import read_text
from strata.content.snapshot import Snapshot
from strata.content.tree import Listed as FileEntry, all_files
from strata.core.call import Call

CONFIG_BYTES = 1024 * 1024
CONFIG_KEYS = ("architectures", "model_type", "quantization_config", "auto_map")
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
    siblings = msgspec.json.encode([{"rfilename": file.path} for file in files])
    config = _config_at(snapshot)
    facts_bytes = len(msgspec.json.encode((card.metadata, config)))
    return Contents(
        card_data=dict(card.metadata) or None,
        tags=cards_of.tags_of(card, snapshot.repo),
        pipeline_tag=cards_of.pipeline_tag(card),
        library_name=cards_of.library_name(card),
        config=config,
        files=tuple(files),
        siblings=msgspec.Raw(siblings),
        used_storage=sum(file.size for file in files),
        weight=FILE_BYTES * (len(files) + 1) + len(siblings) + CARD_FACTOR * facts_bytes,
    )


def _config_at(snapshot: Snapshot) -> dict[str, Any] | None:
    """The few facts of config.json that the Hub shows; None when there is none or it is no JSON."""
    text = read_text(snapshot, "config.json", CONFIG_BYTES)
    try:
        parsed = msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return None
    if not isinstance(parsed, dict):
        return None
    return {key: parsed[key] for key in CONFIG_KEYS if key in parsed} or None
