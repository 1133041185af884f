"""Invite somebody to work on a repo, and take that back (product §2.5 P37)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.accounts import addresses, limits, people
from strata.accounts.notices.choices import Kind, wants_mail
from strata.accounts.notices.times import held_for
from strata.accounts.notices.unsubscribing import address
from strata.accounts.standing import is_shown
from strata.accounts.tables import emails, users
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import NotFound
from strata.core.names import RepoId, fresh_key
from strata.events.facts import record_of
from strata.events.letters import Reader, page
from strata.events.outbox import post
from strata.organizations.collaborators import tidying
from strata.repos.collaborating import letters, queries
from strata.repos.collaborating.managing import managed, require_appoint
from strata.repos.collaborating.record import Invite, Refused
from strata.repos.record import Repo

LIFE: Final = timedelta(days=7)
MOST: Final = 100  # collaborators and invitations of one repo
LONGEST_TOKEN: Final = 128
A_DAY: Final = 24 * 60  # minutes
SENT_PER_DAY: Final = 50  # by one person, wherever
TAKEN_PER_DAY: Final = 20  # by one account or address, from whomever
GONE: Final = "There is no such invitation any more."


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an invitation is for."""

    reader: Reader
    user_id: int | None = None
    email: str | None = None
    email_key: str | None = None

    @property
    def key(self) -> str:
        return f"repo.invited:{self.user_id or self.email_key}"


def invite(work: Work, repo_id: RepoId, who: str, role: Role) -> Invite:
    """Invite an account by its name, or whoever has an address; replaces an older invitation.

    An address is written to whether or not it belongs to an account, so that nobody learns that.

    Raises:
        RepoNotFound, Forbidden, ProofNeeded, …: as `managing.managed`.
        Refused: `who` is nobody, works on the repo already, or the repo has too many.
        TooMany: more in a day than one person may send, or one mailbox is to get.
    """
    repo = managed(work, repo_id)
    require_appoint(work, repo, role)
    target = _target(work, repo, who.strip())
    sent = limits.Limit(f"repo.invites:{work.actor.user_id}", SENT_PER_DAY, A_DAY)
    limits.count(work, sent, limits.Limit(target.key, TAKEN_PER_DAY, A_DAY))
    tidying.forget_old(work)
    replaced = queries.forget_same(work, repo.id, target.user_id, target.email_key)
    if queries.count_of_repo(work, repo.id) >= MOST:
        raise Refused("collaborator.too_many")
    token = secrets.token_urlsafe(32)
    key = _keep(work, repo, role, target, token)
    _record(work, repo, role, target, {"invite": key, "replaced": replaced})
    _write(work, target, letters.Invitation(repo, work.actor.name or "", role, LIFE.days), token)
    made = queries.invite_by_key(work, key)
    if made is None:
        raise NotFound(GONE)
    return made


def withdraw(work: Work, repo_id: RepoId, key: str) -> None:
    """Let nobody use an invitation any more.

    Raises:
        RepoNotFound, Forbidden, ProofNeeded, …: as `managing.managed`.
        NotFound: the repo has no such one.
    """
    repo = managed(work, repo_id)
    found = queries.invite_by_key(work, key)
    if found is None or found.repo.id != repo.id:
        raise NotFound(GONE)
    require_appoint(work, repo, found.role)
    if not queries.delete_invite(work, key):
        raise NotFound(GONE)
    detail = {"invite": key, "role": found.role.value}
    record_of(work, "repo.collaborator_withdraw", repo, detail, subject_id=found.user_id)


def link_path(token: str) -> str:
    """The page where an invitation is answered."""
    return f"/settings/collaborations/{token}"


def digest_of(call: Call, token: str) -> str:
    """Under what an invitation's token is kept."""
    return call.hub.secrets.digest("repo-invite", token[:LONGEST_TOKEN])


def _target(work: Work, repo: Repo, who: str) -> Target:
    if "@" in who:
        typed = addresses.parse(who)
        if typed is None:
            raise Refused("invite.unknown", who)
        reader = Reader(typed.text, typed.text, _language_at(work, typed.key))
        return Target(reader, email=typed.text, email_key=typed.key)
    person = people.by_name(work, who)
    if person is None or not is_shown(work, person):
        raise Refused("invite.unknown", who)
    if person.id == repo.owner_id:
        raise Refused("collaborator.owner", who)
    if queries.role_of(work, repo.id, person.id) is not None:
        raise Refused("collaborator.already", who)
    return Target(people.reader(person), user_id=person.id)


def _language_at(work: Work, key: str) -> str:
    """The language of who has an address; of the inviter, where nobody here has."""
    theirs = sa.select(users.c.language).join(emails, emails.c.user_id == users.c.id)
    found: str | None = work.db.scalar(theirs.where(emails.c.key == key))
    return found or work.origin.language


def _keep(work: Work, repo: Repo, role: Role, target: Target, token: str) -> str:
    key = fresh_key()
    queries.insert_invite(
        work,
        {
            "key": key,
            "repo_id": repo.id,
            "inviter_id": work.actor.user_id,
            "user_id": target.user_id,
            "email": target.email,
            "email_key": target.email_key,
            "digest": digest_of(work, token),
            "role": role.value,
            "created_at": work.now,
            "expires_at": work.now + LIFE,
        },
    )
    return key


def _record(work: Work, repo: Repo, role: Role, target: Target, kept: dict[str, object]) -> None:
    by = "account" if target.user_id is not None else "email"
    detail = {"by": by, "role": role.value, "days": LIFE.days, **kept}
    record_of(work, "repo.collaborator_invite", repo, detail, subject_id=target.user_id)


def _write(work: Work, target: Target, invitation: letters.Invitation, token: str) -> None:
    """Write to who is invited; an account that wants no such mails finds it on its pages."""
    link = page(work, link_path(token))
    user_id = target.user_id
    if user_id is None:
        post(work, letters.invited(work, target.reader, invitation, link))
    elif wants_mail(work, Kind.INVITATION, user_id):
        stop = address(work, user_id, [Kind.INVITATION])
        told = letters.invited(work, target.reader, invitation, link, unsubscribe=stop)
        post(work, told, after=held_for(work, user_id))
