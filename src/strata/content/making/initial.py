"""The first commit of a new repo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from strata.content.authors import signature_of
from strata.content.card.front_matter import CARD, require_valid
from strata.content.writing.attributes import ATTRIBUTES
from strata.content.writing.operations import require_path
from strata.core.call import Call
from strata.core.names import RepoType, Sha
from strata.lib.git import write as git
from strata.lib.git.write import Note, Put

TITLE: Final = "initial commit"

_LARGE: Final = (
    "*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack"
    " *.npy *.npz *.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors"
    " saved_model/**/* *.tar.* *.tar *.tflite *.tgz *.wasm *.xz *.zip *.zst *tfevents*"
)
_LARGE_IN_DATASETS: Final = (
    "*.lz4 *.mds *.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.wav *.bmp *.gif *.png *.tiff *.jpg"
    " *.jpeg *.webp *.mp4 *.webm"
)
_RULE: Final = "filter=lfs diff=lfs merge=lfs -text"
_APP: Final = {"gradio": "app.py", "streamlit": "app.py", "static": "index.html"}


class NewRepo(Protocol):
    """What the first commit depends on."""

    @property
    def key(self) -> str: ...
    @property
    def type(self) -> RepoType: ...
    @property
    def name(self) -> str: ...
    @property
    def sdk(self) -> str | None: ...


def initial_commit(call: Call, repo: NewRepo, files: Mapping[str, bytes]) -> Sha:
    """Make the bare repository and its first commit; the caller moves `main` to it.

    The standard `.gitattributes`, and for a Space a README.md, are added unless given.

    Raises:
        Unprocessable: a path that no repo may hold.
        InvalidFields: a README.md with wrong metadata.
    """
    contents = {ATTRIBUTES: standard_attributes(repo.type).encode(), **_readme(repo), **files}
    for path in contents:
        require_path(path)
    if CARD in contents:
        require_valid(contents[CARD].decode("utf-8", "replace"), repo.type)
    store = call.hub.git_path(repo.key)
    git.init(store)
    note = Note(signature_of(call.hub, call.actor), call.now, TITLE)
    puts = [Put(name, content) for name, content in contents.items()]
    return Sha(git.write_commit(store, None, puts, (), note))


def standard_attributes(repo_type: RepoType) -> str:
    """The rules of large files that every new repo starts with."""
    more = _LARGE_IN_DATASETS if repo_type is RepoType.DATASET else ""
    return "".join(f"{pattern} {_RULE}\n" for pattern in f"{_LARGE} {more}".split())


def _readme(repo: NewRepo) -> dict[str, bytes]:
    if repo.type is not RepoType.SPACE:
        return {}
    sdk = repo.sdk or "static"
    lines = [
        "---",
        f'title: "{repo.name}"',
        "emoji: 🪨",
        "colorFrom: green",
        "colorTo: gray",
        f"sdk: {sdk}",
        *([f"app_file: {_APP[sdk]}"] if sdk in _APP else ()),
        "pinned: false",
        "---",
    ]
    return {CARD: ("\n".join(lines) + "\n").encode()}
