"""Where the values come from.

Order of precedence: the command line, the `STRATA_…` environment, the TOML file named by `--config`
or `STRATA_CONFIG`, the default. `STRATA_MAIL_URL` sets `mail.url`; a top-level field such as `data`
is `STRATA_DATA`. Unknown keys are errors: a typing mistake must not silently leave a
protection off.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from strata.core.settings.checks import check
from strata.core.settings.description import described, hints_of, leaves, type_name, variable_of
from strata.core.settings.refusal import BadSettings
from strata.core.settings.tree import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where each value came from."""

    settings: Settings
    origins: Mapping[
        str, str
    ]  # key → "environment", "file" or "default"; overrides say "command line"


def load(
    *,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    """Read the settings from all their places.

    Args:
        environment: stands in for the process environment.
        file: a TOML file; `STRATA_CONFIG` names it when absent.
        overrides: key → value from the command line; None values are ignored.

    Raises:
        BadSettings: an unknown key, a value of the wrong type, or a combination that is not safe.
    """
    surroundings = os.environ if environment is None else environment  # noqa: TID251 — the one reader of the environment
    variables = {k: v for k, v in surroundings.items() if k.startswith("STRATA_")}
    named_file = variables.pop("STRATA_CONFIG", "")
    path = file or (Path(named_file) if named_file else None)
    values, origins = _from_file(path) if path else ({}, {})
    _merge_environment(variables, values, origins)
    _borrow(surroundings, values, origins)
    for key, value in (overrides or {}).items():
        if value is not None:
            values[key] = value
            origins[key] = "command line"
    settings = _build(values)
    check(settings)
    return Loaded(settings, {d.key: origins.get(d.key, "default") for d in described()})


def _from_file(path: Path) -> tuple[dict[str, object], dict[str, str]]:
    try:
        parsed = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"The settings file {path} cannot be read: {error}") from error
    flat: dict[str, object] = {}
    for name, value in parsed.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{leaf}": inner for leaf, inner in value.items()}
        else:
            flat[name] = value
    known = {key for key, _, _ in leaves()}
    for key in flat:
        if key not in known:
            raise BadSettings(
                f"Unknown setting `{key}` in {path}. See docs/settings.md for the names."
            )
    return flat, dict.fromkeys(flat, "file")


def _merge_environment(
    variables: Mapping[str, str], values: dict[str, object], origins: dict[str, str]
) -> None:
    by_variable = {variable_of(key): key for key, _, _ in leaves()}
    for variable, text in variables.items():
        key = by_variable.get(variable)
        if key is None:
            raise BadSettings(
                f"Unknown setting {variable} in the environment. "
                "See docs/settings.md for the names."
            )
        values[key] = text
        origins[key] = "environment"


# What every program of a machine is told by the same names (product S-020).
_BORROWED = {
    "webhooks.proxy": ("HTTPS_PROXY", "https_proxy"),
    "webhooks.no_proxy": ("NO_PROXY", "no_proxy"),
}


def _borrow(
    surroundings: Mapping[str, str], values: dict[str, object], origins: dict[str, str]
) -> None:
    for key, variables in _BORROWED.items():
        text = next((surroundings[name] for name in variables if surroundings.get(name)), "")
        if text and key not in values:
            values[key] = text
            origins[key] = "environment"


def _build(values: Mapping[str, object]) -> Settings:
    converted = {
        key: _convert(key, values[key], hint) for key, _, hint in leaves() if key in values
    }
    hints = hints_of(Settings)
    arguments: dict[str, Any] = {}
    for entry in fields(Settings):
        group = hints[entry.name]
        if is_dataclass(group):
            prefix = f"{entry.name}."
            inner = {
                k.removeprefix(prefix): v for k, v in converted.items() if k.startswith(prefix)
            }
            arguments[entry.name] = group(**inner)  # type: ignore[operator]  # a dataclass type is callable
        elif entry.name in converted:
            arguments[entry.name] = converted[entry.name]
    return Settings(**arguments)


_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def _convert(key: str, value: object, hint: Any) -> object:
    try:
        return _converted(value, hint)
    except (TypeError, ValueError) as error:
        raise BadSettings(f"Setting `{key}` must be {type_name(hint)}, not {value!r}.") from error


def _converted(value: object, hint: Any) -> object:
    if hint == tuple[str, ...]:
        return tuple(str(part).strip() for part in _parts(value) if str(part).strip())
    if hint == tuple[int, ...]:
        return tuple(_converted(part, int) for part in _parts(value))
    if hint is bool and isinstance(value, str):
        if value.lower() not in _TRUE | _FALSE:
            raise ValueError
        return value.lower() in _TRUE
    if hint is int and isinstance(value, str):
        return int(value.replace("_", ""))
    if hint is Path:
        return Path(str(value)).expanduser()
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise TypeError
    return value


def _parts(value: object) -> Sequence[object]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)):
        raise TypeError
    return parts
