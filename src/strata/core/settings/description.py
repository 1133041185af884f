"""The settings as a list: for the docs, `strata config`, and for reading them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_type_hints

from strata.core.settings.tree import Settings

_TYPES: Final[Mapping[Any, str]] = MappingProxyType(
    {
        str: "text",
        int: "number",
        bool: "true or false",
        Path: "path",
        tuple[str, ...]: "list of text",
        tuple[int, ...]: "list of numbers",
    }
)


@dataclass(frozen=True, slots=True)
class Described:
    """One setting as docs and `strata config` show it."""

    key: str  # "mail.url"
    variable: str  # "STRATA_MAIL_URL"
    type: str
    default: object
    doc: str
    unit: str
    secret: bool


def described() -> list[Described]:
    """Every setting in declaration order."""
    return [
        Described(
            key=key,
            variable=variable_of(key),
            type=type_name(hint),
            default=entry.default,
            doc=entry.metadata["doc"],
            unit=entry.metadata["unit"],
            secret=entry.metadata["secret"],
        )
        for key, entry, hint in leaves()
    ]


@functools.cache
def hints_of(group: Any) -> Mapping[str, Any]:
    """The types of a group's fields, kept: reading annotations takes longer than all else here."""
    return get_type_hints(group)


@functools.cache
def leaves() -> tuple[tuple[str, Any, Any], ...]:
    """Every setting: its key, such as `mail.url`, its field and its type."""
    leaves: list[tuple[str, Any, Any]] = []
    hints = hints_of(Settings)
    for entry in fields(Settings):
        hint = hints[entry.name]
        if not is_dataclass(hint):
            leaves.append((entry.name, entry, hint))
            continue
        inner = hints_of(hints[entry.name])
        leaves += [(f"{entry.name}.{leaf.name}", leaf, inner[leaf.name]) for leaf in fields(hint)]
    return tuple(leaves)


def variable_of(key: str) -> str:
    """The variable of the environment that says a setting."""
    return "STRATA_" + key.replace(".", "_").upper()


def type_name(hint: Any) -> str:
    """What the documentation calls a type."""
    return _TYPES[hint]
