"""The table of rights: every kind of caller, every act, public and private repos."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from strata.access.gates.tables import access_requests
from strata.access.policy.gate import belongs
from strata.access.policy.namespaces import require_admin, require_create
from strata.access.policy.persons import require_account, require_writer
from strata.access.policy.require import require
from strata.access.policy.roles import may_appoint, may_share
from strata.access.policy.seeing import may_see
from strata.access.policy.things import Gate, Thing
from strata.access.policy.verbs import NEEDED, OUTSIDE_THE_GATE, RIGHTS as MATRIX, Action
from strata.access.visibility import readable, visible
from strata.core.actor import (
    ANONYMOUS,
    SYSTEM,
    Actor,
    Bar,
    Grants,
    Role,
    Share,
    TokenFacts,
    TokenRole,
)
from strata.core.errors import (
    EmailNotVerified,
    Forbidden,
    GatedRepo,
    RepoDisabled,
    RepoNotFound,
    StrataError,
    TokenTooNarrow,
    Unauthenticated,
)

OWNER, PERSON, ORGANIZATION = 1, 2, 9
READ_TOKEN = TokenFacts(1, "laptop", TokenRole.READ, datetime(2026, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Governed:
    """What the policy asks of a repo."""

    id: int = 1
    owner_id: int = ORGANIZATION
    created_by: int | None = OWNER
    private: bool = False
    disabled: bool = False
    gated: Gate | None = None
    gate_members: bool = False
    thing: Thing = Thing.REPO


def member(role: Role, **changes: object) -> Actor:
    """Give somebody a role in the organisation."""
    fields = {"user_id": PERSON, "name": "eve", "verified": True, "roles": {ORGANIZATION: role}}
    return Actor(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the actor


def collaborator(role: Role, repo_id: int = 1, **changes: object) -> Actor:
    """Give somebody a role on a single repo of the organisation."""
    return member(
        Role.NO_ACCESS, **{"roles": {}, "shares": {repo_id: Share(role, ORGANIZATION)}, **changes}
    )


STRANGER = member(Role.ADMIN, roles={ORGANIZATION + 1: Role.ADMIN})
THEIRS = Governed(created_by=PERSON)
# What each may do in a repo of the organisation: read if private, write, manage, say who else works
# on it, rename and delete, give away.
RIGHTS = [
    ("owner of the namespace", Actor(user_id=ORGANIZATION, verified=True), Governed(), "rwmsxt"),
    ("system", SYSTEM, Governed(), "rwmsxt"),
    ("stranger", STRANGER, Governed(), ""),
    ("who left but made it", STRANGER, THEIRS, ""),
    ("no_access", member(Role.NO_ACCESS), Governed(), ""),
    ("no_access, made it", member(Role.NO_ACCESS), THEIRS, ""),
    ("read", member(Role.READ), Governed(), "r"),
    ("read, made it", member(Role.READ), THEIRS, "r"),
    ("contributor", member(Role.CONTRIBUTOR), Governed(), "r"),
    ("contributor, made it", member(Role.CONTRIBUTOR), THEIRS, "rwmx"),
    ("write", member(Role.WRITE), Governed(), "rwmx"),
    ("admin", member(Role.ADMIN), Governed(), "rwmsxt"),
    ("collaborator, read", collaborator(Role.READ), Governed(), "r"),
    ("collaborator, read, made it", collaborator(Role.READ), THEIRS, "r"),
    ("collaborator, write", collaborator(Role.WRITE), Governed(), "rwm"),
    ("collaborator, admin", collaborator(Role.ADMIN), Governed(), "rwms"),
    ("collaborator of another repo", collaborator(Role.ADMIN, 2), Governed(), ""),
    (
        "no_access, collaborator",
        member(Role.NO_ACCESS, shares={1: Share(Role.WRITE, ORGANIZATION)}),
        Governed(),
        "rwm",
    ),
    (
        "read, collaborator",
        member(Role.READ, shares={1: Share(Role.ADMIN, ORGANIZATION)}),
        Governed(),
        "rwms",
    ),
    (
        "write, collaborator",
        member(Role.WRITE, shares={1: Share(Role.READ, ORGANIZATION)}),
        Governed(),
        "rwmx",
    ),
]
ACTS = {
    "r": Action.READ,
    "w": Action.WRITE,
    "m": Action.MANAGE,
    "s": Action.SHARE,
    "x": Action.REMOVE,
    "t": Action.TRANSFER,
}


@pytest.mark.parametrize(("actor", "repo", "rights"), [row[1:] for row in RIGHTS])
@pytest.mark.parametrize("act", list(ACTS))
def test_rights_in_private_repos(actor: Actor, repo: Governed, rights: str, act: str) -> None:
    private = Governed(1, repo.owner_id, repo.created_by, private=True)
    if act in rights:
        require(actor, ACTS[act], private)
        return
    # Without the right to read, everything looks missing.
    expected = Forbidden if "r" in rights else RepoNotFound
    with pytest.raises(expected):
        require(actor, ACTS[act], private)
    assert may_see(actor, private) is ("r" in rights)


@pytest.mark.parametrize(("actor", "repo", "rights"), [row[1:] for row in RIGHTS])
def test_everybody_reads_and_proposes_to_public_repos(
    actor: Actor, repo: Governed, rights: str
) -> None:
    require(actor, Action.READ, repo)
    require(actor, Action.PROPOSE, repo)
    for act in set("wmsxt") - set(rights):
        with pytest.raises(Forbidden):
            require(actor, ACTS[act], repo)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_create_in_an_organization(role: Role) -> None:
    def create(actor: Actor) -> None:
        require_create(actor, repo_type="model", namespace="acme", namespace_id=ORGANIZATION)

    with pytest.raises(Forbidden):
        create(member(role, token=READ_TOKEN))
    if role in {Role.CONTRIBUTOR, Role.WRITE, Role.ADMIN}:
        create(member(role))
    else:
        with pytest.raises(Forbidden, match='under the namespace "acme"'):
            create(member(role))


@pytest.mark.parametrize("role", list(Role))
def test_only_admins_manage_an_organization(role: Role) -> None:
    if role is Role.ADMIN:
        require_admin(member(role), ORGANIZATION)
    else:
        with pytest.raises(Forbidden, match="admin role"):
            require_admin(member(role), ORGANIZATION)
    with pytest.raises(StrataError):
        require_admin(member(role, token=READ_TOKEN), ORGANIZATION)
    with pytest.raises(Unauthenticated):
        require_admin(ANONYMOUS, ORGANIZATION)


def test_who_may_change_what_belongs_to_their_account() -> None:
    eve = member(Role.READ)
    require_writer(eve, "create webhooks")
    with pytest.raises(Forbidden, match="read role"):
        require_writer(member(Role.READ, token=READ_TOKEN), "create webhooks")
    with pytest.raises(EmailNotVerified, match="before you create webhooks"):
        require_writer(member(Role.READ, verified=False), "create webhooks")
    with pytest.raises(Unauthenticated):
        require_writer(ANONYMOUS, "create webhooks")
    require_account(member(Role.READ, verified=False))
    with pytest.raises(Unauthenticated):
        require_account(ANONYMOUS)


def test_a_read_token_narrows_an_admin() -> None:
    narrowed = member(Role.ADMIN, token=READ_TOKEN)
    require(narrowed, Action.READ, Governed(private=True))
    for action in (Action.PROPOSE, Action.WRITE, Action.MANAGE, Action.TRANSFER):
        with pytest.raises(Forbidden, match="read role"):
            require(narrowed, action, Governed())


@pytest.mark.parametrize(("actor", "repo", "rights"), [row[1:] for row in RIGHTS])
@pytest.mark.parametrize("private", [True, False])
def test_the_condition_of_lists_agrees(
    actor: Actor, repo: Governed, rights: str, *, private: bool
) -> None:
    """`visible` in a WHERE and `may_see` say the same."""
    del rights
    row = sa.select(
        sa.literal(private, sa.Boolean()).label("private"),
        sa.literal(repo.owner_id).label("owner_id"),
        sa.literal(repo.id).label("id"),
    ).subquery()
    shown = sa.select(row.c.owner_id).where(visible(actor, row))
    with sa.create_engine("sqlite://").connect() as connection:
        found = connection.execute(shown).first() is not None
    assert found is may_see(actor, Governed(1, repo.owner_id, repo.created_by, private=private))


def test_nobody_owns_a_namespace_that_is_not_there() -> None:
    for actor in (ANONYMOUS, STRANGER):
        with pytest.raises(StrataError):
            require_create(actor, repo_type="model", namespace="nowhere", namespace_id=None)


# What `readable` asks of a row.
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
GATED = Governed(gated="manual")
STRICT = Governed(gated="auto", gate_members=True)
# Whom a gate does not stop: one that lets members through, and one that asks them too.
INSIDE = [
    (Actor(user_id=ORGANIZATION, verified=True), True, True),
    (SYSTEM, True, True),
    (ANONYMOUS, False, False),
    (STRANGER, False, False),
    (member(Role.NO_ACCESS), False, False),
    (member(Role.READ), True, False),
    (member(Role.CONTRIBUTOR), True, False),
    (member(Role.WRITE), True, False),
    (member(Role.WRITE, user_id=OWNER), True, True),
    (member(Role.ADMIN), True, True),
    (member(Role.READ, token=READ_TOKEN), True, False),
    (collaborator(Role.READ), True, True),
    (collaborator(Role.ADMIN), True, True),
    (collaborator(Role.ADMIN, 2), False, False),
]


@pytest.mark.parametrize(("actor", "through", "through_strict"), INSIDE)
def test_a_gate_stops_whoever_does_not_belong(
    actor: Actor, *, through: bool, through_strict: bool
) -> None:
    for repo, passes in ((GATED, through), (STRICT, through_strict)):
        assert belongs(actor, repo) is passes
        require(actor, Action.LOOK, repo)
        require(actor, Action.READ, repo, entered=True)
        for action in set(Action) - OUTSIDE_THE_GATE:
            if not passes:
                with pytest.raises(GatedRepo):
                    require(actor, action, repo)


def test_a_gate_is_asked_after_privacy_and_takedown_and_before_the_right() -> None:
    hidden = Governed(private=True, gated="auto")
    gone = Governed(disabled=True, gated="auto")
    for repo, error in ((hidden, RepoNotFound), (gone, RepoDisabled), (GATED, GatedRepo)):
        with pytest.raises(error):
            require(STRANGER, Action.WRITE, repo)
    with pytest.raises(Forbidden, match="required permissions"):
        require(STRANGER, Action.WRITE, GATED, entered=True)


def test_likes_and_discussions_stand_outside_the_gate() -> None:
    require(STRANGER, Action.DISCUSS, GATED)
    with pytest.raises(Unauthenticated):
        require(ANONYMOUS, Action.DISCUSS, GATED)
    with pytest.raises(Forbidden, match="read role"):
        require(member(Role.READ, token=READ_TOKEN), Action.DISCUSS, GATED)


@pytest.mark.parametrize("actor", [row[0] for row in INSIDE])
@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(
    ("gated", "gate_members"), [(None, False), ("auto", False), ("auto", True)]
)
def test_the_condition_of_readable_files_agrees(
    actor: Actor, *, private: bool, gated: Gate | None, gate_members: bool
) -> None:
    """`readable` in a WHERE says what `require` says of somebody who never asked."""
    engine = sa.create_engine("sqlite://")
    values = {"id": 1, "owner_id": ORGANIZATION, "created_by": OWNER, "private": private}
    with engine.begin() as connection:
        GOVERNED.create(connection)
        access_requests.create(connection)
        connection.execute(
            sa.insert(GOVERNED).values(**values, gated=gated, gate_members=gate_members)
        )
        shown = sa.select(GOVERNED.c.id).where(readable(actor, GOVERNED))
        found = connection.execute(shown).first() is not None
    repo = Governed(private=private, gated=gated, gate_members=gate_members)
    try:
        require(actor, Action.READ, repo)
    except StrataError:
        assert not found
    else:
        assert found


BY_REPO = Grants(repos={1: frozenset({"repo.write"})})
WRITES = frozenset({"repo.write"})
SOMEWHERE = Grants(namespaces={PERSON: WRITES}, repos={2: WRITES})


def narrowed(grants: Grants | None, **facts: object) -> TokenFacts:
    """Give a fine-grained token."""
    made = TokenFacts(2, "job", TokenRole.FINE_GRAINED, datetime(2026, 1, 1, tzinfo=UTC))
    return replace(made, grants=grants, **facts)  # type: ignore[arg-type]  # fields of it


# What is left to a collaborator of the write role: the repo, its files, a write, its settings.
NARROWED = [
    (None, "rwm"),
    (READ_TOKEN, "r"),
    (narrowed(None), ""),
    (narrowed(BY_REPO), "rwm"),
    (narrowed(SOMEWHERE), ""),
    (narrowed(Grants(gated=True)), ""),
    (narrowed(Grants(repos={1: frozenset({"repo.content.read"})})), "r"),
    (narrowed(BY_REPO, bars={ORGANIZATION: Bar.PENDING}), ""),
]


@pytest.mark.parametrize(("token", "rights"), NARROWED)
def test_a_token_narrows_a_collaborator(token: TokenFacts | None, rights: str) -> None:
    actor = collaborator(Role.WRITE, token=token)
    private = Governed(private=True)
    assert may_see(actor, private) is ("r" in rights)
    for act, action in ACTS.items():
        if act in rights:
            require(actor, action, private)
        else:
            with pytest.raises((Forbidden, RepoNotFound)):
                require(actor, action, private)


@pytest.mark.parametrize("token", [row[0] for row in NARROWED])
@pytest.mark.parametrize("repo_id", [1, 2])
def test_the_condition_of_lists_agrees_about_the_tokens_of_collaborators(
    token: TokenFacts | None, repo_id: int
) -> None:
    actor = collaborator(Role.WRITE, token=token)
    row = sa.select(
        sa.true().label("private"),
        sa.literal(ORGANIZATION).label("owner_id"),
        sa.literal(repo_id).label("id"),
    ).subquery()
    with sa.create_engine("sqlite://").connect() as connection:
        found = connection.execute(sa.select(row.c.id).where(visible(actor, row))).first()
    assert (found is not None) is may_see(actor, Governed(repo_id, private=True))


def test_an_organization_that_asks_for_a_second_factor_keeps_collaborators_out() -> None:
    with pytest.raises(Forbidden, match="two-factor"):
        require(
            collaborator(Role.WRITE, closed=frozenset({ORGANIZATION})),
            Action.READ,
            Governed(private=True),
        )


def test_only_who_decides_over_the_namespace_makes_admins_of_a_repo() -> None:
    repo = Governed()
    assert may_share(collaborator(Role.ADMIN), repo)
    assert not may_appoint(collaborator(Role.ADMIN), repo)
    assert may_appoint(member(Role.ADMIN), repo)
    assert not may_share(member(Role.WRITE), repo)


def test_what_stands_first_answers_first() -> None:
    """Of several reasons to refuse, the first of product §4.2 is the one that is told."""
    unconfirmed = replace(STRANGER, verified=False, token=READ_TOKEN)
    barred = replace(READ_TOKEN, bars={ORGANIZATION: Bar.DENIED})
    barred_member = member(Role.READ, verified=False, token=barred)
    everything = Governed(private=True, disabled=True, gated="manual", gate_members=True)
    walk: list[tuple[Actor, Governed, type[StrataError]]] = [
        (unconfirmed, everything, RepoNotFound),
        (barred_member, everything, Forbidden),
        (replace(barred_member, token=READ_TOKEN), everything, RepoDisabled),
        (unconfirmed, replace(everything, private=False), RepoDisabled),
        (unconfirmed, replace(everything, private=False, disabled=False), GatedRepo),
        (unconfirmed, Governed(), EmailNotVerified),
        (replace(STRANGER, token=READ_TOKEN), Governed(), Forbidden),
        (member(Role.WRITE, token=READ_TOKEN), Governed(), TokenTooNarrow),
        (member(Role.WRITE, token=replace(barred, role=TokenRole.WRITE)), Governed(), Forbidden),
    ]
    for actor, repo, refusal in walk:
        with pytest.raises(StrataError) as refused:
            require(actor, Action.WRITE, repo)
        assert type(refused.value) is refusal


def test_every_verb_has_a_right_and_names_what_a_token_needs() -> None:
    assert set(MATRIX) == set(Action) == set(NEEDED[Thing.REPO])
