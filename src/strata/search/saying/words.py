"""The words by which a repo is found: its tags, and others that no client is shown.

A hidden word begins with `=`, as no tag of the Hub's does. It stands for what a parameter of the
lists asks: which local app runs a model, which models a Space uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from strata.content.card.rules import texts
from strata.core.names import RepoType
from strata.search.saying.contents import Contents
from strata.search.saying.summaries import Summaries

HIDDEN: Final = "hidden"
OTHER: Final = "other"
LINKED: Final = "=linked"
LONGEST: Final = 512  # characters; what is longer is no tag that anybody looks for

# Tags of these begin with the word and a colon.
_PREFIXES: Final = """
    annotations_creators arxiv base_model benchmark dataset doi format language language_creators
    library license modality multilinguality region size_categories source_datasets
    task_categories task_ids
    """
PREFIXED: Final = frozenset(_PREFIXES.split())


def hidden(parameter: str, value: str) -> str:
    """The word that stands for a parameter of the lists and its value."""
    return f"={parameter}:{value}".lower()


def words_of(
    repo_type: RepoType, contents: Contents, summaries: Summaries
) -> dict[str, tuple[str, str]]:
    """Every word of a repo, folded, with its spelling and its kind."""
    known = {contents.library_name: "library", contents.pipeline_tag: "pipeline_tag"}
    languages = texts((contents.card_data or {}).get("language"))
    known |= dict.fromkeys(languages, "language")
    found = {}
    for tag in contents.tags:
        prefix = tag.partition(":")[0]
        kind = prefix if ":" in tag and prefix in PREFIXED else known.get(tag, OTHER)
        found[tag.lower()] = (tag, kind)
    for word in _hidden(repo_type, contents, summaries):
        found[word] = (word, HIDDEN)
    return {word: facts for word, facts in found.items() if len(word) <= LONGEST}


def _hidden(repo_type: RepoType, contents: Contents, summaries: Summaries) -> Iterator[str]:
    if repo_type is RepoType.MODEL:
        yield from (hidden("apps", app) for app in _apps(contents, summaries))
    if repo_type is RepoType.SPACE:
        linked = [
            hidden(parameter, name)
            for parameter in ("models", "datasets")
            for name in texts((contents.card_data or {}).get(parameter))
        ]
        yield from linked
        if linked:
            yield LINKED


_BY_GGUF: Final = (
    "llama.cpp", "ollama", "lmstudio", "jan", "backyard", "sanctum", "jellybox", "msty",
    "recursechat", "koboldcpp", "node-llama-cpp", "docker-model-runner", "lemonade", "unsloth",
)  # fmt: skip
_SERVED_TASKS: Final = frozenset({"text-generation", "image-text-to-text"})
_QUANTIZED: Final = frozenset({"awq", "gptq", "aqlm", "marlin"})


def _apps(contents: Contents, summaries: Summaries) -> Iterator[str]:
    """The local apps that run a model (huggingface.js, packages/tasks/src/local-apps.ts)."""
    llama = bool((summaries.gguf or {}).get("context_length"))
    if llama:
        yield from _BY_GGUF
    quantization = (contents.config or {}).get("quantization_config")
    method = quantization.get("quant_method") if isinstance(quantization, dict) else None
    served = llama or "transformers" in contents.tags or method in _QUANTIZED
    if served and contents.pipeline_tag in _SERVED_TASKS:
        yield from ("vllm", "sglang", "docker-model-runner")
    if "mlx" in contents.tags and contents.pipeline_tag in _SERVED_TASKS:
        yield from ("mlx-lm", "lmstudio")
    if contents.library_name == "diffusers":
        yield from ("draw-things", "diffusionbee", "joyfusion", "invoke")
