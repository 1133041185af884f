"""From what stands in the form to what a token opens, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from strata.community.tokens.scopes import ORGANIZATION, SINGLE, USER, Scopes, Wanted
from strata.core.actor import TokenRole
from strata.core.errors import InvalidFields
from strata.core.names import RepoId, RepoType
from strata.web.pages.settings.tokens.scopes.draft import MOST_ROWS, Draft, RepoRow
from strata.web.pages.settings.tokens.scopes.words import AS_BEFORE, LEVELS, level_of

_Boxes: TypeAlias = frozenset[str]  # permissions
_REPO: Final = re.compile(r"(?:https?://[^/]+)?/?(.+?)/?")


def from_scopes(name: str, scopes: Scopes, inside: Iterable[str]) -> Draft:
    """What a token names already.

    Args:
        inside: the organisations whose blocks the form has.
    """
    own, organizations, repos = _by_entity(scopes)
    only: dict[str, tuple[str, ...]] = {}
    for one in inside:
        chosen = _narrowed(one, organizations.get(one, frozenset()), repos)
        if chosen:
            only[one] = chosen
            organizations[one] = organizations.get(one, frozenset()) | repos[chosen[0]]
    rows = (
        RepoRow(shown, level_of(held))
        for shown, held in repos.items()
        if not any(shown in chosen for chosen in only.values())
    )
    return Draft(
        name=name,
        role=TokenRole.FINE_GRAINED,
        gated=scopes.gated,
        everywhere=frozenset(scopes.everywhere),
        own=own,
        organizations=organizations,
        only=only,
        repos=tuple(rows),
    )


def _by_entity(scopes: Scopes) -> tuple[_Boxes, dict[str, _Boxes], dict[str, _Boxes]]:
    """What is ticked for the person, for each organisation, and for each repo as it is typed."""
    own: _Boxes = frozenset()
    organizations: dict[str, _Boxes] = {}
    repos: dict[str, _Boxes] = {}
    for scope in scopes.scoped:
        held = frozenset(scope.permissions)
        if scope.entity.type == USER:
            own = held
        elif scope.entity.type == ORGANIZATION:
            organizations[scope.entity.name] = held
        elif scope.entity.type != "collection":
            prefix = RepoType(scope.entity.type).web_prefix
            repos[f"{prefix}{scope.entity.name}"] = held
    return own, organizations, repos


def _narrowed(
    organization: str, whole: frozenset[str], repos: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """The repos to which the boxes of an organisation are narrowed, as far as its block can say so.

    Repos that may be used as a level says stand in the block of the repositories instead.
    """
    if whole & SINGLE:
        return ()
    groups: dict[frozenset[str], list[str]] = {}
    for shown, held in repos.items():
        if repo_id_of(shown).namespace == organization and level_of(held) == AS_BEFORE:
            groups.setdefault(held, []).append(shown)
    fitting = [tuple(chosen) for held, chosen in groups.items() if held <= SINGLE]
    return max(fitting, key=len, default=())


def wanted_of(draft: Draft) -> Wanted:
    """What the owner names.

    Raises:
        InvalidFields: of the field `repos`; a line names no repo.
    """
    repos: dict[RepoId, frozenset[str]] = {}
    as_before = set()
    for row in draft.repos:
        repo_id = repo_id_of(row.name)
        if row.level == AS_BEFORE:
            as_before.add(repo_id)
        else:
            repos[repo_id] = repos.get(repo_id, frozenset()) | LEVELS[row.level]
    return Wanted(
        gated=draft.gated,
        everywhere=draft.everywhere,
        own=draft.own,
        organizations=draft.organizations,
        only={
            name: frozenset(repo_id_of(one, name) for one in chosen)
            for name, chosen in draft.only.items()
        },
        repos=repos,
        as_before=frozenset(as_before - repos.keys()),
    )


def named_in(draft: Draft) -> dict[str, RepoId]:
    """The repos that the form names, by what was typed; what is none is left out."""
    typed = [(row.name, "") for row in draft.repos]
    typed += [(one, name) for name, chosen in draft.only.items() for one in chosen]
    found = {}
    for text, organization in typed[: 2 * MOST_ROWS]:
        try:
            found[text] = repo_id_of(text, organization)
        except InvalidFields:
            continue
    return found


def repo_id_of(text: str, organization: str = "") -> RepoId:
    """The repo that a line names; without an owner one of the organisation, if one is given.

    Raises:
        InvalidFields: of the field `repos` or `orgs`; it names none.
    """
    match = _REPO.fullmatch(text.strip())
    pieces: Sequence[str] = match[1].split("/") if match else ()
    kinds = {kind.plural: kind for kind in RepoType}
    kind = RepoType.MODEL
    if len(pieces) == 3 and pieces[0] in kinds:
        kind, pieces = kinds[pieces[0]], pieces[1:]
    if organization and len(pieces) == 1:
        pieces = (organization, *pieces)
    if len(pieces) != 2 or not all(pieces):
        raise InvalidFields({"orgs" if organization else "repos": ("token.bad_repo",)})
    return RepoId(kind, pieces[0], pieces[1])
