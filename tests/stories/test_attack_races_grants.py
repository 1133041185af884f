"""Acts on what was given away, at the same moment as the act that takes it back; in either order.

Applications and their tokens, trusted publishers, collaborators. Whatever comes first, in the end
nobody holds what was taken back, and nobody meets a failure that says nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.accounts import HERE, calling, made, person
from fixtures.authorizing import allowed as agreed, answered, asking
from fixtures.collaborators import invites, mailed, roles, shared
from fixtures.contents import at, created
from fixtures.hubs import FrozenClock
from fixtures.issuers import issuing
from fixtures.oauth import CALLBACK, VERIFIER, application
from fixtures.organizations import joins, organization, today
from fixtures.programs import allowed as let_in, granted, started
from fixtures.races import beside, held_open, worked
from fixtures.tokens import fine, issued
from strata.access.organizations import tokens as org_tokens
from strata.access.organizations.tokens import Rules
from strata.content.authors import signature_of
from strata.content.pushing.receive import Push, take_in
from strata.core.actor import Actor, Bar, Grants, Role, TokenFacts, TokenRole
from strata.core.call import Call, Work
from strata.core.errors import (
    Conflict,
    GrantRefused,
    InvalidFields,
    Malformed,
    NotFound,
    StrataError,
)
from strata.core.hub import Hub
from strata.core.names import fresh_key
from strata.credentials.oauth import consents, narrowing
from strata.credentials.oauth.apps import COMMAND_LINE, Credentials
from strata.credentials.oauth.authorizing import answering as authorizing, codes, requests
from strata.credentials.oauth.device import polling
from strata.credentials.oauth.device.user_codes import State
from strata.credentials.oauth.making import own
from strata.credentials.oauth.tables import oauth_apps, oauth_codes, oauth_consents, oauth_devices
from strata.credentials.oauth.tokens import ending, refreshing
from strata.credentials.oauth.tokens.families import Answer
from strata.credentials.tokens import ending as ending_tokens, making, renewing
from strata.credentials.tokens.approving import approvals
from strata.credentials.tokens.presented.recognising import actor_for_token
from strata.credentials.tokens.tables import token_organizations, tokens
from strata.lib.git.model import PushCommand
from strata.lib.git.write import Note, Put, write_commit
from strata.membership.closing import suspend
from strata.membership.closing.suspend import Suspension
from strata.organizations.collaborators.tables import collaborators, repo_invites
from strata.organizations.token_policy import Approval, TokenPolicy
from strata.repos import change
from strata.repos.collaborating import answering, changing, inviting
from strata.repos.publishers import manage as publishing
from strata.repos.publishers.exchange import Shown, exchange
from strata.repos.publishers.rules import Rule
from strata.repos.publishers.tables import publishers
from strata.repos.record import Repo

NO_PASSWORD = None  # nothing here asks for one, and hashing takes time
SITE = Credentials("dummy-app", "dummy-secret")
LIBRARY = Credentials(COMMAND_LINE)
EITHER = pytest.mark.parametrize("first", ["it is taken back", "it is used"])


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana", password=NO_PASSWORD)


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return made(hub, "bob", password=NO_PASSWORD)


@pytest.mark.parametrize("later", [Approval.APPROVED, Approval.DENIED])
def test_what_one_admin_revoked_for_good_no_other_one_lets_in(
    hub: Hub, ana: Actor, bob: Actor, later: Approval
) -> None:
    place = organization(hub, "ana")
    joins(hub, "bob", Role.WRITE)
    admin = today(hub, ana)
    token = issued(hub, bob, "ci", TokenRole.WRITE).id
    worked(hub, bob, lambda work: approvals.ask(work, token, bob.user_id or 0, [place.id]))
    late = beside(
        hub,
        lambda work: org_tokens.decide(work, "acme", token, Approval.REVOKED),
        lambda: worked(hub, admin, lambda work: org_tokens.decide(work, "acme", token, later)),
        by=admin,
    )
    assert isinstance(late, Conflict)
    with calling(hub) as call:
        asked = approvals.asked_for(call, token, place.id)
    assert asked is not None
    assert asked.state is Approval.REVOKED


@pytest.mark.parametrize("said", ["approved", "revoked", "revoked by value"])
@pytest.mark.parametrize("gone", ["one", "all", "shown", "swept"])
def test_of_a_token_that_is_deleted_at_this_moment_nothing_is_said(
    hub: Hub, ana: Actor, bob: Actor, said: str, gone: str
) -> None:
    place = organization(hub, "ana")
    joins(hub, "bob", Role.WRITE)
    admin = today(hub, ana)
    token = issued(hub, bob, "ci", TokenRole.WRITE)
    worked(hub, bob, lambda work: approvals.ask(work, token.id, bob.user_id or 0, [place.id]))
    with calling(hub) as call:
        asked = approvals.asked_for(call, token.id, place.id)
    assert asked is not None
    deleting: dict[str, Callable[[Work], object]] = {
        "one": lambda work: ending_tokens.delete(work, token.id),
        "all": ending_tokens.delete_all,
        "shown": lambda work: ending_tokens.end(work, token.id),
        "swept": lambda work: work.db.execute(sa.delete(tokens).where(tokens.c.id == token.id)),
    }
    saying: dict[str, Callable[[Work], object]] = {
        "approved": lambda work: org_tokens.decide(
            work, "acme", token.id, Approval.APPROVED, asked.seen
        ),
        "revoked": lambda work: org_tokens.decide(work, "acme", token.id, Approval.REVOKED),
        "revoked by value": lambda work: org_tokens.revoke_value(work, "acme", token.value),
    }
    late = beside(hub, deleting[gone], lambda: worked(hub, admin, saying[said]), by=bob)
    assert isinstance(late, NotFound), late
    assert counted(hub, token_organizations) == 0


def counted(hub: Hub, table: sa.Table) -> int:
    with calling(hub) as call:
        return call.db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def reason(outcome: object) -> str:
    assert isinstance(outcome, GrantRefused), outcome
    return outcome.reason


def raced(
    hub: Hub, ana: Actor, first: str, use: Callable[[Call], object], end: Callable[[Work], object]
) -> Any:
    """Use something and take it back at once, in this order; what came of the use."""
    if first == "it is taken back":
        return beside(hub, end, partial(run, hub, use), by=ana)
    used, ended = held_open(hub, use, lambda: worked(hub, ana, end), by=Actor())
    assert not isinstance(ended, Exception), ended
    return used


def token_of(hub: Hub, value: str) -> TokenFacts:
    with calling(hub) as call:
        actor = actor_for_token(call.db, hub, value)
    assert actor is not None
    assert actor.token is not None
    return actor.token


def run(hub: Hub, use: Callable[[Call], object]) -> object:
    with calling(hub) as call:
        return use(call)


def a_code(hub: Hub, ana: Actor) -> Callable[[Call], object]:
    """A code that its application redeems."""
    asked = codes.Redemption(SITE, agreed(hub, ana, asking())["code"], CALLBACK, VERIFIER)
    return lambda call: codes.redeem(call, asked)


def a_device(hub: Hub, ana: Actor) -> Callable[[Call], object]:
    """A device code whose person said yes."""
    shown = started(hub, SITE)
    let_in(hub, ana, shown.user_code)
    return lambda call: polling.poll(call, polling.Poll(SITE, shown.device_code))


def a_refresh(hub: Hub, ana: Actor) -> Callable[[Call], object]:
    """A refresh token."""
    shown = started(hub, SITE)
    let_in(hub, ana, shown.user_code)
    with calling(hub) as call:
        answer, _ = polling.poll(call, polling.Poll(SITE, shown.device_code))
    asked = refreshing.Refresh(SITE, answer.refresh_token)
    return lambda call: refreshing.refresh(call, asked)


@pytest.mark.parametrize("holding", [a_code, a_device, a_refresh])
@pytest.mark.parametrize("how", ["its person", "its maker"])
@EITHER
def test_an_application_that_is_shut_out_keeps_no_token(
    hub: Hub, ana: Actor, bob: Actor, holding: Any, how: str, first: str
) -> None:
    """Ana revokes it, or bob, who made it, removes it, while it comes for its tokens."""
    application(hub, device_flow=True)
    with hub.database.writing() as db:
        db.execute(sa.update(oauth_apps).values(owner_id=bob.user_id))
    use = holding(hub, ana)
    by, end = {
        "its person": (ana, lambda work: consents.revoke(work, "dummy-app")),
        "its maker": (bob, lambda work: own.delete(work, "dummy-app")),
    }[how]
    used = raced(hub, by, first, use, end)
    if first == "it is taken back":
        assert isinstance(used, GrantRefused), used
    else:
        assert not isinstance(used, Exception), used
    assert counted(hub, oauth_consents) == 0
    assert counted(hub, tokens) == 0


def shut_out(work: Work) -> None:
    consents.revoke(work, "dummy-app")


def let_do_less(work: Work) -> None:
    narrowing.narrow(work, "dummy-app", ["openid"], [])


@pytest.mark.parametrize("end", [shut_out, let_do_less])
def test_a_browser_comes_back_while_its_person_takes_that_back(
    hub: Hub, ana: Actor, end: Callable[[Work], object]
) -> None:
    """They agreed before, so that nothing is asked; the code would give what they took away."""
    app = application(hub).app
    agreed(hub, ana, asking())
    waiting = counted(hub, oauth_codes)

    def go_on() -> object:
        return worked(hub, ana, lambda work: authorizing.go_on(work, asking(), app))

    assert reason(beside(hub, end, go_on, by=ana)) == "consent_required"
    assert counted(hub, oauth_codes) <= waiting


def test_a_program_asks_while_its_person_says_yes(hub: Hub, ana: Actor) -> None:
    """Nobody is held yet who could take it back meanwhile: it gets its tokens on its next try."""
    app = application(hub, device_flow=True).app
    poll = polling.Poll(SITE, started(hub, SITE).device_code)

    def say_yes(work: Work) -> None:
        consent = consents.agree(work, app, ana.user_id or 0, ["openid"], ())
        said = {"state": State.ALLOWED.value, "consent_id": consent.id, "entered_at": work.now}
        work.db.execute(sa.update(oauth_devices).values(**said))

    came = beside(hub, say_yes, partial(run, hub, lambda call: polling.poll(call, poll)), by=ana)
    if not hub.database.sqlite:  # which has one writer: there the yes came first
        assert reason(came) == "authorization_pending"
        assert counted(hub, tokens) == 0
        assert not isinstance(run(hub, lambda call: polling.poll(call, poll)), Exception)
    assert counted(hub, tokens) == 1


@EITHER
def test_an_application_that_logs_out_keeps_no_token(hub: Hub, ana: Actor, first: str) -> None:
    """It ends its log-in with the access token, while another process of it refreshes."""
    answer = granted(hub, ana)
    asked = refreshing.Refresh(LIBRARY, answer.refresh_token)

    def log_out(call: Call) -> object:
        ending.revoke(call, LIBRARY, answer.access_token)
        return None

    def go_on(call: Call) -> object:
        return refreshing.refresh(call, asked)

    acts = (log_out, go_on) if first == "it is taken back" else (go_on, log_out)
    came, late = held_open(hub, acts[0], partial(run, hub, acts[1]), by=Actor())
    assert not isinstance(came, Exception), came
    if first == "it is taken back":
        assert reason(late) == "invalid_grant"
    else:
        assert late is None
    assert counted(hub, tokens) == 0


@EITHER
def test_an_organization_puts_an_application_out_while_it_refreshes(
    hub: Hub, ana: Actor, bob: Actor, first: str
) -> None:
    acme = organization(hub, "ana")
    joins(hub, "bob", Role.WRITE)
    boss, app = today(hub, ana), application(hub, "notes", secret="", scopes="openid read-repos")
    code = agreed(hub, bob, asking("notes", scope="openid read-repos"), acme.public_id)["code"]
    held = answered(hub, code, app.credentials)
    token_id = token_of(hub, held.access_token).id
    asked = refreshing.Refresh(app.credentials, held.refresh_token)

    def put_out(work: Work) -> None:
        org_tokens.decide(work, "acme", token_id, Approval.REVOKED)

    used = raced(hub, boss, first, lambda call: refreshing.refresh(call, asked), put_out)
    assert isinstance(used, Answer), used
    for answer in (held, used):
        assert token_of(hub, answer.access_token).bars == {acme.id: Bar.REVOKED}


def test_an_organization_approves_a_token_while_it_grows(hub: Hub, ana: Actor, bob: Actor) -> None:
    acme = organization(hub, "ana")
    joins(hub, "bob", Role.WRITE)
    boss, bob = today(hub, ana), replace(today(hub, bob), session_id=0)
    worked(
        hub,
        boss,
        lambda work: org_tokens.change_rules(work, "acme", Rules(TokenPolicy.APPROVED, None)),
    )
    named = frozenset({acme.id})

    def inside(permission: str) -> Grants:
        return Grants(namespaces={acme.id: frozenset({permission})})

    token = fine(hub, bob, inside("repo.content.read"), organizations=named)
    with calling(hub, boss) as call:
        (asked,) = org_tokens.overview(call, "acme").asked

    approve = partial(
        worked,
        hub,
        boss,
        lambda work: org_tokens.decide(work, "acme", token.id, Approval.APPROVED, asked.seen),
    )
    wider = making.Terms(inside("org.write"), named)
    late = beside(hub, lambda work: renewing.edit(work, token.id, wider), approve, by=bob)
    assert isinstance(late, Conflict)
    assert token_of(hub, token.value).bars == {acme.id: Bar.PENDING}


@EITHER
def test_a_person_agrees_to_what_is_being_removed(
    hub: Hub, ana: Actor, bob: Actor, first: str
) -> None:
    application(hub, device_flow=True)
    with hub.database.writing() as db:
        db.execute(sa.update(oauth_apps).values(owner_id=bob.user_id))
    with calling(hub, ana) as call:
        app = requests.recognised(call, asking())

    def agree(work: Work) -> object:
        return authorizing.allow(work, asking(), app, ())

    def remove(work: Work) -> None:
        own.delete(work, "dummy-app")

    if first == "it is taken back":
        late = beside(hub, remove, lambda: worked(hub, ana, agree), by=bob)
        assert isinstance(late, Malformed), late
        assert "no application with this client_id" in late.message
    else:
        late = beside(hub, agree, lambda: worked(hub, bob, remove), by=ana)
        assert late is None, late
    assert counted(hub, oauth_consents) == 0


@EITHER
def test_a_secret_that_is_replaced_while_it_is_shown(
    hub: Hub, ana: Actor, bob: Actor, first: str
) -> None:
    """Whichever is first: afterwards the old one opens nothing, and the new one does."""
    application(hub, device_flow=True)
    with hub.database.writing() as db:
        db.execute(sa.update(oauth_apps).values(owner_id=bob.user_id))
    use, new = a_code(hub, ana), []

    def rotate(work: Work) -> None:
        new.append(own.rotate(work, "dummy-app").secret)

    used = raced(hub, bob, first, use, rotate)
    # Shown before the new one is valid, or after: never half of it.
    assert not isinstance(used, Exception) or reason(used) == "invalid_client"
    again = codes.Redemption(SITE, agreed(hub, ana, asking())["code"], CALLBACK, VERIFIER)
    with calling(hub) as call, pytest.raises(GrantRefused) as refused:
        codes.redeem(call, again)
    assert refused.value.reason == "invalid_client"
    shown = replace(again, credentials=Credentials("dummy-app", new[0]))
    with calling(hub) as call:
        assert codes.redeem(call, shown)


@pytest.fixture
def vault(hub: Hub, ana: Actor) -> Repo:
    return created(hub, ana, "vault", private=True)


@EITHER
def test_a_job_comes_while_it_is_trusted_no_more(
    hub: Hub, clock: FrozenClock, ana: Actor, vault: Repo, first: str
) -> None:
    with issuing(clock) as issuer:
        trusting = replace(hub.settings.publishers, issuers=(issuer.url,))
        near = replace(hub, settings=replace(hub.settings, publishers=trusting))
        rule = Rule(issuer.url, {"sub": issuer.person.subject})
        worked(near, ana, lambda work: publishing.trust_for_repo(work, vault.repo_id, rule))
        with calling(near, ana) as call:
            (trusted,) = publishing.for_repo(call, vault.repo_id)
        shown = Shown(issuer.statement(aud=HERE.base_url, jti="1"), "ana/vault", HERE.base_url)

        def end(work: Work) -> None:
            publishing.distrust_for_repo(work, vault.repo_id, trusted.id)

        used = raced(near, ana, first, lambda call: exchange(call, shown), end)
    if first == "it is taken back":
        assert reason(used) == "invalid_grant"
    else:  # the hour that it was given is not taken back
        assert not isinstance(used, Exception), used
    assert counted(hub, tokens) == (first == "it is used")


@pytest.mark.parametrize("second", ["ana", "bob"])
def test_the_last_trusted_publisher_is_named_once(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo, second: str
) -> None:
    """Whoever names it: one person in two tabs, or two who both manage the repo."""
    issuer = "https://ci.example.org"
    trusting = replace(hub.settings.publishers, issuers=(issuer,))
    near = replace(hub, settings=replace(hub.settings, publishers=trusting))
    other = ana if second == "ana" else shared(hub, ana, vault, bob, Role.ADMIN)

    def trust(name: str) -> Callable[[Work], object]:
        rule = Rule(issuer, {"sub": name})
        return lambda work: publishing.trust_for_repo(work, vault.repo_id, rule)

    for number in range(publishing.MOST - 1):
        worked(near, ana, trust(str(number)))
    late = beside(near, trust("one"), lambda: worked(near, other, trust("two")), by=ana)
    assert isinstance(late, InvalidFields), late
    assert counted(hub, publishers) == publishing.MOST


def invited(hub: Hub, ana: Actor, vault: Repo, role: Role = Role.READ) -> str:
    return invites(hub, ana, vault, "bob", role).key


def test_an_invitation_is_accepted_once(hub: Hub, ana: Actor, bob: Actor, vault: Repo) -> None:
    key = invited(hub, ana, vault)

    def accept(work: Work) -> object:
        return answering.accept_mine(work, key)

    late = beside(hub, accept, lambda: worked(hub, bob, accept), by=bob)
    assert isinstance(late, NotFound | InvalidFields), late
    assert roles(hub, vault) == {"bob": Role.READ}


def test_of_two_invitations_at_once_the_first_one_says_the_role(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    by_name = invited(hub, ana, vault, Role.READ)
    invites(hub, ana, vault, "bob@example.org", Role.WRITE)
    token = mailed(hub, "bob@example.org")
    late = beside(
        hub,
        lambda work: answering.accept_mine(work, by_name),
        lambda: worked(hub, bob, lambda work: answering.accept(work, token)),
        by=bob,
    )
    assert isinstance(late, InvalidFields), late
    assert roles(hub, vault) == {"bob": Role.READ}


@EITHER
def test_an_invitation_is_accepted_while_it_is_withdrawn(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo, first: str
) -> None:
    key = invited(hub, ana, vault)

    def accept(work: Work) -> object:
        return answering.accept_mine(work, key)

    def withdraw(work: Work) -> None:
        inviting.withdraw(work, vault.repo_id, key)

    if first == "it is taken back":
        late = beside(hub, withdraw, lambda: worked(hub, bob, accept), by=ana)
        left: dict[str, Role] = {}
    else:
        late = beside(hub, accept, lambda: worked(hub, ana, withdraw), by=bob)
        left = {"bob": Role.READ}
    assert isinstance(late, NotFound), late
    assert roles(hub, vault) == left


@EITHER
def test_an_invitation_is_accepted_while_its_repo_is_deleted(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo, first: str
) -> None:
    key = invited(hub, ana, vault)

    def accept(work: Work) -> object:
        return answering.accept_mine(work, key)

    def delete(work: Work) -> None:
        change.delete(work, vault.repo_id)

    if first == "it is taken back":
        late = beside(hub, delete, lambda: worked(hub, bob, accept), by=ana)
        assert isinstance(late, NotFound), late
    else:
        late = beside(hub, accept, lambda: worked(hub, ana, delete), by=bob)
        assert late is None, late
    assert counted(hub, collaborators) == counted(hub, repo_invites) == 0


@pytest.mark.usefixtures("bob")
def test_nobody_is_invited_to_what_is_being_deleted(hub: Hub, ana: Actor, vault: Repo) -> None:
    late = beside(
        hub,
        lambda work: change.delete(work, vault.repo_id),
        lambda: worked(
            hub, ana, lambda work: inviting.invite(work, vault.repo_id, "bob", Role.READ)
        ),
        by=ana,
    )
    assert isinstance(late, NotFound), late
    assert counted(hub, repo_invites) == 0


def test_the_last_seat_is_given_once(hub: Hub, ana: Actor, bob: Actor, vault: Repo) -> None:
    """Its owner and an admin of the repo both invite somebody to the last place."""
    bob = shared(hub, ana, vault, bob, Role.ADMIN)
    with hub.database.writing() as db:
        waiting = [
            {
                "key": fresh_key(), "repo_id": vault.id, "inviter_id": ana.user_id,
                "email": f"p{number}@example.net", "email_key": f"p{number}@example.net",
                "digest": fresh_key(), "role": "read", "created_at": hub.clock(),
                "expires_at": hub.clock() + timedelta(days=1),
            }
            for number in range(inviting.MOST - 2)
        ]  # fmt: skip
        db.execute(sa.insert(repo_invites), waiting)

    def invite(who: str) -> Callable[[Work], object]:
        return lambda work: inviting.invite(work, vault.repo_id, who, Role.READ)

    late = beside(
        hub,
        invite("one@example.net"),
        lambda: worked(hub, bob, invite("two@example.net")),
        by=ana,
    )
    assert isinstance(late, InvalidFields), late
    assert late.fields == {"who": ("collaborator.too_many",)}


@EITHER
def test_a_role_is_changed_while_it_is_taken_away(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo, first: str
) -> None:
    shared(hub, ana, vault, bob, Role.READ)

    def raise_up(work: Work) -> None:
        changing.change_role(work, vault.repo_id, "bob", Role.WRITE)

    def remove(work: Work) -> None:
        changing.remove(work, vault.repo_id, "bob")

    acts = (remove, raise_up) if first == "it is taken back" else (raise_up, remove)
    late = beside(hub, acts[0], lambda: worked(hub, ana, acts[1]), by=ana)
    assert isinstance(late, NotFound) if first == "it is taken back" else late is None, late
    assert roles(hub, vault) == {}
    assert not today(hub, bob).shares


def test_who_leaves_and_is_removed_at_once_is_gone_once(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo
) -> None:
    bob = shared(hub, ana, vault, bob, Role.WRITE)
    late = beside(
        hub,
        lambda work: changing.leave(work, vault.repo_id),
        lambda: worked(hub, ana, lambda work: changing.remove(work, vault.repo_id, "bob")),
        by=bob,
    )
    assert isinstance(late, NotFound), late
    assert roles(hub, vault) == {}


def on_its_way(hub: Hub, vault: Repo, by: Actor) -> Push:
    """A push whose objects are here, and whose branch waits."""
    here = at(hub, by, vault)
    note = Note(signature_of(hub, by), hub.clock(), "Pushed")
    new = write_commit(here.git_path, here.commit, [Put("b.txt", b"b")], [here.commit], note)
    command = PushCommand("refs/heads/main", here.commit, new)
    return Push(vault, [command], atomic=False)


WAYS_TO_LOSE = ("removed", "reader", "suspended", "token", "refreshed", "narrowed", "key")


@pytest.mark.parametrize("how", [*WAYS_TO_LOSE, "nothing"])
def test_who_loses_the_right_while_a_pack_comes_in_moves_nothing(
    hub: Hub, ana: Actor, bob: Actor, vault: Repo, how: str
) -> None:
    bob = shared(hub, ana, vault, bob, Role.WRITE)
    given = worked(hub, bob, lambda work: making.create(work, "laptop", TokenRole.WRITE))
    with calling(hub) as call:
        holder = actor_for_token(call.db, hub, given.value)  # type: ignore[attr-defined]  # of a `Created`
    assert holder is not None
    if how == "key":
        holder = replace(bob, session_id=None, ssh_key_id=4711)  # taken away by now
    wanted = on_its_way(hub, vault, holder)
    acts: dict[str, Callable[[Work], object]] = {
        "removed": lambda work: changing.remove(work, vault.repo_id, "bob"),
        "reader": lambda work: changing.change_role(work, vault.repo_id, "bob", Role.READ),
        "suspended": lambda work: suspend.suspend(work, person(hub, "bob"), Suspension("spam")),
        "token": lambda work: work.db.execute(sa.delete(tokens)),
        "refreshed": lambda work: work.db.execute(sa.update(tokens).values(digest="f" * 64)),
        "narrowed": lambda work: work.db.execute(sa.update(tokens).values(role="read")),
        "key": lambda _: None,
        "nothing": lambda _: None,
    }
    with calling(hub, holder) as call:
        meanwhile = partial(worked, hub, ana, acts[how])
        try:
            ((_, refusal),) = take_in(call, wanted, meanwhile)  # type: ignore[arg-type]  # what it returns is nobody's
        except StrataError as refused:
            refusal = refused.message
    assert (refusal is None) is (how == "nothing"), refusal
    moved = at(hub, ana, vault).commit == wanted.commands[0].new
    assert moved is (how == "nothing")
