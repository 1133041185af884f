"""Choose what one hears of, a way at a time, as programs do."""

from __future__ import annotations

from collections.abc import Mapping

from strata.access.policy.persons import require_writer
from strata.accounts.notices import choices
from strata.accounts.notices.choices import Kind, Wanted
from strata.core.call import Work
from strata.core.permissions import Permission


def change(
    work: Work, *, web: Mapping[Kind, bool], mail: Mapping[Kind, bool]
) -> Mapping[Kind, Wanted]:
    """Switch some kinds on or off in the inbox and by mail; the rest stays; all as it is now.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
    """
    user_id = require_writer(work.actor, "change notifications", Permission.SETTINGS_WRITE)
    held = choices.choices_of(work, user_id)
    named = web.keys() | mail.keys()
    chosen = {
        kind: Wanted(web.get(kind, held[kind].web), mail.get(kind, held[kind].mail))
        for kind in named
    }
    choices.choose(work, user_id, chosen)
    return choices.choices_of(work, user_id)
