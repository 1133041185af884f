"""A repo as JSON: the fields of 02 §B, for one repo and for lists.

`expand` answers hold `_id`, `id` and the listed fields alone. A field that we have no value for
is left out, as clients treat every field but `id` as optional; what must be there for old clients
(`modelId`, `gated`) is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from strata.core.errors import Malformed
from strata.core.names import RepoType
from strata.search.listing import Listed
from strata.web.respond import moment

Field = Callable[[Listed], object]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_MODEL = _words(
    "author baseModels cardData childrenModelCount config createdAt disabled downloads"
    " downloadsAllTime evalResults gated gguf inference inferenceProviderMapping lastModified"
    " library_name likes mask_token model-index pipeline_tag private resourceGroup safetensors sha"
    " siblings spaces tags transformersInfo trendingScore usedStorage widgetData"
)
_DATASET = _words(
    "author cardData citation createdAt description disabled downloads downloadsAllTime gated"
    " lastModified likes mainSize paperswithcode_id private resourceGroup sha siblings tags"
    " trendingScore usedStorage"
)
_SPACE = _words(
    "author cardData createdAt datasets disabled lastModified likes models private region"
    " resourceGroup runtime sdk sha siblings subdomain tags trendingScore usedStorage"
)
_KERNEL = _words(
    "author cardData createdAt disabled downloads downloadsAllTime gated lastModified likes private"
    " resourceGroup sha siblings tags trendingScore usedStorage"
)
_QUIETLY = ("xetEnabled", "gitalyUid", "securityRepoStatus", "gated")  # seen on the wire


@dataclass(frozen=True, slots=True)
class Fields:
    """What may be expanded for one type."""

    known: tuple[str, ...]
    brief: tuple[str, ...]  # an item of a list
    full: tuple[str, ...]  # an item with `full`, and the plain answer for one repo

    def checked(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Insist that every name is known.

        Raises:
            Malformed: with the list, in the form that clients' tests read.
        """
        for name in wanted:
            if name not in self.known and name not in _QUIETLY:
                raise Malformed(f'"expand" must be one of [{", ".join(self.known)}]')
        return tuple(dict.fromkeys(wanted))


EXPANDABLE: Mapping[RepoType, Fields] = {
    RepoType.MODEL: Fields(
        known=_MODEL,
        brief=_words(
            "modelId likes trendingScore private downloads tags pipeline_tag library_name createdAt"
        ),
        full=_words(
            "modelId author sha lastModified createdAt private gated disabled downloads likes tags"
            " pipeline_tag library_name cardData config siblings spaces usedStorage trendingScore"
            " safetensors gguf transformersInfo mask_token model-index widgetData"
        ),
    ),
    RepoType.DATASET: Fields(
        known=_DATASET,
        brief=_words(
            "author disabled gated lastModified likes trendingScore private sha downloads tags"
            " createdAt description"
        ),
        full=_words(
            "author sha lastModified createdAt private gated disabled downloads likes tags cardData"
            " description siblings usedStorage trendingScore"
        ),
    ),
    RepoType.SPACE: Fields(
        known=_SPACE,
        brief=_words("likes trendingScore private sdk tags createdAt"),
        full=_words(
            "author sha lastModified createdAt private gated disabled likes tags sdk cardData"
            " siblings usedStorage trendingScore"
        ),
    ),
    RepoType.KERNEL: Fields(
        known=_KERNEL,
        brief=_words(
            "author disabled gated lastModified likes trendingScore private sha downloads tags"
            " createdAt"
        ),
        full=_words(
            "author sha lastModified createdAt private gated disabled downloads likes tags cardData"
            " siblings usedStorage trendingScore"
        ),
    ),
}

_FIELDS: Mapping[str, Field] = {
    "modelId": lambda row: row.repo.full_name,
    "author": lambda row: row.repo.namespace,
    "sha": lambda row: row.head,
    "lastModified": lambda row: moment(row.repo.updated_at),
    "createdAt": lambda row: moment(row.repo.created_at),
    "private": lambda row: row.repo.private,
    "disabled": lambda row: row.repo.disabled,
    "gated": lambda row: row.repo.gated or False,
    "downloads": lambda row: row.repo.downloads,
    "downloadsAllTime": lambda row: row.repo.downloads_all_time,
    "likes": lambda row: row.repo.likes,
    "trendingScore": lambda row: row.trending,
    "usedStorage": lambda row: row.used_storage,
    "tags": lambda row: row.tags,
    "pipeline_tag": lambda row: row.pipeline_tag,
    "library_name": lambda row: row.library_name,
    "cardData": lambda row: row.card_data,
    "config": lambda row: row.config,
    "model-index": lambda row: (row.card_data or {}).get("model-index"),
    "description": lambda row: row.description,
    "sdk": lambda row: row.repo.sdk,
    "siblings": lambda row: [{"rfilename": name} for name in row.siblings],
    "models": lambda row: (row.card_data or {}).get("models"),
    "datasets": lambda row: (row.card_data or {}).get("datasets"),
    "mainSize": lambda row: row.used_storage,
    "xetEnabled": lambda _row: True,
}


# The long columns that a field is read from; what has no line of its own comes from summaries.
_HEAVY: Mapping[str, str] = {
    "siblings": "siblings",
    "config": "config",
    **dict.fromkeys(("cardData", "model-index", "models", "datasets"), "card_data"),
}


def heavy_of(fields: Sequence[str]) -> frozenset[str]:
    """The long columns that these fields are read from."""
    found = {_HEAVY[name] for name in fields if name in _HEAVY}
    return frozenset(found | {"summaries" for name in fields if name not in _FIELDS})


def minimal(row: Listed) -> dict[str, object]:
    """An item of a list when nothing more was asked for."""
    return expanded(row, EXPANDABLE[row.repo.type].brief)


def expanded(row: Listed, fields: Sequence[str]) -> dict[str, object]:
    """`_id`, `id` and the wanted fields that have a value."""
    answer: dict[str, object] = {"_id": row.repo.key, "id": row.repo.full_name}
    for name in fields:
        value = _FIELDS[name](row) if name in _FIELDS else row.details.get(name)
        if value is not None:
            answer[name] = value
    return answer
