"""How a person wants to see the hub (product §2.2 P18): kept with the account, on every device."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Final

import sqlalchemy as sa

from strata.accounts.profile.tables import preferences
from strata.accounts.tables import users
from strata.core.call import Call, Work
from strata.core.errors import Malformed
from strata.lib.db.statements import upsert

TAB_WIDTHS: Final = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen; the defaults are for whoever chose nothing."""

    language: str = ""  # "en" or "zh-CN"; empty: as the browser asks
    theme: str = "system"
    compact: bool = False  # lists and tables with less space between the rows
    tab_width: int = 4  # columns in code
    shortcuts: bool = True  # single keys act, such as "/"
    private_repos: bool = False  # new repos whose creator does not say


def preferences_of(call: Call, user_id: int) -> Preferences:
    """What a person chose; one indexed lookup."""
    columns = [preferences.c[field.name] for field in fields(Preferences)]
    row = call.db.execute(sa.select(*columns).where(preferences.c.user_id == user_id)).first()
    return Preferences(*row) if row else Preferences()


def prefer(work: Work, user_id: int, wanted: Preferences) -> None:
    """Keep what a person chose; the door made sure that it is they. Mails follow the language.

    Raises:
        Malformed: a tab width that is not offered.
    """
    if wanted.tab_width not in TAB_WIDTHS:
        raise Malformed("Choose a tab width of 2, 4 or 8.")
    values = asdict(wanted)
    fresh = upsert(work.db, preferences).values(user_id=user_id, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["user_id"], set_=values))
    if wanted.language:
        work.db.execute(
            sa.update(users).where(users.c.id == user_id).values(language=wanted.language)
        )
