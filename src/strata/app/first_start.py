"""What who starts a hub without accounts is told: how the first one comes to be (product §3.21)."""

from __future__ import annotations

from typing import Final

from strata.app.hub import load_hub
from strata.core.actor import SYSTEM
from strata.core.call import reading, working
from strata.core.settings.tree import Settings
from strata.membership.joining import first

CLOSED: Final = (
    "This hub has no accounts yet, and sign-up is closed. Make its administrator with "
    "`strata user create NAME --email ADDRESS --admin`.\n"
)
CHOSEN: Final = (
    "This hub has no accounts yet. Its administrator signs up at {address}/join "
    "with the code of accounts.first_admin_code.\n"
)
PRINTED_BEFORE: Final = (
    "This hub has no accounts yet. Its administrator signs up at {address}/join with the code that "
    "was printed before; `strata user first-code` prints another.\n"
)
FRESH: Final = (
    "This hub has no accounts yet. Whoever signs up with this code becomes its administrator:\n\n"
    "    {code}\n\n"
    "    {address}/join#code={code}\n\n"
    "It is shown this once and dies with the first account; "
    "`strata user first-code` prints another.\n"
)


def words_for_first(settings: Settings, address: str) -> str:
    """Make the code of the first account where one is needed, and say what to do.

    Args:
        address: of the hub. The code stands behind its `#`, which browsers send nowhere: no proxy
            writes it into a log.

    Returns:
        Lines for the terminal; empty where the first account needs no code, or exists.
    """
    hub = load_hub(settings)
    try:
        with reading(hub, SYSTEM) as call, working(call) as work:
            if not first.asks_code(work):
                return ""
            code = first.make_missing_code(work)
    finally:
        hub.database.close()
    if code:
        return FRESH.format(code=code, address=address)
    if settings.accounts.sign_up == "closed":
        return CLOSED
    chosen = settings.accounts.first_admin_code
    return (CHOSEN if chosen else PRINTED_BEFORE).format(address=address)
