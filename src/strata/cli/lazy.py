"""Load what a command needs when it runs, so that every `--help` loads click and little else."""

from __future__ import annotations

import gc
import importlib
from typing import Any


def named(place: str) -> Any:
    """The attribute that `module:attribute` names.

    Nothing is collected meanwhile: modules stay, and looking through them over and over takes a
    sixth of the time in which a hub is loaded.
    """
    module, _, attribute = place.partition(":")
    gc.disable()
    try:
        return getattr(importlib.import_module(module), attribute)
    finally:
        gc.enable()
