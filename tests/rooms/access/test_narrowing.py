"""What a token leaves of its person's right: product §4.4 as a table, and the lists that agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import pytest
import sqlalchemy as sa

from strata.access.gates.tables import access_requests
from strata.access.policy.namespaces import (
    require_admin,
    require_create,
    require_member,
    require_watch,
)
from strata.access.policy.narrowing import BARRED, GATED_TOKEN
from strata.access.policy.persons import require_reader, require_writer
from strata.access.policy.require import require
from strata.access.policy.seeing import belongs_to, may_see, shows_membership
from strata.access.policy.things import Gate, Thing
from strata.access.policy.verbs import Action
from strata.access.visibility import opened_to, readable, seen_alone, sight_of, visible
from strata.core.actor import Actor, Bar, Grants, Role, TokenFacts, TokenRole
from strata.core.errors import Forbidden, RepoNotFound, StrataError, TokenTooNarrow
from strata.core.permissions import Permission, grants_of, kept_of

PERSON, ORGANIZATION, ELSEWHERE = 2, 9, 10
THIS, OTHER = 1, 5  # repos


@dataclass(frozen=True, slots=True)
class Governed:
    """What the policy asks of a repo or a collection."""

    id: int = THIS
    owner_id: int = ORGANIZATION
    created_by: int | None = PERSON
    private: bool = False
    disabled: bool = False
    gated: Gate | None = None
    gate_members: bool = False
    thing: Thing = Thing.REPO


def grants(**names: Iterable[str] | Mapping[int, Sequence[str]] | bool) -> Grants:
    return grants_of(
        {
            name: value if not isinstance(value, Mapping) else {str(k): v for k, v in value.items()}
            for name, value in names.items()
        }
    )


def owner(role: TokenRole, narrowed: Grants | None = None, bar: Bar | None = None) -> Actor:
    """The admin of the organisation, with a token."""
    token = TokenFacts(
        1,
        "t",
        role,
        datetime(2026, 1, 1, tzinfo=UTC),
        grants=narrowed,
        bars={ORGANIZATION: bar} if bar else {},
    )
    roles = {ORGANIZATION: Role.ADMIN, ELSEWHERE: Role.ADMIN}
    return Actor(user_id=PERSON, name="eve", verified=True, roles=roles, token=token)


def fine(**names: Iterable[str] | Mapping[int, Sequence[str]] | bool) -> Actor:
    return owner(TokenRole.FINE_GRAINED, grants(**names))


R, W, CW = "repo.content.read", "repo.write", "repo.content.write"
D, A = "discussion.write", "repo.access.read"
ACTS: Final = {
    "read": Action.READ,
    "discuss": Action.DISCUSS,
    "propose": Action.PROPOSE,
    "write": Action.WRITE,
    "review": Action.REVIEW,
    "manage": Action.MANAGE,
    "remove": Action.REMOVE,
    "transfer": Action.TRANSFER,
}
ALL = set(ACTS)
# Which token, the private repos it opens, the gated ones, and what it may do in a public one.
TABLE: Final = [
    ("read", owner(TokenRole.READ), True, True, {"read"}),
    ("write", owner(TokenRole.WRITE), True, True, ALL),
    ("none", fine(), False, False, {"read"}),
    ("no grants at all", owner(TokenRole.FINE_GRAINED), False, False, {"read"}),
    ("unknown name", fine(everywhere=["repo.everything", "*"]), False, False, {"read"}),
    ("gated", fine(gated=True), False, True, {"read"}),
    ("repo-r", fine(repos={THIS: [R]}), True, True, {"read"}),
    ("repo-cw", fine(repos={THIS: [CW]}), True, True, {"read", "propose", "write"}),
    (
        "repo-w",
        fine(repos={THIS: [W]}),
        True,
        True,
        {"read", "propose", "write", "review", "manage"},
    ),
    ("other repo", fine(repos={OTHER: [W, D]}), False, False, {"read"}),
    ("org-r", fine(namespaces={ORGANIZATION: [R]}), True, True, {"read"}),
    ("org-w", fine(namespaces={ORGANIZATION: [W]}), True, True, ALL - {"discuss"}),
    ("other org", fine(namespaces={ELSEWHERE: [W, D]}), False, False, {"read"}),
    ("own only", fine(namespaces={PERSON: [W, D]}), False, False, {"read"}),
    ("discussions", fine(everywhere=[D]), False, False, {"read", "discuss", "propose"}),
    ("who asked", fine(repos={THIS: [A]}), False, False, {"read", "review"}),
    ("creates", fine(namespaces={ORGANIZATION: ["repo.create"]}), False, False, {"read"}),
    ("a collection of that id", fine(collections={THIS: [W, R, D]}), False, False, {"read"}),
]


def outcome(actor: Actor, action: Action, repo: Governed) -> type[StrataError] | None:
    try:
        require(actor, action, repo)
    except StrataError as error:
        return type(error)
    return None


@pytest.mark.parametrize(("actor", "public"), [(row[1], row[4]) for row in TABLE])
def test_public_repos_are_readable_and_written_by_grant(actor: Actor, public: set[str]) -> None:
    may = {name for name, action in ACTS.items() if outcome(actor, action, Governed()) is None}

    assert may == public
    refused = {outcome(actor, ACTS[name], Governed()) for name in ALL - public}
    assert refused <= {TokenTooNarrow}


@pytest.mark.parametrize(("actor", "opens", "public"), [(row[1], row[2], row[4]) for row in TABLE])
def test_private_repos_without_a_grant_look_missing(
    actor: Actor, *, opens: bool, public: set[str]
) -> None:
    private = Governed(private=True)

    assert may_see(actor, private) is opens
    for name, action in ACTS.items():
        found = outcome(actor, action, private)
        assert (found is None) is (opens and name in public)
        assert (found is RepoNotFound) is not opens


@pytest.mark.parametrize(("actor", "opens"), [(row[1], row[3]) for row in TABLE])
def test_gated_repos_need_the_flag_or_a_grant(actor: Actor, *, opens: bool) -> None:
    gated = Governed(gated="manual")

    require(actor, Action.LOOK, gated)
    if opens:
        require(actor, Action.READ, gated)
        return
    with pytest.raises(Forbidden) as refused:
        require(actor, Action.READ, gated, entered=True)
    assert refused.value.message == GATED_TOKEN
    assert refused.value.code is None


# What the lists ask of a row.
GOVERNED = sa.Table(
    "governed",
    sa.MetaData(),
    sa.Column("id", sa.Integer),
    sa.Column("owner_id", sa.Integer),
    sa.Column("created_by", sa.Integer),
    sa.Column("private", sa.Boolean),
    sa.Column("gated", sa.Text),
    sa.Column("gate_members", sa.Boolean),
)
COLUMNS: Final = ("id", "owner_id", "created_by", "private", "gated", "gate_members")
REPOS: Final = [
    Governed(id=THIS, private=True),
    Governed(id=OTHER, private=True),
    Governed(id=20, owner_id=ELSEWHERE, private=True),
    Governed(id=21, owner_id=PERSON, private=True),
    Governed(id=22, owner_id=77, private=True),
    Governed(id=23, gated="auto"),
    Governed(id=24, private=True, gated="manual"),
    Governed(id=25, owner_id=77),
]
BAD = [owner(TokenRole.READ, bar=bar) for bar in Bar]
BAD += [owner(TokenRole.FINE_GRAINED, grants(everywhere=[R], gated=True), bar) for bar in Bar]
TOKENS: Final = [
    *(row[1] for row in TABLE),
    *BAD,
    fine(repos={22: [R], 23: [R], 24: [R]}, gated=True),
    fine(everywhere=[R]),
    fine(everywhere=[W], gated=True),
]


@pytest.mark.parametrize("actor", TOKENS)
def test_what_lists_show_is_what_the_policy_lets_through(actor: Actor) -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        GOVERNED.create(connection)
        access_requests.create(connection)
        rows = [{name: getattr(repo, name) for name in COLUMNS} for repo in REPOS]
        connection.execute(sa.insert(GOVERNED), rows)

        def found(condition: sa.ColumnElement[bool]) -> set[int]:
            return set(connection.scalars(sa.select(GOVERNED.c.id).where(condition)))

        seen = {repo.id for repo in REPOS if may_see(actor, repo)}
        assert found(visible(actor, GOVERNED)) == seen
        assert found(alone(actor)) == seen - {23, 25}
        read = {repo.id for repo in REPOS if outcome(actor, Action.READ, repo) is None}
        assert found(readable(actor, GOVERNED)) == read


def alone(actor: Actor) -> sa.ColumnElement[bool]:
    opened = opened_to(actor)

    def held(column: sa.ColumnElement[int], field: str) -> sa.ColumnElement[bool]:
        return column.in_(getattr(opened, field))

    return seen_alone(sight_of(actor, opened), GOVERNED, held)


def test_collections_are_opened_by_names_of_their_own() -> None:
    private = Governed(private=True, thing=Thing.COLLECTION)
    reading = fine(collections={THIS: ["collection.read"]})
    writing = fine(namespaces={ORGANIZATION: ["collection.write"]})

    assert not may_see(fine(repos={THIS: [W]}, namespaces={ORGANIZATION: [W, R]}), private)
    assert may_see(reading, private)
    assert outcome(reading, Action.WRITE, private) is TokenTooNarrow
    assert outcome(writing, Action.WRITE, private) is None
    assert outcome(writing, Action.READ, Governed(private=True)) is RepoNotFound
    require_create(writing, repo_type="collection", namespace="acme", namespace_id=ORGANIZATION)
    with pytest.raises(Forbidden):
        require_create(writing, repo_type="model", namespace="acme", namespace_id=ORGANIZATION)


@pytest.mark.parametrize("names", [["repo.write"], ["repo.create"]])
def test_creating_needs_a_grant_in_the_namespace(names: list[str]) -> None:
    def create(actor: Actor) -> None:
        require_create(actor, repo_type="model", namespace="acme", namespace_id=ORGANIZATION)

    create(fine(namespaces={ORGANIZATION: names}))
    for actor in (fine(repos={THIS: names}), fine(namespaces={ELSEWHERE: names}), fine(gated=True)):
        with pytest.raises(Forbidden, match='under the namespace "acme"'):
            create(actor)


def test_the_inside_of_an_organization_needs_names_of_its_own() -> None:
    inside, changing = (
        fine(namespaces={ORGANIZATION: [name]}) for name in ("org.read", "org.write")
    )

    assert belongs_to(inside, ORGANIZATION)
    assert belongs_to(changing, ORGANIZATION)
    require_admin(changing, ORGANIZATION)
    for actor in (inside, fine(namespaces={ORGANIZATION: [W]}), fine(everywhere=[W])):
        with pytest.raises(TokenTooNarrow, match=r"org\.write"):
            require_admin(actor, ORGANIZATION)
    assert not belongs_to(fine(namespaces={ORGANIZATION: [W]}), ORGANIZATION)
    assert shows_membership(inside, ORGANIZATION)
    assert not shows_membership(inside, ELSEWHERE)
    assert shows_membership(owner(TokenRole.READ), ELSEWHERE)
    with pytest.raises(TokenTooNarrow):
        require_member(inside, ORGANIZATION)
    require_member(fine(namespaces={ORGANIZATION: [R]}), ORGANIZATION)


def test_webhooks_need_names_of_their_own_and_hear_no_more_than_the_token_opens() -> None:
    reading, writing = Permission.WEBHOOKS_READ, Permission.WEBHOOKS_WRITE
    holder = fine(namespaces={PERSON: [writing]})

    require_reader(holder, reading)
    assert require_writer(holder, "create webhooks", writing) == PERSON
    for actor in (
        fine(namespaces={ORGANIZATION: [writing]}),
        fine(namespaces={PERSON: [W]}),
        fine(),
    ):
        with pytest.raises(TokenTooNarrow):
            require_reader(actor, reading)
        with pytest.raises(TokenTooNarrow):
            require_writer(actor, "create webhooks", writing)
    for namespace in (PERSON, ORGANIZATION):
        with pytest.raises(TokenTooNarrow):
            require_watch(holder, namespace)
    require_watch(holder, 77)
    require_watch(fine(namespaces={PERSON: [writing, R]}), PERSON)


def test_what_has_no_name_no_narrowed_token_does() -> None:
    with pytest.raises(TokenTooNarrow, match="No fine-grained token"):
        require_writer(fine(everywhere=[*Permission]), "create organizations")
    require_writer(owner(TokenRole.WRITE), "create organizations")


@pytest.mark.parametrize("bar", list(Bar))
@pytest.mark.parametrize("actor_of", [0, 1])
def test_an_organization_keeps_a_token_out(bar: Bar, actor_of: int) -> None:
    every = grants(everywhere=[*Permission], gated=True)
    actor = (owner(TokenRole.WRITE, bar=bar), owner(TokenRole.FINE_GRAINED, every, bar))[actor_of]
    sentence = BARRED[bar]

    require(actor, Action.READ, Governed())
    for repo in (Governed(private=True), Governed(gated="auto")):
        with pytest.raises(Forbidden) as refused:
            require(actor, Action.READ, repo)
        assert refused.value.message == sentence
    for action in set(ACTS.values()) - {Action.READ}:
        with pytest.raises(Forbidden) as refused:
            require(actor, action, Governed())
        assert refused.value.message == sentence
    refusals: tuple[Callable[[], None], ...] = (
        lambda: require_admin(actor, ORGANIZATION),
        lambda: require_member(actor, ORGANIZATION),
        lambda: require_watch(actor, ORGANIZATION),
        lambda: require_create(
            actor, repo_type="model", namespace="acme", namespace_id=ORGANIZATION
        ),
    )
    for refuse in refusals:
        with pytest.raises(Forbidden) as refused:
            refuse()
        assert refused.value.message == sentence
    assert not belongs_to(actor, ORGANIZATION)
    require(actor, Action.MANAGE, Governed(owner_id=ELSEWHERE, private=True))


def test_a_token_that_does_not_name_the_organization_is_told_nothing_of_its_policy() -> None:
    outside = owner(TokenRole.FINE_GRAINED, grants(gated=True), Bar.PENDING)

    with pytest.raises(RepoNotFound):
        require(outside, Action.READ, Governed(private=True))


def test_a_member_who_left_takes_the_rights_of_the_token_along() -> None:
    token = fine(namespaces={ORGANIZATION: [W]}, repos={THIS: [W]})
    left = replace(token, roles={})

    require(token, Action.WRITE, Governed(private=True))
    assert outcome(left, Action.READ, Governed(private=True)) is RepoNotFound
    assert outcome(left, Action.WRITE, Governed(created_by=None)) is Forbidden


def test_grants_survive_being_kept() -> None:
    narrowed = grants(
        gated=True,
        everywhere=[D],
        namespaces={ORGANIZATION: [R, "org.read"]},
        repos={THIS: [W]},
        collections={3: ["collection.read"]},
    )

    assert grants_of(kept_of(narrowed)) == narrowed
    assert grants_of(None) == Grants() == grants_of({})
