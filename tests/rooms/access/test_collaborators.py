"""Collaborators of a repo: invited, changed, removed, gone; and what else ends their rights."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fixtures.accounts import calling, fact_names, inbox, joined, made, person
from fixtures.collaborators import (
    accepts,
    accepts_here,
    changes_role,
    declines,
    invites,
    leaves,
    mailed,
    removes,
    roles,
    shared,
    withdraws,
)
from fixtures.contents import created, given
from fixtures.hubs import FrozenClock
from fixtures.large_files import working_as
from fixtures.organizations import joins, organization, today
from strata.access.policy.require import permits
from strata.access.policy.seeing import may_see
from strata.access.policy.verbs import Action
from strata.access.visibility import opened_to, readable, seen_alone, sight_of, visible
from strata.accounts.invitations import Refused
from strata.accounts.notices.choices import Kind, Wanted, choose
from strata.accounts.tables import users
from strata.app.hub import LISTENERS, PERSONAL as EVERYTHING_PERSONAL
from strata.blobs.quota.usage import usage_of
from strata.community.tokens.scopes import Wanted as WantedScopes, settled
from strata.core.actor import SYSTEM, Actor, Grants, Role, TokenFacts, TokenKind, TokenRole
from strata.core.call import working
from strata.core.errors import (
    EmailNotVerified,
    Forbidden,
    InvalidFields,
    NotFound,
    ProofNeeded,
    RepoNotFound,
    TooMany,
)
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.credentials.tokens import making
from strata.credentials.tokens.approving import approvals
from strata.credentials.tokens.presented import recognising
from strata.credentials.tokens.tables import tokens as tokens_table
from strata.events.tables import facts
from strata.membership.closing import gone
from strata.membership.jobs import TidyAccounts
from strata.organizations.collaborators.shares import stand_in
from strata.organizations.collaborators.tables import collaborators, repo_invites
from strata.organizations.tables import organizations
from strata.organizations.token_policy import Approval
from strata.repos import change
from strata.repos.change import Settings
from strata.repos.collaborating import answering, inviting, managing, queries
from strata.repos.collaborating.record import Fit
from strata.repos.lookup import lookup
from strata.repos.personal import PERSONAL
from strata.repos.record import Repo
from strata.repos.tables import repos


@pytest.fixture
def vault(hub: Hub, ana: Actor) -> Repo:
    """Give a private repo of ana's."""
    return created(hub, ana, "vault", private=True)


def sees(hub: Hub, actor: Actor, repo: Repo) -> bool:
    """Whether somebody may know of the repo as it is now."""
    with calling(hub) as call:
        return may_see(stand_in(call, actor.user_id or 0), repo)


def detail_of(hub: Hub, name: str) -> dict[str, object]:
    """The newest fact of a name."""
    with calling(hub) as call:
        newest = sa.select(facts.c.detail).where(facts.c.name == name).order_by(facts.c.id.desc())
        found: dict[str, object] = call.db.execute(newest).scalars().first() or {}
    return found


def test_nobody_has_rights_before_they_accept(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    sent = invites(hub, ana, vault, "bob", Role.WRITE)
    assert not sees(hub, bob, vault)
    assert roles(hub, vault) == {}
    token = mailed(hub, "bob@example.org")
    with calling(hub, bob) as call:
        assert answering.landing(call, token).fit is Fit.READY
        assert [one.key for one in answering.mine(call)] == [sent.key]
    bob = accepts(hub, bob, token)
    assert sees(hub, bob, vault)
    assert roles(hub, vault) == {"bob": Role.WRITE}
    with calling(hub, bob) as call:
        lookup(call, vault.repo_id)
        assert answering.mine(call) == []
        assert [one.repo_id for one in answering.held(call)] == [vault.repo_id]
    with pytest.raises(NotFound):  # the link works once
        accepts(hub, bob, token)
    assert detail_of(hub, "repo.collaborator_accept")["user"] == "bob"
    assert "accepted your invitation" in inbox(hub, "ana@example.org")[-1].text


def test_a_decline_ends_it_and_tells_who_invited(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    declines(hub, bob, invites(hub, ana, vault, "bob"))
    assert not sees(hub, bob, vault)
    assert "bob declined your invitation" in inbox(hub, "ana@example.org")[-1].text
    with pytest.raises(NotFound):
        accepts(hub, bob, mailed(hub, "bob@example.org"))
    with calling(hub, ana) as call:
        assert managing.listed(call, vault.repo_id) == ([], [])


def test_who_declines_at_an_address_is_not_named(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    declines(hub, bob, invites(hub, ana, vault, "bob@example.org"))
    told = inbox(hub, "ana@example.org")[-1]
    assert "bob@example.org declined" in told.text
    assert "user" not in detail_of(hub, "repo.collaborator_decline")
    with calling(hub) as call:
        newest = sa.select(facts.c.owner_id).where(facts.c.name == "repo.collaborator_decline")
        assert call.db.scalar(newest) is None  # no log but bob's own shows it


def test_an_invitation_is_over_after_seven_days(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, vault: Repo
) -> None:
    sent = invites(hub, ana, vault, "bob")
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    with calling(hub, bob) as call:
        assert answering.mine(call)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(NotFound):
        accepts_here(hub, bob, sent)
    with pytest.raises(NotFound):
        accepts(hub, bob, mailed(hub, "bob@example.org"))
    with calling(hub, bob) as call:
        assert answering.mine(call) == []
    assert not sees(hub, bob, vault)


def test_an_invitation_is_taken_back_or_replaced(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    first = invites(hub, ana, vault, "bob", Role.ADMIN)
    second = invites(hub, ana, vault, "bob", Role.READ)
    with pytest.raises(NotFound):
        accepts_here(hub, bob, first)
    withdraws(hub, ana, vault, second.key)
    with pytest.raises(NotFound):
        accepts_here(hub, bob, second)
    with pytest.raises(NotFound):
        withdraws(hub, ana, vault, second.key)
    other = created(hub, ana, "other")
    third = invites(hub, ana, vault, "bob")
    with pytest.raises(NotFound):  # of another repo
        withdraws(hub, ana, other, third.key)


def test_an_invitation_ends_with_the_right_of_who_invited(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo
) -> None:
    bob = shared(hub, ana, vault, bob, Role.ADMIN)
    sent = invites(hub, bob, vault, "eve", Role.READ)
    changes_role(hub, ana, vault, "bob", Role.WRITE)
    with calling(hub, eve) as call:
        assert answering.mine(call) == []
    with pytest.raises(NotFound):
        accepts_here(hub, eve, sent)
    changes_role(hub, ana, vault, "bob", Role.ADMIN)
    accepts_here(hub, eve, sent)


def test_an_invitation_of_a_suspended_account_does_not_work(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    sent = invites(hub, ana, vault, "bob")
    with calling(hub) as call, working(call) as work:
        people_row = sa.update(users).where(users.c.id == ana.user_id)
        work.db.execute(people_row.values(standing="suspended"))
    with pytest.raises(NotFound):
        accepts_here(hub, bob, sent)


def test_who_may_not_accept(hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo) -> None:
    invites(hub, ana, vault, "bob")
    token = mailed(hub, "bob@example.org")
    with calling(hub, eve) as call:
        assert answering.landing(call, token).fit is Fit.OTHER
    with pytest.raises(InvalidFields) as refused:
        accepts(hub, eve, token)
    assert refused.value.fields == {"invite": ("collaborator.other",)}
    unconfirmed = Actor(user_id=bob.user_id, name="bob", session_id=0)
    with pytest.raises(EmailNotVerified):
        accepts(hub, unconfirmed, token)
    with pytest.raises(Forbidden):
        accepts(hub, with_role(bob, TokenRole.READ), token)
    assert not sees(hub, eve, vault)
    assert roles(hub, vault) == {}


def with_role(actor: Actor, role: TokenRole) -> Actor:
    """The person as one of their tokens."""
    token = TokenFacts(1, "laptop", role, datetime(2026, 1, 1, tzinfo=UTC))
    return replace(actor, session_id=None, proved_until=None, token=token)


@pytest.mark.slow
def test_an_address_is_accepted_by_the_account_that_confirmed_it(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo
) -> None:
    invites(hub, ana, vault, "new@example.net")
    token = mailed(hub, "new@example.net")
    for stranger in (bob, eve):
        with pytest.raises(InvalidFields):
            accepts(hub, stranger, token)
    joined(hub, "newcomer", email="new@example.net")
    with calling(hub) as call:
        found = call.db.execute(sa.select(users.c.id).where(users.c.email == "new@example.net"))
        pretender = Actor(user_id=found.scalar_one(), name="newcomer", verified=True, session_id=0)
    with pytest.raises(InvalidFields):  # has the address, and has not confirmed it
        accepts(hub, pretender, token)
    invites(hub, ana, vault, "eve@example.org", Role.WRITE)
    eve = accepts(hub, eve, mailed(hub, "eve@example.org"))
    assert roles(hub, vault) == {"eve": Role.WRITE}


def listened(db: Connection) -> list[str]:
    """What is asked of the database from now on."""
    heard: list[str] = []
    sa.event.listen(db, "before_cursor_execute", lambda *told: heard.append(str(told[2])))
    return heard


def test_known_and_unknown_addresses_answer_and_cost_the_same(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    del bob
    shapes, costs = [], []
    for email in ("bob@example.org", "nobody@example.org"):
        with calling(hub, ana) as call, working(call) as work:
            heard = listened(work.db)
            sent = inviting.invite(work, vault.repo_id, email, Role.READ)
        shapes.append((sent.invitee, sent.user_id, sent.role))
        costs.append(heard)
    assert shapes[0] == shapes[1]
    assert costs[0] == costs[1]
    assert len(costs[0]) > 5
    assert len(inbox(hub, "nobody@example.org")) == 1


def test_whoever_invites_must_be_sure_and_sit_in_a_browser(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    shared(hub, ana, vault, bob)
    unsure = replace(ana, proved_until=None)
    sent = invites(hub, ana, vault, "eve@example.org")
    acts = (
        lambda who: invites(hub, who, vault, "eve@example.org"),
        lambda who: withdraws(hub, who, vault, sent.key),
        lambda who: changes_role(hub, who, vault, "bob", Role.WRITE),
        lambda who: removes(hub, who, vault, "bob"),
    )
    for act in acts:
        with pytest.raises(ProofNeeded):
            act(unsure)
        with pytest.raises(Forbidden, match="in a browser"):
            act(with_role(ana, TokenRole.WRITE))
        with pytest.raises(Forbidden):
            act(with_role(ana, TokenRole.READ))
    assert roles(hub, vault) == {"bob": Role.READ}


def test_roles_change_at_once_and_say_what_they_were(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    shared(hub, ana, vault, bob, Role.READ)
    changes_role(hub, ana, vault, "bob", Role.WRITE)
    told = {"user": "bob", "before": {"role": "read"}, "after": {"role": "write"}}
    assert detail_of(hub, "repo.collaborator_role") == told
    assert "is now: write" in inbox(hub, "bob@example.org")[-1].text
    seen = fact_names(hub)
    changes_role(hub, ana, vault, "bob", Role.WRITE)  # nothing new
    assert fact_names(hub) == seen
    removes(hub, ana, vault, "bob")
    told = {"user": "bob", "before": {"role": "write"}, "after": {"role": None}}
    assert detail_of(hub, "repo.collaborator_remove") == told
    assert "no longer" in inbox(hub, "bob@example.org")[-1].text
    assert not sees(hub, bob, vault)
    with pytest.raises(RepoNotFound), calling(hub, today(hub, bob)) as call:
        lookup(call, vault.repo_id)
    for missing in ("bob", "nobody-at-all"):
        with pytest.raises(NotFound, match="is no collaborator"):
            removes(hub, ana, vault, missing)


def test_a_collaborator_may_leave(hub: Hub, ana: Actor, bob: Actor, vault: Repo) -> None:
    bob = shared(hub, ana, vault, bob)
    leaves(hub, bob, vault)
    assert not sees(hub, bob, vault)
    assert detail_of(hub, "repo.collaborator_leave")["before"] == {"role": "read"}
    with pytest.raises(RepoNotFound):
        leaves(hub, today(hub, bob), vault)
    with pytest.raises(NotFound):
        leaves(hub, ana, vault)


def test_an_admin_of_the_repo_does_not_multiply(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo
) -> None:
    carl = made(hub, "carl")
    bob, eve = (shared(hub, ana, vault, one, Role.ADMIN) for one in (bob, eve))
    shared(hub, bob, vault, carl, Role.READ)
    changes_role(hub, bob, vault, "carl", Role.WRITE)
    for act in (
        lambda: invites(hub, bob, vault, "dora@example.org", Role.ADMIN),
        lambda: changes_role(hub, bob, vault, "carl", Role.ADMIN),
        lambda: changes_role(hub, bob, vault, "eve", Role.READ),
        lambda: removes(hub, bob, vault, "eve"),
        lambda: removes(hub, bob, vault, "bob"),
    ):
        with pytest.raises(Forbidden, match="makes or removes admins"):
            act()
    withdrawn = invites(hub, ana, vault, "dora@example.org", Role.ADMIN)
    with pytest.raises(Forbidden):
        withdraws(hub, bob, vault, withdrawn.key)
    with pytest.raises(NotFound):  # who owns it is no collaborator
        removes(hub, bob, vault, "ana")
    removes(hub, bob, vault, "carl")
    assert roles(hub, vault) == {"bob": Role.ADMIN, "eve": Role.ADMIN}


def test_readers_and_writers_decide_about_nobody(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo
) -> None:
    readers = shared(hub, ana, vault, bob, Role.READ), shared(hub, ana, vault, eve, Role.WRITE)
    for reader in readers:
        with calling(hub, reader) as call, pytest.raises(Forbidden):
            managing.listed(call, vault.repo_id)
        with pytest.raises(Forbidden):
            changes_role(hub, reader, vault, reader.name or "", Role.ADMIN)
    for stranger in (made(hub, "carl"),):
        with pytest.raises(RepoNotFound):
            invites(hub, stranger, vault, "carl", Role.ADMIN)


def test_a_repo_is_neither_renamed_nor_deleted_nor_given_away_by_its_admin(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    bob = shared(hub, ana, vault, bob, Role.ADMIN)
    with working_as(hub, bob) as work:
        change.change_settings(work, vault.repo_id, Settings(description="x", private=False))
        change.change_settings(work, vault.repo_id, Settings(private=True))
    for name in ("ana/other", "bob/vault"):
        with pytest.raises(Forbidden), working_as(hub, bob) as work:
            change.move(work, vault.repo_id, RepoId.parse(RepoType.MODEL, name))
    with pytest.raises(Forbidden), working_as(hub, bob) as work:
        change.delete(work, vault.repo_id)


def test_who_is_nobody_or_inside_already_is_not_invited(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    shared(hub, ana, vault, bob)
    for who, rule in (
        ("nobody-at-all", "invite.unknown"),
        ("no@address", "invite.unknown"),
        ("ana", "collaborator.owner"),
        ("bob", "collaborator.already"),
    ):
        with pytest.raises(Refused) as refused:
            invites(hub, ana, vault, who)
        assert refused.value.fields == {"who": (rule,)}
    invites(hub, ana, vault, "bob@example.org", Role.READ)
    with pytest.raises(InvalidFields) as member:
        accepts(hub, bob, mailed(hub, "bob@example.org"))
    assert member.value.fields == {"invite": ("collaborator.member",)}


def test_so_many_invitations_a_day_and_a_mailbox(hub: Hub, ana: Actor, vault: Repo) -> None:
    for _ in range(inviting.SORT.taken_per_day):
        invites(hub, ana, vault, "much@example.org")
    with pytest.raises(TooMany):
        invites(hub, ana, vault, "much@example.org")


def test_who_wants_no_mails_about_invitations_finds_them_on_their_pages(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    with calling(hub, bob) as call, working(call) as work:
        choose(work, bob.user_id or 0, {Kind.INVITATION: Wanted(web=True, mail=False)})
    invites(hub, ana, vault, "bob")
    assert inbox(hub, "bob@example.org") == []
    with calling(hub, bob) as call:
        assert answering.mine(call)


def test_a_mail_speaks_the_language_of_its_reader(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    with calling(hub) as call, working(call) as work:
        theirs = sa.update(users).where(users.c.id == bob.user_id)
        work.db.execute(theirs.values(language="zh-CN"))
    for who in ("bob", "bob@example.org"):
        invites(hub, ana, vault, who)
        assert "协作者" in inbox(hub, "bob@example.org")[-1].text
    invites(hub, ana, vault, "someone@example.net")
    assert "collaborator" in inbox(hub, "someone@example.net")[-1].text.split("\n\n")[1]


def test_deletion_ends_it_and_a_repo_of_the_same_name_starts_empty(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo
) -> None:
    bob = shared(hub, ana, vault, bob, Role.WRITE)
    sent = invites(hub, ana, vault, "eve")
    with working_as(hub, ana) as work:
        change.delete(work, vault.repo_id)
    again = created(hub, ana, "vault", private=True)
    assert not sees(hub, bob, again)
    assert today(hub, bob).shares == {}
    with pytest.raises(NotFound):
        accepts_here(hub, eve, sent)


def test_collaborators_follow_a_repo_to_its_new_name_and_owner(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo
) -> None:
    organization(hub, "ana")
    joins(hub, "bob", Role.ADMIN)
    bob = shared(hub, ana, vault, bob, Role.READ)
    eve = shared(hub, ana, vault, eve, Role.WRITE)
    with working_as(hub, today(hub, ana)) as work:
        moved = change.move(work, vault.repo_id, RepoId.parse(RepoType.MODEL, "acme/safe"))
    assert sees(hub, eve, moved)
    assert today(hub, eve).shares[moved.id].owner_id == moved.owner_id
    with working_as(hub, today(hub, bob)) as work:
        back = change.move(work, moved.repo_id, RepoId.parse(RepoType.MODEL, "bob/safe"))
    assert roles(hub, back) == {"eve": Role.WRITE}  # bob is the owner now
    assert not sees(hub, ana, back)


def test_accounts_that_leave_are_collaborators_no_longer(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    shared(hub, ana, vault, bob)
    with calling(hub) as call, working(call) as work:
        theirs = sa.update(users).where(users.c.id == bob.user_id)
        work.db.execute(theirs.values(standing="suspended"))
    assert roles(hub, vault) == {}
    with calling(hub) as call:
        assert queries.role_of(call, vault.id, bob.user_id or 0) is Role.READ  # comes back with it


def test_admins_of_an_organization_decide_about_its_repos(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor
) -> None:
    made_one = organization(hub, "ana")
    joins(hub, "bob", Role.WRITE)
    ana, bob = today(hub, ana), today(hub, bob)
    with working_as(hub, ana) as work:
        plain = created(hub, ana, "plain", private=True)
        repo = change.move(work, plain.repo_id, RepoId.parse(RepoType.MODEL, "acme/vault"))
    with pytest.raises(Forbidden):
        invites(hub, bob, repo, "eve")
    eve = shared(hub, ana, repo, eve, Role.WRITE)
    assert sees(hub, eve, repo)
    # The organisation's rules are for them too.
    with hub.database.writing() as db:
        here = sa.update(organizations).where(organizations.c.id == made_one.id)
        db.execute(here.values(factor_from=hub.clock()))
        db.execute(sa.update(users).where(users.c.id == ana.user_id).values(has_factor=True))
    assert not sees(hub, eve, repo)
    carl = made(hub, "carl")
    with pytest.raises(InvalidFields) as refused:
        accepts_here(hub, carl, invites(hub, ana, repo, "carl"))
    assert refused.value.fields == {"invite": ("collaborator.factor",)}


def test_a_token_may_name_a_shared_repo_and_its_organization_decides(
    hub: Hub, ana: Actor, eve: Actor
) -> None:
    made_one = organization(hub, "ana")
    ana = today(hub, ana)
    with working_as(hub, ana) as work:
        plain = created(hub, ana, "plain", private=True)
        repo = change.move(work, plain.repo_id, RepoId.parse(RepoType.MODEL, "acme/vault"))
    wanted = WantedScopes(repos={repo.repo_id: frozenset({"repo.content.read"})})
    with calling(hub, eve) as call, pytest.raises(InvalidFields):
        settled(call, wanted)
    eve = shared(hub, ana, repo, eve, Role.READ)
    with calling(hub, eve) as call:
        chosen = settled(call, wanted)
    assert chosen.organizations == {made_one.id}
    with hub.database.writing() as db:
        here = sa.update(organizations).where(organizations.c.id == made_one.id)
        db.execute(here.values(token_policy="approved"))
    terms = making.Terms(chosen.grants, chosen.organizations)
    with calling(hub, eve) as call, working(call) as work:
        issued = making.create(work, "job", TokenRole.FINE_GRAINED, terms)
        unasked = making.Terms(chosen.grants)
        early = making.create(work, "early", TokenRole.FINE_GRAINED, unasked)

    def by_token(value: str = issued.value) -> bool:
        with hub.database.reading() as db:
            actor = recognising.actor_for_token(db, hub, value)
        assert actor is not None
        return may_see(actor, repo)

    assert not by_token()
    # Whoever manages this one repo is no admin there, who needs no approval; not even for a token
    # that named the repo before it was the organisation's, which nobody was asked about.
    changes_role(hub, ana, repo, "eve", Role.ADMIN)
    assert not by_token(early.value)
    changes_role(hub, ana, repo, "eve", Role.READ)
    with calling(hub, ana) as call:
        assert [one.user_name for one in approvals.asked_of(call, made_one.id)] == ["eve"]
    with calling(hub, ana) as call, working(call) as work:
        approvals.decide(work, issued.id, made_one.id, Approval.APPROVED)
    assert by_token()
    removes(hub, ana, repo, "eve")
    assert not by_token()
    with calling(hub, ana) as call:
        assert approvals.asked_of(call, made_one.id) == []


@pytest.mark.slow
def test_who_leaves_for_good_leaves_no_row(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo
) -> None:
    hub = replace(hub, personal=EVERYTHING_PERSONAL, listeners=LISTENERS)
    shared(hub, ana, vault, bob, Role.ADMIN)
    shared(hub, today(hub, bob), vault, eve)
    invites(hub, ana, vault, "bob@example.org")
    invites(hub, today(hub, bob), vault, "someone@example.net")
    with calling(hub, SYSTEM) as call, working(call) as work:
        gone.delete(work, person(hub, "bob"))
    assert roles(hub, vault) == {"eve": Role.READ}
    with calling(hub, ana) as call:
        held, open_ones = managing.listed(call, vault.repo_id)
        assert [one.added_by for one in held] == [None]
        assert [one.email for one in open_ones] == ["bob@example.org"]  # ana's own
        left = call.db.scalars(sa.select(collaborators.c.user_id)).all()
    assert left == [eve.user_id]
    with calling(hub, SYSTEM) as call, working(call) as work:
        gone.delete(work, person(hub, "ana"))
        assert work.db.scalars(sa.select(collaborators.c.user_id)).all() == []
        assert work.db.scalars(sa.select(repo_invites.c.id)).all() == []


def test_the_copy_of_ones_data_names_what_is_shared(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    shared(hub, ana, vault, bob, Role.WRITE)
    other = created(hub, ana, "other", private=True)
    invites(hub, ana, other, "bob")
    parts = {part.name: part for part in PERSONAL.parts}
    with calling(hub) as call:
        (held,) = parts["collaborations"].read(call, bob.user_id or 0)
        (sent,) = parts["collaborator-invitations"].read(call, bob.user_id or 0)
    assert (held["repo"], held["role"]) == ("ana/vault", "write")
    assert (sent["name"], sent["role"]) == ("other", "read")


def test_invitations_that_are_over_are_forgotten(
    hub: Hub, clock: FrozenClock, ana: Actor, vault: Repo
) -> None:
    invites(hub, ana, vault, "someone@example.net")
    clock.advance(timedelta(days=7))
    with calling(hub) as call:
        TidyAccounts().run(call)
        assert call.db.scalars(sa.select(repo_invites.c.email)).all() == []


def test_what_a_collaborator_uploads_counts_to_the_owner(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    bob = shared(hub, ana, vault, bob, Role.WRITE)
    given(hub, bob, vault, "large.bin", b"x" * 20_000)
    with calling(hub) as call:
        used = [usage_of(call, one.user_id or 0).storage(private=True) for one in (ana, bob)]
    assert used == [20_000, 0]


def test_a_job_trusted_by_a_collaborator_writes_no_longer_than_they_may(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    bob = shared(hub, ana, vault, bob, Role.WRITE)
    grants = Grants(repos={vault.id: frozenset({"repo.content.write"})})
    with calling(hub, bob) as call, working(call) as work:
        issued = making.create(work, "job", TokenRole.FINE_GRAINED, making.Terms(grants))
        theirs = sa.update(tokens_table).where(tokens_table.c.id == issued.id)
        work.db.execute(theirs.values(kind=TokenKind.PUBLISHER.value))

    def may_write() -> bool:
        with hub.database.reading() as db:
            actor = recognising.actor_for_token(db, hub, issued.value)
        assert actor is not None
        return permits(actor, Action.WRITE, vault)

    assert may_write()
    removes(hub, ana, vault, "bob")
    assert not may_write()


def test_a_collection_shows_a_shared_repo_to_its_collaborators(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, vault: Repo
) -> None:
    bob = shared(hub, ana, vault, bob)
    with hub.database.reading() as db:
        for actor, shown in ((ana, [vault.id]), (bob, [vault.id]), (eve, [])):
            statement = sa.select(repos.c.id).where(visible(actor, repos), repos.c.private)
            assert db.scalars(statement).all() == shown
            files = sa.select(repos.c.id).where(readable(actor, repos), repos.c.private)
            assert db.scalars(files).all() == shown


def test_lists_find_what_is_shared_by_indexes(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    bob = shared(hub, ana, vault, bob)
    for number in range(3):
        created(hub, ana, f"more-{number}", private=True)
    explain = "EXPLAIN QUERY PLAN " if hub.database.sqlite else "EXPLAIN "
    private = sa.select(repos.c.id).where(
        repos.c.type == "model", seen_alone_by(bob), repos.c.deleted_at.is_(None)
    )
    with hub.database.reading() as db:
        if not hub.database.sqlite:
            db.exec_driver_sql("SET LOCAL enable_seqscan = off")  # the table is tiny
        text = str(private.compile(db, compile_kwargs={"literal_binds": True}))
        plan = str(db.exec_driver_sql(explain + text).all())
        assert db.scalars(private).all() == [vault.id]
    assert "SCAN repos" not in plan
    assert "Seq Scan" not in plan


def seen_alone_by(actor: Actor) -> sa.ColumnElement[bool]:
    """What one person sees and others do not."""
    opened = opened_to(actor)
    return seen_alone(
        sight_of(actor, opened), repos, lambda one, name: one.in_(getattr(opened, name))
    )
