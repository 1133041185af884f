"""Code that uses a repo with the public clients, filled in with this hub's address.

People copy it into their shells: nothing of a card gets in but words that we know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from strata.content.card.tasks import PIPELINE_TAGS
from strata.core.names import RepoType
from strata.lib.markdown.highlight import highlight_block
from strata.repos.record import Repo
from strata.web.pages.frame.addresses.clone_address import Addresses
from strata.web.pages.words.language import N_

_FLAGS: Final = {
    RepoType.MODEL: "",
    RepoType.DATASET: " --repo-type dataset",
    RepoType.SPACE: " --repo-type space",
    RepoType.KERNEL: " --repo-type kernel",
}
_ARGUMENTS: Final = {
    RepoType.MODEL: "",
    RepoType.DATASET: ', repo_type="dataset"',
    RepoType.SPACE: ', repo_type="space"',
    RepoType.KERNEL: ', repo_type="kernel"',
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """One piece of code to copy."""

    title: str  # marked for translation
    code: str
    language: str

    @property
    def html(self) -> Markup:
        # Made by our highlighter, which escapes what it does not colour.
        return Markup(highlight_block(self.code, self.language))  # noqa: S704


def usage(
    repo: Repo, addresses: Addresses, library: str | None, task: str | None
) -> tuple[Snippet, ...]:
    """How to use a repo: its library first, then plain downloads, then git."""
    base_url = addresses.base_url
    by_ssh = Snippet(N_("Clone with git over SSH"), f"git clone {addresses.ssh}", "bash")
    return (
        *_in_python(repo, base_url, library, task),
        Snippet(N_("Download with the command line"), _by_cli(repo, base_url), "bash"),
        Snippet(N_("Download in Python"), _by_python(repo, base_url), "python"),
        Snippet(N_("Clone with git"), f"git clone {base_url}{repo.web_path}", "bash"),
        *((by_ssh,) if addresses.ssh else ()),
    )


def recipes(repo: Repo, addresses: Addresses) -> tuple[Snippet, ...]:
    """How to put the first files into an empty repo."""
    base_url = addresses.base_url
    flag, argument = _FLAGS[repo.type], _ARGUMENTS[repo.type]
    cli = (
        f'export HF_ENDPOINT="{base_url}"\n'
        "hf auth login\n"
        f"hf upload{flag} {repo.full_name} ./folder ."
    )
    python = (
        "import os\n"
        f'os.environ["HF_ENDPOINT"] = "{base_url}"\n\n'
        "from huggingface_hub import HfApi\n\n"
        "HfApi().upload_folder(\n"
        f'    repo_id="{repo.full_name}"{argument},\n'
        '    folder_path="./folder",\n'
        ")"
    )
    by_ssh = Snippet(N_("Push with git over SSH"), _pushed(repo, addresses.ssh), "bash")
    return (
        Snippet(N_("Upload with the command line"), cli, "bash"),
        Snippet(N_("Upload in Python"), python, "python"),
        Snippet(N_("Push with git"), _pushed(repo, f"{base_url}{repo.web_path}"), "bash"),
        *((by_ssh,) if addresses.ssh else ()),
    )


def _pushed(repo: Repo, address: str) -> str:
    return (
        f"git clone {address}\n"
        f"cd {repo.name}\n"
        "git lfs install\n"
        'git add . && git commit -m "Add files"\n'
        "git push"
    )


def endpoint(base_url: str) -> Snippet:
    """The one line that points the clients here."""
    return Snippet("", f'export HF_ENDPOINT="{base_url}"', "bash")


def _by_cli(repo: Repo, base_url: str) -> str:
    return f'export HF_ENDPOINT="{base_url}"\nhf download{_FLAGS[repo.type]} {repo.full_name}'


def _by_python(repo: Repo, base_url: str) -> str:
    call = f'snapshot_download("{repo.full_name}"{_ARGUMENTS[repo.type]})'
    return f"{pointed(base_url)}from huggingface_hub import snapshot_download\n\n{call}"


def pointed(base_url: str) -> str:
    """The endpoint is read when the library is imported, so it is set before."""
    return f'import os\nos.environ["HF_ENDPOINT"] = "{base_url}"\n\n'


def _in_python(
    repo: Repo, base_url: str, library: str | None, task: str | None
) -> Iterator[Snippet]:
    start, name = pointed(base_url), repo.full_name
    if repo.type is RepoType.DATASET:
        code = f'from datasets import load_dataset\n\ndataset = load_dataset("{name}")'
        yield Snippet(N_("With the datasets library"), start + code, "python")
    elif repo.type is RepoType.MODEL and (library or "").lower() in _LIBRARIES:
        code = _LIBRARIES[(library or "").lower()].replace("{id}", name)
        chosen = code.replace("{task}", f'"{task}", ' if task in PIPELINE_TAGS else "")
        yield Snippet(N_("With its library"), start + chosen, "python")


_LIBRARIES: Final = {
    "transformers": 'from transformers import pipeline\n\npipe = pipeline({task}model="{id}")',
    "sentence-transformers": (
        "from sentence_transformers import SentenceTransformer\n\n"
        'model = SentenceTransformer("{id}")'
    ),
    "diffusers": (
        "from diffusers import DiffusionPipeline\n\n"
        'pipe = DiffusionPipeline.from_pretrained("{id}")'
    ),
    "timm": 'import timm\n\nmodel = timm.create_model("hf_hub:{id}", pretrained=True)',
    "peft": ('from peft import AutoPeftModel\n\nmodel = AutoPeftModel.from_pretrained("{id}")'),
}
