"""The picture of someone who chose none: four strata laid by the name's hash."""

import hashlib
from typing import Final

# Ground and bars, taken from the light theme's soft and strong tokens.
_TILES: Final = (
    ("#DDF1EC", "#0B6B5B", "#08574A"),
    ("#F6E3D6", "#9A4A12", "#6E340C"),
    ("#E8DFF4", "#6A3FA0", "#4D2C78"),
    ("#E4EFFA", "#1F5E9E", "#123F6D"),
    ("#FFF3D6", "#8A5A00", "#5F3E00"),
    ("#E1F4E7", "#1B6E3C", "#114A28"),
)
_LAYERS: Final = 4
_WIDE: Final = 26  # units of the 40 by 40 picture a layer may span


def avatar_svg(name: str, size: int = 40) -> str:
    """Draw the default avatar of a user or organisation, the same for the same name.

    The picture is decoration (`aria-hidden`): the name stands beside it. Names are compared
    without case, as the hub compares them.
    """
    digest = hashlib.sha256(name.casefold().encode()).digest()
    ground, first, second = _TILES[digest[0] % len(_TILES)]
    bars = "".join(
        _bar(layer, digest[layer + 1], first if digest[layer + 9] & 1 else second)
        for layer in range(_LAYERS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="avatar" viewBox="0 0 40 40" '
        f'width="{size}" height="{size}" aria-hidden="true">'
        f'<rect width="40" height="40" fill="{ground}"/>{bars}</svg>'
    )


def _bar(layer: int, chance: int, colour: str) -> str:
    width = 9 + chance % 14
    left = 7 + (chance >> 4) * (_WIDE - width) // 15
    return (
        f'<rect x="{left}" y="{8 + layer * 6.5:g}" width="{width}" height="4.5" rx="2.25" '
        f'fill="{colour}"/>'
    )
