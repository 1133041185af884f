"""What the weights of a model say of themselves, read from the heads of their files.

https://huggingface.co/docs/hub/models-widgets and `ModelInfo.safetensors`, `ModelInfo.gguf`. The
files belong to strangers: whatever a head claims, no more than a bounded part of a file is fetched,
and a head that lies gives no summary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from strata.blobs.links import from_start
from strata.content.reading.files import read_text
from strata.content.reading.tree import Listed
from strata.content.snapshot import Snapshot, snapshot
from strata.core.call import Call
from strata.core.errors import EntryNotFound, Unprocessable
from strata.core.names import RepoId, RepoType
from strata.lib.git import read as git
from strata.lib.weights import gguf, safetensors
from strata.lib.weights.source import BadHeader, Source
from strata.search.saying.contents import Contents, contents_of

SINGLE: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
MAX_INDEX_BYTES: Final = 16 * 1024 * 1024
MAX_SHARDS: Final = 2_000
MAX_SHOWN_BYTES: Final = 32 * 1024 * 1024  # of the headers of all shards together, in one answer
MAX_SUMMED_BYTES: Final = 256 * 1024 * 1024  # the same, when only numbers are kept of them
_MAX_TEMPLATE: Final = 64 * 1024  # characters of a chat template that are shown


@dataclass(frozen=True, slots=True)
class Summaries:
    """What the weights say; None when there are none, or none that can be believed."""

    safetensors: dict[str, Any] | None = None  # {"parameters": {"F32": 124}, "total": 124}
    gguf: dict[str, Any] | None = None  # total, architecture, context_length, …

    @property
    def num_parameters(self) -> int:
        """Numbers of the whole model; 0 when nothing tells."""
        known = self.safetensors or self.gguf or {}
        return int(known.get("total", 0))

    def by_wire_name(self) -> dict[str, Any]:
        found = {"safetensors": self.safetensors, "gguf": self.gguf}
        return {name: summary for name, summary in found.items() if summary is not None}


def summaries_of(call: Call, at: Snapshot, contents: Contents) -> Summaries:
    """Read the heads of a model's weights; other repos have none."""
    if at.repo.type is not RepoType.MODEL:
        return Summaries()
    files = {file.path: file for file in contents.files}
    return Summaries(safetensors=_safetensors(call, at, files), gguf=_gguf(call, at, files))


def shards_of(at: Snapshot, index: str) -> tuple[dict[str, Any], list[str]] | None:
    """The metadata of an index file and the names of its shards; None when it is no index."""
    text = read_text(at, index, MAX_INDEX_BYTES)
    try:
        parsed = msgspec.json.decode(text, type=dict[str, Any]) if text else {}
    except (msgspec.DecodeError, RecursionError):
        return None
    weights = parsed.get("weight_map")
    if not isinstance(weights, dict) or not all(isinstance(n, str) for n in weights.values()):
        return None
    folder = index.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    shards = [f"{prefix}{name}" for name in sorted(set(weights.values()))]
    metadata = parsed.get("metadata")
    return (metadata if isinstance(metadata, dict) else {}), shards[:MAX_SHARDS]


@dataclass(slots=True)
class Reader:
    """Reads the headers of one repo's safetensors files, within one budget for all of them."""

    call: Call
    at: Snapshot
    files: Mapping[str, Listed]
    budget: int  # bytes

    def header(self, name: str) -> safetensors.Header:
        """The header of a file.

        Raises:
            BadHeader: it is none, it lies, or the budget is spent.
            EntryNotFound: there is no such file, or the repo was never given its bytes.
        """
        file = self.files.get(name)
        if file is None:
            raise EntryNotFound(commit=self.at.commit)
        with closing(_bytes_of(self.call, self.at, file)) as pieces:
            source = Source(pieces, self.budget)
            try:
                return safetensors.read(source, file.size)
            finally:
                self.budget -= source.spent


def sharded_headers(
    call: Call, repo_id: RepoId, index: str
) -> tuple[dict[str, Any], dict[str, safetensors.Header]]:
    """The metadata of an index file on main, and the header of each of its shards.

    Raises:
        RepoNotFound, GatedRepo, RevisionNotFound: as `content.snapshot`.
        EntryNotFound: there is no such index, or a shard is missing.
        Unprocessable: a header is broken, or together they are too long to show.
    """
    at = snapshot(call, repo_id)
    found = shards_of(at, index)
    if found is None:
        raise EntryNotFound(commit=at.commit)
    metadata, shards = found
    folder = f"{index.rpartition('/')[0]}/".lstrip("/")
    files = {file.path: file for file in contents_of(call, at).files}
    reader = Reader(call, at, files, MAX_SHOWN_BYTES)
    try:
        return metadata, {name.removeprefix(folder): reader.header(name) for name in shards}
    except BadHeader as bad:
        raise Unprocessable(str(bad)) from bad


def _bytes_of(call: Call, at: Snapshot, file: Listed) -> Generator[bytes, None, None]:
    """A file from its start; a generator, so that whoever stops early closes what it holds."""
    if file.pointer is None:
        yield git.read_blob(at.git_path, file.oid)
    else:
        yield from from_start(call, at.repo, file.pointer.oid)


def _safetensors(call: Call, at: Snapshot, files: Mapping[str, Listed]) -> dict[str, Any] | None:
    counted: Counter[str] = Counter()
    reader = Reader(call, at, files, MAX_SUMMED_BYTES)
    try:
        for name in _weights(at, files):
            counted.update(reader.header(name).parameters)
    except (BadHeader, EntryNotFound):
        return None
    total = sum(counted.values())
    if not total or total > 2**63 - 1:
        return None
    return {"parameters": dict(counted), "total": total}


def _weights(at: Snapshot, files: Mapping[str, Listed]) -> list[str]:
    """The files that together are the model: its one file, its shards, or the only one there is."""
    if SINGLE in files:
        return [SINGLE]
    if INDEX in files:
        found = shards_of(at, INDEX)
        return found[1] if found else []
    top = [name for name in files if name.endswith(".safetensors") and "/" not in name]
    return top if len(top) == 1 else []


def _gguf(call: Call, at: Snapshot, files: Mapping[str, Listed]) -> dict[str, Any] | None:
    """The first file that can be believed; a repo holds one model in several precisions."""
    names = sorted(name for name in files if name.endswith(".gguf") and "mmproj" not in name)
    for name in names[:3]:
        try:
            with closing(_bytes_of(call, at, files[name])) as pieces:
                header = gguf.read(Source(pieces, gguf.MAX_HEADER_BYTES))
        except (BadHeader, EntryNotFound):
            continue
        return _shown(header, sum(files[one].size for one in names))
    return None


def _shown(header: gguf.Header, size: int) -> dict[str, Any]:
    template = header.facts.get("tokenizer.chat_template")
    found: dict[str, Any] = {
        "total": header.total,
        "architecture": header.architecture,
        "context_length": header.of_architecture("context_length"),
        "chat_template": template[:_MAX_TEMPLATE] if isinstance(template, str) else None,
        "bos_token": header.token("bos"),
        "eos_token": header.token("eos"),
        "totalFileSize": size,
    }
    return {name: value for name, value in found.items() if value is not None}
