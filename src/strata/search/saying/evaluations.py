"""Scores that a model's repo holds in `.eval_results/*.yaml`.

https://huggingface.co/docs/hub/eval-results; huggingface_hub/_eval_results.py:EvalResultEntry reads
what this makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from strata.content.reading.files import read_text
from strata.content.snapshot import Snapshot
from strata.lib.markdown.front_matter import BadFrontMatter, Value, load_any

FOLDER: Final = ".eval_results/"
MAX_FILES: Final = 50
MAX_BYTES: Final = 256 * 1024
_TEXTS: Final = ("verifyToken", "date", "notes")


class BadResults(Exception):
    """A file of results lacks something; the message says what."""


def evaluations_at(snapshot: Snapshot, names: Iterable[str]) -> list[dict[str, Any]]:
    """The scores of all files, and an error for each file that cannot be read."""
    found: list[dict[str, Any]] = []
    wanted = [
        name for name in names if name.startswith(FOLDER) and name.endswith((".yaml", ".yml"))
    ]
    for name in wanted[:MAX_FILES]:
        try:
            found += [
                {"filename": name, "data": entry}
                for entry in _entries(read_text(snapshot, name, MAX_BYTES))
            ]
        except (BadFrontMatter, BadResults) as bad:
            found.append({"filename": name, "error": str(bad)})
    return found


def _entries(text: str | None) -> Iterator[dict[str, Any]]:
    """Read one file.

    Raises:
        BadFrontMatter: it is not YAML.
        BadResults: a sentence about what is missing.
    """
    loaded = load_any(text or "")
    if not isinstance(loaded, list):
        raise BadResults("Write the file as a list of results.")
    for at, entry in enumerate(loaded):
        yield _entry(f"results[{at}]", entry)


def _entry(place: str, entry: Value) -> dict[str, Any]:
    dataset = entry.get("dataset") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(dataset, dict):
        raise BadResults(f"{place} needs a dataset.")
    for key in ("id", "task_id"):
        if not isinstance(dataset.get(key), str):
            raise BadResults(f"{place}.dataset needs the text {key!r}.")
    if entry.get("value") is None:
        raise BadResults(f"{place} needs a value.")
    made: dict[str, Any] = {
        "dataset": {
            key: dataset[key]
            for key in ("id", "task_id", "revision")
            if isinstance(dataset.get(key), str)
        },
        "value": entry["value"],
    }
    made |= {key: entry[key] for key in _TEXTS if isinstance(entry.get(key), str)}
    source = entry.get("source")
    if isinstance(source, dict) and isinstance(source.get("url"), str):
        keys = ("url", "name", "user", "org")
        made["source"] = {key: source[key] for key in keys if isinstance(source.get(key), str)}
    return made
