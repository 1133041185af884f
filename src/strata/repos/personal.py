"""What this room holds of a person, and what becomes of it when they leave."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.access.gates.tables import access_requests, gate_notices
from strata.accounts.notices.tables import heeded_repos
from strata.core.call import Work
from strata.core.names import RepoId, RepoType
from strata.core.personal import Kept, Part, Personal, rows_of
from strata.events.facts import Fact
from strata.membership.closing.facts import GONE
from strata.organizations.collaborators.tables import collaborators, repo_invites
from strata.repos import change
from strata.repos.owning.exported import naming, with_addresses
from strata.repos.publishers.tables import publishers
from strata.repos.tables import likes, repos

PERSONAL: Final = Personal(
    kept=(
        Kept(repos.c.owner_id, "stay"),  # deleted by `take_away`, swept later
        Kept(repos.c.created_by, "stay"),
        Kept(likes.c.user_id, "delete"),
        Kept(publishers.c.user_id, "delete"),
        Kept(repo_invites.c.user_id, "delete"),
        Kept(repo_invites.c.inviter_id, "delete"),  # it holds while they may invite
    ),
    parts=(
        Part(
            "repositories",
            with_addresses(
                rows_of(
                    repos.c.owner_id,
                    repos.c.type,
                    repos.c.namespace,
                    repos.c.name,
                    repos.c.private,
                    repos.c.gated,
                    repos.c.description,
                    repos.c.created_at,
                    repos.c.updated_at,
                    repos.c.deleted_at,
                ),
            ),
        ),
        Part(
            "collaborations",
            naming(
                rows_of(
                    collaborators.c.user_id,
                    collaborators.c.repo_id,
                    collaborators.c.role,
                    collaborators.c.added_at,
                ),
            ),
        ),
        Part(
            "collaborator-invitations",
            rows_of(
                repo_invites.c.user_id,
                repos.c.type,
                repos.c.namespace,
                repos.c.name,
                repo_invites.c.role,
                repo_invites.c.created_at,
                repo_invites.c.expires_at,
                source=repo_invites.join(repos),
            ),
        ),
        Part(
            "trusted-publishers",
            rows_of(
                publishers.c.user_id,
                publishers.c.issuer,
                publishers.c.claims,
                publishers.c.created_at,
                publishers.c.last_used_at,
            ),
        ),
        Part(
            "watched-and-muted-repositories",
            naming(
                rows_of(
                    heeded_repos.c.user_id,
                    heeded_repos.c.repo_id,
                    heeded_repos.c.muted,
                    heeded_repos.c.since,
                ),
            ),
        ),
        Part(
            "likes",
            naming(rows_of(likes.c.user_id, likes.c.repo_id, likes.c.created_at)),
        ),
        Part(
            "gated-requests",
            naming(
                rows_of(
                    access_requests.c.user_id,
                    access_requests.c.repo_id,
                    access_requests.c.status,
                    access_requests.c.answers,
                    access_requests.c.requested_at,
                    access_requests.c.reviewed_at,
                    access_requests.c.reason,
                ),
            ),
        ),
    ),
)


def take_away(work: Work, fact: Fact) -> None:
    """Delete what belonged to an account that is gone, and its likes from the counts."""
    if fact.name != GONE or fact.subject_id is None:
        return
    theirs = repos.c.owner_id == fact.subject_id
    living = sa.select(repos.c.type, repos.c.namespace, repos.c.name)
    for row in work.db.execute(living.where(theirs, repos.c.deleted_at.is_(None))).all():
        change.delete(work, RepoId(RepoType(row.type), row.namespace, row.name))
    owned = sa.select(repos.c.id).where(theirs)
    work.db.execute(sa.delete(gate_notices).where(gate_notices.c.repo_id.in_(owned)))
    nobody = sa.literal(f"~{fact.subject_id}/").concat(repos.c.key)
    emptied = {"namespace": "ghost", "path_key": nobody, "description": None}
    work.db.execute(sa.update(repos).where(theirs).values(**emptied))
    liked = sa.select(likes.c.repo_id).where(likes.c.user_id == fact.subject_id)
    work.db.execute(sa.update(repos).where(repos.c.id.in_(liked)).values(likes=repos.c.likes - 1))
