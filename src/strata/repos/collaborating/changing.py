"""Give a collaborator another role, take them out, or let them leave (product §2.5 P37)."""

from __future__ import annotations

from strata.access.policy.persons import require_writer
from strata.access.policy.verbs import Action
from strata.accounts import people
from strata.core.actor import Role
from strata.core.call import Work
from strata.core.names import RepoId
from strata.events.audit.changes import changes
from strata.events.facts import record_of
from strata.events.letters import page
from strata.events.outbox import post
from strata.repos.collaborating import letters, queries
from strata.repos.collaborating.managing import managed, missing, require_appoint
from strata.repos.lookup import lookup


def change_role(work: Work, repo_id: RepoId, user_name: str, role: Role) -> None:
    """Give a collaborator another role, which holds from their next request on.

    Raises:
        RepoNotFound, Forbidden, ProofNeeded, …: as `managing.managed`; Forbidden also when an admin
            of the repo is made or unmade by another one.
        NotFound: this is no collaborator.
    """
    repo = managed(work, repo_id)
    person = people.by_name(work, user_name)
    held = queries.held_role(work, repo.id, person.id) if person else None
    if person is None or held is None:
        raise missing(user_name, repo)
    require_appoint(work, repo, held, role)
    if held is role:
        return
    queries.put(work, repo.id, person.id, role, work.actor.user_id or 0)
    detail = {"user": person.name, **changes({"role": held.value}, {"role": role.value})}
    record_of(work, "repo.collaborator_role", repo, detail, subject_id=person.id)
    post(work, letters.changed(people.reader(person), repo, role, page(work, repo.web_path)))


def remove(work: Work, repo_id: RepoId, user_name: str) -> None:
    """Take a collaborator out; from their next request on the repo is a stranger's to them.

    Raises:
        RepoNotFound, Forbidden, ProofNeeded, NotFound, …: as `change_role`.
    """
    repo = managed(work, repo_id)
    person = people.by_name(work, user_name)
    held = queries.held_role(work, repo.id, person.id) if person else None
    if person is None or held is None:
        raise missing(user_name, repo)
    require_appoint(work, repo, held)
    queries.remove(work, repo.id, person.id)
    detail = {"user": person.name, **changes({"role": held.value}, {"role": None})}
    record_of(work, "repo.collaborator_remove", repo, detail, subject_id=person.id)
    post(work, letters.removed(work, people.reader(person), repo))


def leave(work: Work, repo_id: RepoId) -> None:
    """Take the caller out of those who work on a repo.

    Raises:
        RepoNotFound, RepoDisabled, Unauthenticated, EmailNotVerified, Forbidden: as
            `repos.lookup.lookup` and `access.policy.persons.require_writer`.
        NotFound: the caller is no collaborator.
    """
    user_id = require_writer(work.actor, "leave repositories")
    repo = lookup(work, repo_id, Action.LOOK)
    held = queries.held_role(work, repo.id, user_id)
    name = work.actor.name or ""
    if held is None:
        raise missing(name, repo)
    queries.remove(work, repo.id, user_id)
    detail = {"user": name, **changes({"role": held.value}, {"role": None})}
    record_of(work, "repo.collaborator_leave", repo, detail, subject_id=user_id)
