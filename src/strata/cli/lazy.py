"""Load what a command needs when it runs, so that every `--help` loads click and little else."""

from __future__ import annotations

import importlib
from typing import Any


def named(place: str) -> Any:
    """The attribute that `module:attribute` names."""
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)
