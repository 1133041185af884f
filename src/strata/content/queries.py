"""All SQL of the room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from strata.accounts.standing import is_seen
from strata.accounts.tables import emails, namespaces, users
from strata.content.tables import proposals
from strata.core.call import Call, Work
from strata.core.names import Sha
from strata.lib.db.database import Prepared
from strata.repos.tables import refs, repos

_ANY_OF = Prepared(
    "SELECT name, commit_sha FROM refs WHERE repo_id = :repo_id AND name IN (:exact, :branch, :tag)"
)


@dataclass(frozen=True, slots=True)
class RefRow:
    """One ref."""

    name: str  # "refs/heads/main"
    target: Sha  # commit, or the object of an annotated tag
    commit: Sha


@dataclass(frozen=True, slots=True)
class Person:
    """The account that a commit's e-mail address belongs to."""

    name: str
    public_id: str


def refs_named(call: Call, repo_row_id: int, revision: str) -> Mapping[str, Sha]:
    """The refs that a revision may mean: the name as it stands, a branch, a tag."""
    names = {
        "repo_id": repo_row_id,
        "exact": revision,
        "branch": f"refs/heads/{revision}",
        "tag": f"refs/tags/{revision}",
    }
    return {row[0]: Sha(row[1]) for row in _ANY_OF.rows(call.db, names)}


def refs_among(call: Call, repo_row_id: int, names: Iterable[str]) -> dict[str, RefRow]:
    """Those of the named refs that exist."""
    wanted = [name for name in names if "\0" not in name]  # PostgreSQL refuses to look for those
    rows = call.db.execute(
        sa.select(refs.c.name, refs.c.target, refs.c.commit_sha).where(
            refs.c.repo_id == repo_row_id, refs.c.name.in_(wanted)
        )
    )
    return {row[0]: RefRow(row[0], Sha(row[1]), Sha(row[2])) for row in rows}


def all_refs(call: Call, repo_row_id: int) -> list[RefRow]:
    """Every ref of a repo, by name."""
    rows = call.db.execute(
        sa.select(refs.c.name, refs.c.target, refs.c.commit_sha).where(
            refs.c.repo_id == repo_row_id
        )
    )
    return [RefRow(row[0], Sha(row[1]), Sha(row[2])) for row in sorted(rows, key=lambda r: r[0])]


def refs_below(call: Call, repo_row_id: int, name: str) -> bool:
    """Whether refs exist whose names continue this one after a slash."""
    # Neither LIKE nor < means the same on every database: case, and the order of punctuation.
    start = sa.func.substr(refs.c.name, 1, len(name) + 1)
    below = sa.exists().where(refs.c.repo_id == repo_row_id, start == f"{name}/")
    return bool(call.db.scalar(sa.select(below)))


def proposal_author(call: Call, repo_row_id: int, number: int) -> int | None:
    """Who opened a pull request; None when there is none of this number."""
    author: int | None = call.db.scalar(
        sa.select(proposals.c.author_id).where(
            proposals.c.repo_id == repo_row_id, proposals.c.number == number
        )
    )
    return author


def insert_proposal(work: Work, repo_row_id: int, number: int, base_ref: str) -> None:
    """Note who may push to `refs/pr/<number>` besides those who may write."""
    work.db.execute(
        sa.insert(proposals).values(
            repo_id=repo_row_id,
            number=number,
            author_id=work.actor.user_id or 0,
            base_ref=base_ref,
            created_at=work.now,
        )
    )


def delete_proposal(work: Work, repo_row_id: int, number: int) -> None:
    """Forget who may push to `refs/pr/<number>`."""
    work.db.execute(
        sa.delete(proposals).where(proposals.c.repo_id == repo_row_id, proposals.c.number == number)
    )


def next_number(work: Work, repo_row_id: int) -> int:
    """Take the next number that discussions and pull requests of a repo share."""
    following: int = work.db.execute(
        sa.update(repos)
        .where(repos.c.id == repo_row_id)
        .values(next_discussion=repos.c.next_discussion + 1)
        .returning(repos.c.next_discussion)
    ).scalar_one()
    return following - 1


def people_named(call: Call, names: Iterable[str]) -> dict[str, Person]:
    """Accounts that others may see, by their case-folded names."""
    named = namespaces.c.key.in_(sorted(set(names)))
    rows = call.db.execute(_people().where(named, is_seen(call)))
    return {row.key: Person(row.name, row.public_id) for row in rows}


def people_at(call: Call, addresses: Iterable[str]) -> dict[str, Person]:
    """Accounts by their case-folded e-mail addresses; only those that were confirmed."""
    theirs = _people().add_columns(emails.c.key.label("email_key"))
    theirs = theirs.join(emails, emails.c.user_id == users.c.id)
    addressed = emails.c.key.in_(sorted(set(addresses)))
    rows = call.db.execute(theirs.where(addressed, is_seen(call)))
    return {row.email_key: Person(row.name, row.public_id) for row in rows}


def _people() -> sa.Select[Any]:
    return sa.select(namespaces.c.key, namespaces.c.name, users.c.public_id).join(
        users, users.c.id == namespaces.c.id
    )
