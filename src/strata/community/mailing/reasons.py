"""Why somebody is mailed about a thread: what they chose may have changed since it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from strata.accounts.notices import heeding
from strata.accounts.notices.choices import GATHERED, Kind, choices_of
from strata.community.inbox.record import Notification, Reason
from strata.community.telling import audience
from strata.community.watching.queries import heeded_among
from strata.core.call import Call
from strata.repos.queries import path_key, repo_at

_KINDS: Final[Mapping[Reason, Kind]] = {
    Reason.MENTION: Kind.MENTION,
    Reason.PARTICIPATING: Kind.PARTICIPATING,
    Reason.YOURS: Kind.WATCHED,
    Reason.WATCHING: Kind.WATCHED,
}


@dataclass(frozen=True, slots=True)
class Told:
    """A thread that somebody is mailed about, and the kind of mail by which."""

    notification: Notification
    kind: Kind


def told(call: Call, user_id: int, news: Sequence[Notification]) -> list[Told]:
    """What of this the person wants by mail, as things stand now."""
    chosen = choices_of(call, user_id)
    mailed = frozenset(kind for kind in GATHERED if chosen[kind].mail)
    keys = [one.place.key for one in news if one.place]
    deaf = {key for key, watches in heeded_among(call, user_id, keys).items() if not watches}
    found = ((one, _kind(call, user_id, one, mailed)) for one in news if not _silent(one, deaf))
    return [Told(one, kind) for one, kind in found if kind]


def _silent(one: Notification, deaf: set[str]) -> bool:
    """Whether the thread or its repo was muted since, and nobody named the person."""
    muted = one.muted or (one.place is not None and one.place.key in deaf)
    return muted and one.reason is not Reason.MENTION


def _kind(call: Call, user_id: int, one: Notification, mailed: frozenset[Kind]) -> Kind | None:
    """By which kind of mail somebody wants to hear of a thread; None: by none.

    The inbox keeps the best reason alone. Who wants no mails about mentions may want those about
    what they take part in or watch, and the thread may be of that kind too.
    """
    first = _KINDS.get(one.reason)
    if first is None or first in mailed:
        return first
    others = _others(call, user_id, one) - {first} if mailed else set()
    return next(
        (kind for kind in (Kind.PARTICIPATING, Kind.WATCHED) if kind in others & mailed), None
    )


def _others(call: Call, user_id: int, one: Notification) -> set[Kind]:
    """What else somebody has to do with a thread."""
    if one.thread is None or one.place is None:
        return set()
    found = set()
    if user_id in audience.participants(call, one.thread.id):
        found.add(Kind.PARTICIPATING)
    repo_id = one.place.repo_id
    repo = repo_at(call, repo_id.type, path_key(repo_id))
    if repo is not None and user_id in heeding.watchers(call, repo):
        found.add(Kind.WATCHED)
    return found
