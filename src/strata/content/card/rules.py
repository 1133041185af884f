"""What the metadata of a card may say: the rules of the public Hub, in its words where known.

A wrong type, or a word that stands for nothing, is an error and keeps a commit out; a word that is
merely not on a list of the Hub's is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from strata.content.card.languages import is_language
from strata.content.card.licences import LICENCES
from strata.content.card.tasks import PIPELINE_TAGS
from strata.core.names import RepoType
from strata.lib.markdown.front_matter import Value

Metadata = Mapping[str, Value]
Rule = Callable[[str, Value], Iterator[str]]  # a field and what it holds → what is wrong

_ID: Final = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?")
_SIZE_WORDS: Final = """
n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M 100M<n<1B 1B<n<10B 10B<n<100B 100B<n<1T n>1T
unknown other
"""
_SIZES: Final = frozenset(_SIZE_WORDS.split())
_LICENCE_LIST: Final = f"must be one of [{', '.join(LICENCES)}, array]"
_SHOWN: Final = 100  # characters of a wrong value that are repeated


def texts(value: object) -> list[str]:
    """One word or a list of them, as the same list; whatever is no text is left out."""
    values = value if isinstance(value, list) else [value]
    return [found for found in (word(one) for one in values) if found]


def word(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def errors(metadata: Metadata, repo_type: RepoType) -> Iterator[str]:
    """What keeps a card out; an empty field says nothing wrong."""
    for name, rule in {**_COMMON, **_BY_TYPE.get(repo_type, {})}.items():
        if metadata.get(name) is not None:
            yield from rule(name, metadata[name])


def warnings(metadata: Metadata, repo_type: RepoType) -> Iterator[str]:
    """What the author may want to look at again."""
    if repo_type is RepoType.MODEL:
        yield from _unlisted("pipeline_tag", metadata, PIPELINE_TAGS)
    if repo_type is RepoType.DATASET:
        yield from _unlisted("task_categories", metadata, PIPELINE_TAGS)
        yield from _unlisted("size_categories", metadata, _SIZES)


def _unlisted(name: str, metadata: Metadata, known: frozenset[str]) -> Iterator[str]:
    for text in texts(metadata.get(name)):
        if text not in known:
            yield f'The {name} "{text[:_SHOWN]}" is not in the official list'


# Rules of one field.


def _text(name: str, value: Value) -> Iterator[str]:
    if not isinstance(value, str):
        yield f'"{name}" must be a string'


def _list(name: str, value: Value) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        yield f'"{name}" must be an array of strings'


def _objects(name: str, value: Value) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        yield f'"{name}" must be an array of objects'


def _one_or_many(rule: Rule = lambda _name, _value: iter(())) -> Rule:
    """A text that meets a rule, or a list of such texts."""

    def check(name: str, value: Value) -> Iterator[str]:
        several = (
            [(f"{name}[{at}]", one) for at, one in enumerate(value)]
            if isinstance(value, list)
            else [(name, value)]
        )
        for place, one in several:
            if isinstance(one, str):
                yield from rule(place, one)
            else:
                yield f'"{place}" must be a string' + ("" if place != name else " or an array")

    return check


def _licence(name: str, value: Value) -> Iterator[str]:
    if value not in LICENCES:
        yield f'"{name}" {_LICENCE_LIST}'


def _language(name: str, value: Value) -> Iterator[str]:
    code = str(value)
    if code != code.lower():
        yield f'"{name}" must only contain lowercase characters'
    elif not is_language(code):
        yield (
            f'"{name}" with value "{code[:_SHOWN]}" is not valid. It must be an ISO 639-1, 639-2 or'
            ' 639-3 code (two/three letters), or a special value like "code", "multilingual". If'
            " you want to use BCP-47 identifiers, you can specify them in language_bcp47."
        )


def _id_of(kind: str, hint: str) -> Rule:
    def check(name: str, value: Value) -> Iterator[str]:
        if not _ID.fullmatch(str(value)):
            yield f'"{name}" with value "{str(value)[:_SHOWN]}" is not valid. {hint} {kind} id.'

    return check


def _model_index(name: str, value: Value) -> Iterator[str]:
    """huggingface_hub/repocard_data.py:model_index_to_eval_results reads these keys."""
    if not isinstance(value, list):
        yield f'"{name}" must be an array'
        return
    for at, entry in enumerate(value):
        place = f"{name}[{at}]"
        if not isinstance(entry, dict):
            yield f'"{place}" must be an object'
            continue
        yield from _required(f"{place}.name", entry.get("name"))
        results = entry.get("results", [])
        yield from _objects(f"{place}.results", results)
        for number, result in enumerate(results if isinstance(results, list) else []):
            if isinstance(result, dict):
                yield from _result(f"{place}.results[{number}]", result)


def _result(place: str, result: Metadata) -> Iterator[str]:
    for part, keys in (("task", ("type",)), ("dataset", ("name", "type"))):
        found = result.get(part)
        if found is None:
            continue
        if not isinstance(found, dict):
            yield f'"{place}.{part}" must be an object'
            continue
        for key in keys:
            yield from _required(f"{place}.{part}.{key}", found.get(key))
    metrics = result.get("metrics", [])
    yield from _objects(f"{place}.metrics", metrics)
    for at, metric in enumerate(metrics if isinstance(metrics, list) else []):
        if isinstance(metric, dict):
            yield from _required(f"{place}.metrics[{at}].type", metric.get("type"))
            if metric.get("value") is None:
                yield f'"{place}.metrics[{at}].value" is required'


def _required(place: str, value: Value) -> Iterator[str]:
    if value is None:
        yield f'"{place}" is required'
    elif not isinstance(value, str):
        yield f'"{place}" must be a string'


_TEXTS: Final = _one_or_many()
_LANGUAGES: Final = _one_or_many(_language)
_DATASETS: Final = _one_or_many(_id_of("dataset", "If possible, use a"))

_COMMON: Final[Mapping[str, Rule]] = {
    "license": _one_or_many(_licence),
    "license_name": _text,
    "license_link": _text,
    "tags": _list,
}
_BY_TYPE: Final[Mapping[RepoType, Mapping[str, Rule]]] = {
    RepoType.MODEL: {
        "language": _LANGUAGES,
        "library_name": _text,
        "pipeline_tag": _text,
        "datasets": _DATASETS,
        "metrics": _TEXTS,
        "base_model": _one_or_many(_id_of("model", "Use a")),
        "base_model_relation": _text,
        "model-index": _model_index,
    },
    RepoType.DATASET: {
        "language": _LANGUAGES,
        "pretty_name": _text,
        "task_categories": _TEXTS,
        "task_ids": _TEXTS,
        "size_categories": _TEXTS,
        "configs": _objects,
    },
    RepoType.SPACE: {
        "title": _text,
        "emoji": _text,
        "sdk": _text,
        "app_file": _text,
        "models": _list,
        "datasets": _list,
    },
    RepoType.KERNEL: {"library_name": _text},
}
