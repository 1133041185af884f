"""The parameters by which addresses and API calls filter lists, and the words they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from strata.core.names import RepoType
from strata.search.saying.words import hidden

# Parameter → what its words begin with. A value may repeat it: `license=license:mit`.
_COMMON: Final = {"license": "license:", "region": "region:", "arxiv": "arxiv:", "other": ""}
_HIDDEN: Final = frozenset({"apps", "models", "datasets"})

PARAMETERS: Final[Mapping[RepoType, Mapping[str, str]]] = {
    RepoType.MODEL: {
        **_COMMON,
        "pipeline_tag": "",
        "library": "",
        "language": "",
        "dataset": "dataset:",
        "base_model": "base_model:",
        "apps": "",
    },
    RepoType.DATASET: {
        **_COMMON,
        "language": "language:",
        "library": "library:",
        "task_categories": "task_categories:",
        "task_ids": "task_ids:",
        "size_categories": "size_categories:",
        "format": "format:",
        "modality": "modality:",
        "multilinguality": "multilinguality:",
        "language_creators": "language_creators:",
        "benchmark": "benchmark:",
    },
    RepoType.SPACE: {**_COMMON, "sdk": "", "models": "", "datasets": ""},
    RepoType.KERNEL: {**_COMMON, "library": ""},
}
_BARE: Final = ("language:", "library:", "pipeline_tag:")  # prefixes that tags of models lack


def word_for(repo_type: RepoType, parameter: str, value: str) -> str:
    """The word that a parameter and its value stand for."""
    text = value.strip()
    if parameter in _HIDDEN:
        return hidden(parameter, text)
    prefix = PARAMETERS[repo_type][parameter]
    bare = text.removeprefix(f"{parameter}:")
    return f"{prefix}{bare.removeprefix(prefix)}"


def plain(repo_type: RepoType, tag: str) -> str:
    """A filter as the tag that it names: of models, languages and libraries are bare words."""
    text = tag.strip()
    if repo_type is RepoType.MODEL:
        for prefix in _BARE:
            text = text.removeprefix(prefix)
    return text
