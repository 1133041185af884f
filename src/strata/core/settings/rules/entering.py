"""What stops those who guess their way in, and bounds the mails of those who get in by one."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise
from typing import Final

from strata.core.settings.groups.entering import EnteringSettings
from strata.core.settings.refusal import require
from strata.core.settings.tree import Settings

MOST_MINUTES: Final = 24 * 60  # what is older is not kept, and nobody is shut out for longer
LONGEST_PAUSE_S: Final = 3600
FEWEST_SPRAYED: Final = 2
# What is counted over the longer time comes second.
WINDOWS: Final = (
    ("factor_tries_per_5_minutes", "factor_tries_per_hour"),
    ("factor_tries_per_hour", "factor_tries_per_day"),
    ("verify_mails_per_6_hours", "verify_mails_per_day"),
    ("verify_mails_per_day", "verify_mails_to_one_per_day"),
)


def check(settings: Settings) -> None:
    """Refuse limits that stop nobody, or everybody, or that another one makes worthless.

    Raises:
        BadSettings: which setting, and what it may be.
    """
    entering = settings.entering
    _check_minutes(entering)
    _check_waits(entering.pair_wait_minutes)
    for shorter, longer in WINDOWS:
        least = getattr(entering, shorter)
        require(
            getattr(entering, longer) >= least,
            f"Setting `entering.{longer}` must be at least {least}, "
            f"which `entering.{shorter}` allows.",
        )
    require(
        entering.spraying_names >= FEWEST_SPRAYED,
        f"Setting `entering.spraying_names` must be at least {FEWEST_SPRAYED}: "
        "who mistypes their own name tries no others.",
    )
    require(
        entering.verify_pause_s <= LONGEST_PAUSE_S,
        f"Setting `entering.verify_pause_s` must be at most {LONGEST_PAUSE_S}.",
    )


def _check_minutes(entering: EnteringSettings) -> None:
    for name in (one.name for one in fields(entering) if one.metadata["unit"] == "minutes"):
        value = getattr(entering, name)
        longest = max(value, default=0) if isinstance(value, tuple) else value
        require(
            longest <= MOST_MINUTES,
            f"Setting `entering.{name}` must be at most {MOST_MINUTES}, a day.",
        )


def _check_waits(waits: tuple[int, ...]) -> None:
    grows = all(shorter < longer for shorter, longer in pairwise((0, *waits)))
    require(
        waits and grows,
        "Setting `entering.pair_wait_minutes` must name waits of at least 1, "
        "each longer than the one before, such as 1, 2, 4.",
    )
