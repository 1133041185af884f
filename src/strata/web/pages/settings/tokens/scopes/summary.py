"""What a token can do, in one sentence that its owner hears before it is made (product §2.2 P10).

Repos are counted by kind and by who sees them, and named while they are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from strata.core.actor import TokenRole
from strata.core.names import RepoId
from strata.core.permissions import Permission
from strata.repos.record import Repo
from strata.web.pages.settings.tokens.scopes.counting import counts
from strata.web.pages.settings.tokens.scopes.draft import Draft
from strata.web.pages.settings.tokens.scopes.scoping import named_in
from strata.web.pages.settings.tokens.scopes.words import AS_BEFORE
from strata.web.pages.words.language import N_, translated

FEW: Final = 3  # repos that are named besides being counted
# What is said of a whole namespace, in this order; what holds more is said instead of its parts.
_WHOLE: Final[Mapping[str, str]] = {
    Permission.CONTENT_READ: N_("read %(what)s"),
    Permission.CONTENT_WRITE: N_("write to %(what)s"),
    Permission.REPO_WRITE: N_("create, change and delete repositories in %(what)s"),
    Permission.ACCESS_READ: N_("see who asked for access to %(what)s"),
    Permission.DISCUSSION_WRITE: N_("take part in the discussions of %(what)s"),
    Permission.COLLECTION_READ: N_("see the private collections of %(what)s"),
    Permission.COLLECTION_WRITE: N_("change the collections of %(what)s"),
    Permission.WEBHOOKS_READ: N_("see the webhooks of %(what)s"),
    Permission.WEBHOOKS_WRITE: N_("change the webhooks of %(what)s"),
    Permission.SETTINGS_WRITE: N_("choose whom %(what)s follows, and keep its notifications"),
    Permission.ORG_READ: N_("see the members and settings of %(what)s"),
    Permission.ORG_WRITE: N_("change the members and settings of %(what)s"),
}
_HELD: Final[Mapping[str, frozenset[str]]] = {
    Permission.CONTENT_WRITE: frozenset({Permission.CONTENT_READ.value}),
    Permission.REPO_WRITE: frozenset(
        {Permission.CONTENT_READ, Permission.CONTENT_WRITE, Permission.ACCESS_READ}
    ),
    Permission.COLLECTION_WRITE: frozenset({Permission.COLLECTION_READ.value}),
    Permission.WEBHOOKS_WRITE: frozenset({Permission.WEBHOOKS_READ.value}),
    Permission.ORG_WRITE: frozenset({Permission.ORG_READ.value}),
}
# These are about the account or the organisation and not about its repos.
_OF_OWNER: Final = frozenset(
    {
        Permission.COLLECTION_READ, Permission.COLLECTION_WRITE, Permission.WEBHOOKS_READ,
        Permission.WEBHOOKS_WRITE, Permission.SETTINGS_WRITE, Permission.ORG_READ,
        Permission.ORG_WRITE,
    }
)  # fmt: skip
_CHANGE: Final = "change"  # of single repos: `repo.write`, which makes no new ones
_SINGLE: Final[Mapping[str, str]] = {
    **_WHOLE,
    _CHANGE: N_("write to, change and delete %(what)s"),
    AS_BEFORE: N_("do what it does now with %(what)s"),
}
_LEVELS: Final[Mapping[str, str]] = {
    "read": Permission.CONTENT_READ,
    "write": Permission.CONTENT_WRITE,
    "settings": _CHANGE,
    AS_BEFORE: AS_BEFORE,
}


@dataclass(slots=True)
class _Reach:
    """On what one verb acts."""

    places: list[str] = field(default_factory=list)  # "acme/*"
    repos: dict[str, Repo] = field(default_factory=dict)  # by the names that were typed


@dataclass(frozen=True, slots=True)
class Summary:
    """What its owner should know of a token."""

    sentence: str
    warnings: tuple[str, ...]


def summary(language: str, draft: Draft, owner: str, seen: Mapping[RepoId, Repo]) -> Summary:
    """Say what the token in the form can do, and what of it is broad.

    Args:
        seen: of the repos that are named those that the owner may know of; others open nothing.
    """
    named = {text: seen[one] for text, one in named_in(draft).items() if one in seen}
    if draft.role is not TokenRole.FINE_GRAINED:
        everything = N_("This token can read everything that you may read.")
        if draft.role is TokenRole.WRITE:
            everything = N_("This token can read and change everything that you may.")
        return Summary(translated(language, everything), ())
    reaches = _reaches(draft, owner, named)
    acts = [
        translated(language, _SINGLE[verb], what=_what(language, reach))
        for verb, reach in reaches.items()
    ]
    acts += [translated(language, text) for text in _everywhere(draft)]
    return Summary(_sentence(language, acts), tuple(_warnings(language, draft, owner, reaches)))


def _reaches(draft: Draft, owner: str, named: Mapping[str, Repo]) -> dict[str, _Reach]:
    """What each verb acts on, in the order in which they are said."""
    found = {verb: _Reach() for verb in (*_WHOLE, _CHANGE, AS_BEFORE)}
    for row in draft.repos:
        if row.name in named:
            found[_LEVELS[row.level]].repos[row.name] = named[row.name]
    for name, permissions in {owner: draft.own, **draft.organizations}.items():
        chosen = {one: named[one] for one in draft.only.get(name, ()) if one in named}
        for verb in _said(permissions):
            if verb in _OF_OWNER:
                found[verb].places.append(name)
            elif name in draft.only:
                found[_CHANGE if verb == Permission.REPO_WRITE else verb].repos |= chosen
            else:
                found[verb].places.append(f"{name}/*")
    return {verb: reach for verb, reach in found.items() if reach.places or reach.repos}


def _said(permissions: Iterable[str]) -> list[str]:
    held = frozenset(permissions)
    within = frozenset().union(*(_HELD.get(one, frozenset()) for one in held))
    return [verb for verb in _WHOLE if verb in held - within]


def _everywhere(draft: Draft) -> Iterator[str]:
    if Permission.DISCUSSION_WRITE in draft.everywhere:
        yield N_("take part in discussions everywhere")
    if draft.gated:
        yield N_("read the gated repositories that let you in")


def _what(language: str, reach: _Reach) -> str:
    things = list(counts(language, reach.repos.values()))
    if reach.repos and len(reach.repos) <= FEW:
        names = translated(language, N_(", ")).join(sorted(reach.repos))
        things[-1] = translated(language, N_("%(what)s (%(names)s)"), what=things[-1], names=names)
    return _listed(language, [*things, *reach.places])


def _sentence(language: str, acts: list[str]) -> str:
    if not acts:
        nothing = N_("This token can read public content, and nothing else.")
        return translated(language, nothing)
    said = _joined(language, acts, N_("%(acts)s, %(act)s"), N_("%(acts)s and %(act)s"))
    return translated(language, N_("This token can %(acts)s."), acts=said)


def _warnings(
    language: str, draft: Draft, owner: str, reaches: Mapping[str, _Reach]
) -> Iterator[str]:
    for name, permissions in {owner: draft.own, **draft.organizations}.items():
        writing = {Permission.CONTENT_WRITE, Permission.REPO_WRITE} & permissions
        if writing and name not in draft.only:
            text = N_(
                "It writes to every repository of %(name)s, also to those that come later. "
                "Choose single ones if they are enough."
            )
            yield translated(language, text, name=name)
    if _CHANGE in reaches:
        names = _listed(language, sorted(reaches[_CHANGE].repos))
        yield translated(language, N_("It can delete %(names)s."), names=names)
    changing = {*reaches} - {verb for verb in reaches if verb.endswith(".read")}
    if draft.life == "never" and changing:
        text = N_("It can change things and never expires. Choose a day on which it ends.")
        yield translated(language, text)


def _listed(language: str, things: list[str]) -> str:
    return _joined(language, things, N_("%(some)s, %(one)s"), N_("%(some)s and %(one)s"))


def _joined(language: str, pieces: list[str], more: str, last: str) -> str:
    """Several pieces in one: acts are joined by other words than things are in Chinese."""
    said = pieces[0]
    for number, piece in enumerate(pieces[1:], start=2):
        both = last if number == len(pieces) else more
        said = translated(language, both, some=said, one=piece, acts=said, act=piece)
    return said
