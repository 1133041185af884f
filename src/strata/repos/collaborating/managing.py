"""Who says who else works on a repo, and what they may say (product §2.5 P37, §3.9).

Whoever decides over the namespace does, and so do admins of the repo; but only the former make and
unmake such admins, so that whoever was let in neither lets in equals nor throws them out.
"""

from __future__ import annotations

from typing import Final

from strata.access.policy.roles import may_appoint
from strata.access.policy.verbs import Action
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, NotFound
from strata.core.names import RepoId
from strata.credentials.tokens.presented.bearers import of_now
from strata.repos.collaborating import queries
from strata.repos.collaborating.record import Collaborator, Invite
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.sessions.signed_in.sudo import require_sudo

IN_BROWSER: Final = (
    "Only a person in a browser decides who works on a repository; an access token does not."
)
NO_ADMINS: Final = "Only who decides over the namespace makes or removes admins of a repository."


def managed(work: Work, repo_id: RepoId) -> Repo:
    """Insist on a person who may say who works on a repo, and who has just shown who they are.

    Raises:
        RepoNotFound, RepoDisabled, Unauthenticated, EmailNotVerified, Forbidden: as
            `repos.lookup.lookup` and `bearers.of_now`; Forbidden also for every access token.
        ProofNeeded: a session must show who sits there.
    """
    lookup(work, repo_id, Action.SHARE)
    require_browser(work)
    require_sudo(work)
    return lookup(of_now(work), repo_id, Action.SHARE)


def require_browser(call: Call) -> None:
    """Insist on a person in a browser.

    Raises:
        Forbidden: it is a token.
    """
    if call.actor.session_id is None:
        raise Forbidden(IN_BROWSER)


def require_appoint(work: Work, repo: Repo, *roles: Role | None) -> None:
    """Insist that the caller may deal with these roles.

    Raises:
        Forbidden: one of them is the admin's.
    """
    if Role.ADMIN in roles and not may_appoint(of_now(work).actor, repo):
        raise Forbidden(NO_ADMINS)


def listed(call: Call, repo_id: RepoId) -> tuple[list[Collaborator], list[Invite]]:
    """Who works on a repo, and who is invited to; for those who decide.

    Raises:
        RepoNotFound, RepoDisabled, Unauthenticated, EmailNotVerified, Forbidden: as
            `repos.lookup.lookup`.
    """
    repo = lookup(call, repo_id, Action.SHARE)
    return queries.of_repo(call, repo.id), queries.invites_of_repo(call, repo.id)


def missing(name: str, repo: Repo) -> NotFound:
    """Somebody who does not work on the repo, whether there is such an account or not."""
    return NotFound(f"{name} is no collaborator of {repo.full_name}.")
