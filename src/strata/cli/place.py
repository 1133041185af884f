"""Which hub a command is about: the options that every such command has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from strata.core.settings.loading import Loaded, load

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Place:
    """Which hub a command is about."""

    data: Path | None
    config: Path | None

    def loaded(self, **overrides: object) -> Loaded:
        """The settings of the hub; overrides are keyed with `__` for the dot."""
        keyed = {key.replace("__", "."): value for key, value in overrides.items()}
        return load(file=self.config, overrides={"data": self.data, **keyed})


def place_options(command: Command) -> Command:
    """Give a command `--data` and `--config`."""
    data = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder that holds everything the hub keeps.",
    )
    config = click.option(
        "--config",
        type=click.Path(dir_okay=False, exists=True, path_type=Path),
        help="TOML file with settings.",
    )
    return data(config(command))


def look_alike_option(command: Command) -> Command:
    """Give a command that makes a name the say over names that look like others."""
    return click.option(
        "--look-alike",
        is_flag=True,
        help="Also when the name is easily taken for another one, such as bob1 for bobl.",
    )(command)
