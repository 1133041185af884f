"""Move, delete and settings: what an owner does to a repo as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from strata.access.gates.admit import GATEABLE, admit
from strata.access.policy.namespaces import require_create
from strata.access.policy.things import Gate
from strata.access.policy.verbs import Action
from strata.accounts.naming import names
from strata.core.call import Work
from strata.core.errors import AlreadyExists, Malformed, NotFound
from strata.core.names import RepoId, require_repo_name
from strata.credentials.tokens.leaked.showing import require_none
from strata.credentials.tokens.presented.bearers import of_now
from strata.events.audit.changes import changes
from strata.events.facts import record_of
from strata.lib.db.statements import upsert
from strata.repos import letters, queries
from strata.repos.collaborating import queries as collaborating
from strata.repos.create import require_one_more
from strata.repos.moment import held
from strata.repos.record import Repo
from strata.repos.tables import redirects, refs, repos
from strata.sessions.signed_in.sudo import require_sudo


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings to change; None leaves one as it is."""

    private: bool | None = None
    gated: Gate | Literal[False] | None = None  # False: takes the gate away
    gate_members: bool | None = None
    discussions_disabled: bool | None = None
    description: str | None = None
    sdk: str | None = None

    def given(self) -> dict[str, object]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        given = {name: value for name, value in values.items() if value is not None}
        return given | ({"gated": None} if self.gated is False else {})


def change_settings(work: Work, repo_id: RepoId, settings: Settings) -> Repo:
    """Change settings and record it.

    Raises:
        Malformed: a gate before something that has no files to keep.
        RepoNotFound, Forbidden, …: as `repos.moment.held`.
        ProofNeeded: a session must show once more who sits there.
    """
    repo = held(work, repo_id, Action.MANAGE)
    if settings.gated and repo.type not in GATEABLE:
        raise Malformed('"gated": only models and datasets can be gated.')
    if settings.private is False and repo.private:
        require_sudo(work)
    changed = settings.given()
    require_none(work, settings.description or "")
    if changed:
        was = _kept(work, repo, changed)
        work.db.execute(
            sa.update(repos).where(repos.c.id == repo.id).values(**changed, updated_at=work.now)
        )
        record_of(work, "repo.update_settings", repo, changed | changes(was, changed))
    if settings.private is False and repo.private:
        letters.tell_owners(work, letters.PUBLIC, repo)
    return queries.repo_by_id(work, repo.id) or repo


def _kept(work: Work, repo: Repo, names: Iterable[str]) -> dict[str, object]:
    """What settings were, also those that `Repo` does not carry."""
    columns = [repos.c[name] for name in names]
    row = work.db.execute(sa.select(*columns).where(repos.c.id == repo.id)).one()
    return dict(row._mapping)  # noqa: SLF001 — the documented way to read a Row by name


def delete(work: Work, repo_id: RepoId) -> Repo:
    """Take the repo away for everyone at once; its name is free, its bytes are swept later.

    Returns:
        The repo as it was.

    Raises:
        RepoNotFound, Forbidden, …: as `repos.moment.held`.
        ProofNeeded: a session must show once more who sits there.
    """
    repo = held(work, repo_id, Action.REMOVE)
    require_sudo(work)
    work.db.execute(sa.update(repos).where(repos.c.id == repo.id).values(deleted_at=work.now))
    work.db.execute(sa.delete(refs).where(refs.c.repo_id == repo.id))
    work.db.execute(sa.delete(redirects).where(redirects.c.repo_id == repo.id))
    collaborating.forget(work, repo.id)
    record_of(work, "repo.delete", repo)
    letters.tell_owners(work, letters.DELETED, repo)
    return repo


def move(work: Work, source: RepoId, target: RepoId) -> Repo:
    """Give the repo another name or owner; the old id redirects until someone takes it.

    Raises:
        RepoNotFound, Forbidden, …: as `repos.moment.held` for the source, which only an admin
        gives away, `require_create` for the target.
        ProofNeeded: a session must show once more who sits there.
        AlreadyExists: another repo has the target's name.
        OverQuota: the plan of the new owner has no room for it.
    """
    place = names.find(work, target.namespace or "")
    stays = place is not None and names.bears(work, place.id, place.name)
    repo = held(work, source, Action.REMOVE)  # after the name, as whoever renames an account
    require_sudo(work)
    now = of_now(work)
    if place is None or place.id != repo.owner_id:
        admit(now, Action.TRANSFER, repo)
    require_create(
        now.actor,
        repo_type=target.type.value,
        namespace=target.namespace or "",
        namespace_id=place.id if place else None,
    )
    if place is None or not stays:
        raise NotFound(f"There is no user or organization named {target.namespace!r}.")
    if place.id != repo.owner_id:
        require_one_more(work, place.id)
    require_repo_name(target.name)
    settled = RepoId(target.type, place.name, target.name)
    _require_free(work, repo, settled)
    work.db.execute(
        sa.update(repos)
        .where(repos.c.id == repo.id)
        .values(
            owner_id=place.id,
            namespace=place.name,
            name=target.name,
            path_key=queries.path_key(settled),
            updated_at=work.now,
        )
    )
    _redirect(work, repo, settled)
    moved = queries.repo_by_id(work, repo.id) or repo
    detail: dict[str, object] = {"from": repo.full_name, "from_owner": repo.owner_id}
    detail |= changes({"name": repo.full_name}, {"name": moved.full_name})
    record_of(work, "repo.move", moved, detail)
    if moved.owner_id != repo.owner_id:
        collaborating.remove(work, repo.id, moved.owner_id)  # it is theirs now; the others stay
        letters.tell_owners(work, letters.MOVED, repo, moved)
    return moved


def _require_free(work: Work, repo: Repo, target: RepoId) -> None:
    there = queries.repo_at(work, target.type, queries.path_key(target))
    if there is not None and there.id != repo.id:
        raise AlreadyExists(
            f"A {target.type.value} repository called {target.full_name} already exists",
            url=f"{work.origin.base_url}{target.web_path}",
        )


def _redirect(work: Work, repo: Repo, target: RepoId) -> None:
    """Leave the old name behind as a redirect; the new name is one no longer."""
    new_key = queries.path_key(target)
    work.db.execute(
        sa.delete(redirects).where(
            redirects.c.type == target.type.value, redirects.c.path_key == new_key
        )
    )
    old_key = queries.path_key(repo.repo_id)
    if old_key == new_key:
        return
    fresh = upsert(work.db, redirects).values(
        type=repo.type.value, path_key=old_key, repo_id=repo.id
    )
    work.db.execute(
        fresh.on_conflict_do_update(index_elements=["type", "path_key"], set_={"repo_id": repo.id})
    )
