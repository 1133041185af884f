"""How one setting is declared."""

from __future__ import annotations

from dataclasses import field
from typing import Any

MIB = 1024 * 1024
GIB = 1024 * MIB


def setting(default: Any, doc: str, *, unit: str = "", secret: bool = False) -> Any:
    """Declare one setting with the line of meaning that the docs print."""
    return field(default=default, metadata={"doc": doc, "unit": unit, "secret": secret})
