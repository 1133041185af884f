"""Tell everybody that another version of a document holds."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.legal.kinds import PAGES, DocumentKind
from strata.accounts.profile import clocks
from strata.accounts.tables import users
from strata.core.actor import Standing
from strata.core.call import Call, Work, working
from strata.events.jobs import enqueue
from strata.events.letters import CHINESE, Wording, letter, page
from strata.events.outbox import Letter, post

AT_ONCE: Final = 200  # people of one transaction
_NAMES: Final = {
    DocumentKind.TERMS.value: ("user agreement", "用户协议"),
    DocumentKind.PRIVACY.value: ("privacy policy", "隐私政策"),
    DocumentKind.GUIDELINES.value: ("content guidelines", "内容准则"),
}


@dataclass(frozen=True, slots=True)
class TellOfTerms:
    """Write to some people and queue the rest; each is told of a version once."""

    kind: ClassVar[str] = "legal.tell"
    document: str  # a `DocumentKind`
    version: str
    after: int = 0  # the id of who was told last

    def run(self, call: Call) -> None:
        with working(call) as work:
            some = _next(work, self.after)
            for user in some:
                post(work, _changed(work, user, self.document, self.version))
            if len(some) == AT_ONCE:
                enqueue(work, TellOfTerms(self.document, self.version, some[-1].id))


def _next(work: Work, after: int) -> list[people.User]:
    """Confirmed people who can log in, in the order of their ids."""
    told = (Standing.ACTIVE.value, Standing.LEAVING.value, Standing.PENDING.value)
    ids = (
        sa.select(users.c.id)
        .where(users.c.id > after, users.c.verified_at.is_not(None), users.c.standing.in_(told))
        .order_by(users.c.id)
        .limit(AT_ONCE)
    )
    found = (people.by_id(work, key) for key in work.db.scalars(ids).all())
    return [user for user in found if user is not None]


def _changed(call: Call, user: people.User, document: str, version: str) -> Letter:
    site = call.hub.settings.site_name
    goes_on = _until(call, user)
    english_name, chinese_name = _NAMES[document]
    english = Wording(
        subject=f"The {english_name} of {site} changed",
        before=(f"Version {version} of the {english_name} of {site} holds from now on.",),
        link_text=f"Read the {english_name}",
        after=(f"We ask you to agree to it when you next open a page. {goes_on[0]}",),
    )
    chinese = Wording(
        subject=f"{site} 的{chinese_name}已更新",
        before=(f"{site} 的{chinese_name}已更新为版本 {version}，即日起生效。",),
        link_text=f"阅读{chinese_name}",
        after=(f"您下次打开页面时，我们会请您表示同意。{goes_on[1]}",),
    )
    return letter(
        people.reader(user), {"en": english, CHINESE: chinese}, page(call, PAGES[document])
    )


def _until(call: Call, user: people.User) -> tuple[str, str]:
    """What becomes of those who do not agree, in both languages."""
    days = call.hub.settings.accounts.consent_grace_days
    if not days:
        return "Until you do, you can only look at pages.", "在您同意之前，页面仅可浏览。"
    end = call.now + timedelta(days=days)
    english, chinese = (clocks.day(call, user.id, end, of) for of in ("en", CHINESE))
    return (
        f"Until {english} everything works as before; then you can only look at pages.",
        f"{chinese}之前一切照常；此后在您同意之前，页面仅可浏览。",
    )
