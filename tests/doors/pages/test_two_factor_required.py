"""Who must have a second factor, and what is closed to them until then (product §3.12)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from doors.pages.visitors import Visitor, confirmed, letter, link_in
from fixtures.accounts import calling, inbox, made, person
from fixtures.factors import SETTINGS, set_up, with_app
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import joins, organization, today
from strata.accounts.factors import held
from strata.content.making import new_repo
from strata.core.actor import SYSTEM, Actor, Role, TokenRole
from strata.core.call import working
from strata.core.errors import NotFound
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.tokens import making
from strata.credentials.tokens.presented import bearers
from strata.events.jobs import run_due
from strata.organizations.demanding import TellOfDemand
from strata.repos.create import Wish
from strata.sessions.protecting import removal
from strata.sessions.protecting.removal import RemoveFactors

ORG = "/organizations/acme/settings"
PRIVATE = "/acme/thing"
TOLD = "Members need two-factor authentication here."


@pytest.fixture
def boss(hub: Hub) -> Visitor:
    """The admin of acme, which has a private model and the member wei."""
    visitor, _, _ = with_app(hub, "li")
    organization(hub, "li")
    private_model(hub, today(hub, actor_of(hub, "li")))
    return visitor


@pytest.fixture
def wei(hub: Hub, boss: Visitor) -> Visitor:
    visitor = confirmed(hub, "wei")
    joins(hub, "wei", Role.WRITE)
    assert boss.open(PRIVATE).status == 200
    return visitor


def actor_of(hub: Hub, name: str) -> Actor:
    return Actor(user_id=person(hub, name).id, name=name, verified=True)


def private_model(hub: Hub, owner: Actor) -> None:
    wish = Wish(type=RepoType.MODEL, namespace="acme", name="thing", private=True)
    with calling(hub, owner) as call:
        new_repo.create(call, wish, files={})


def demand(boss: Visitor, days: str = "0") -> None:
    fields = {"full_name": "Acme", "visibility": "public", "two_factor_days": days}
    assert boss.submit(ORG, ORG, two_factor="on", **fields).place == ORG


def token_of(hub: Hub, name: str) -> str:
    with calling(hub) as call, working(call) as work:
        return making.create_for(work, person(hub, name).id, "t", TokenRole.WRITE).value


def test_members_without_one_are_kept_out_and_told_why(
    hub: Hub, boss: Visitor, wei: Visitor
) -> None:
    token = {"Authorization": f"Bearer {token_of(hub, 'wei')}"}
    assert wei.open(PRIVATE).status == 200
    demand(boss)

    page = wei.open(PRIVATE)
    assert page.status == 403
    assert TOLD in page.text
    assert "is closed to you until you set up two-factor authentication" in page.text
    asked = wei.client.get("/api/models/acme/thing", headers=token)
    assert asked.status_code == 403
    assert asked.headers["x-error-message"].startswith(TOLD)
    listed = wei.client.get("/api/models?author=acme", headers=token)
    assert listed.json() == []
    new = {"name": "other", "organization": "acme"}
    assert wei.client.post("/api/repos/create", json=new, headers=token).status_code == 403
    git = wei.client.get("/acme/thing.git/info/refs?service=git-upload-pack", headers=token)
    assert git.status_code == 403
    assert boss.open(PRIVATE).status == 200

    set_up(wei)
    assert wei.open(PRIVATE).status == 200
    assert wei.client.get("/api/models/acme/thing", headers=token).status_code == 200


def test_links_of_theirs_are_closed_too(hub: Hub, boss: Visitor, wei: Visitor) -> None:
    assert wei.open(SETTINGS).status == 200
    demand(boss)
    acme = today(hub, actor_of(hub, "li")).roles
    with calling(hub) as call:
        linked = bearers.actor_of(call, bearers.Bearer(person(hub, "wei").id))
    assert linked.closed == frozenset(acme)
    assert today(hub, actor_of(hub, "wei")).roles == {}  # nor is anything told to them


def test_there_is_time_to_set_it_up(
    hub: Hub, boss: Visitor, wei: Visitor, clock: FrozenClock
) -> None:
    demand(boss, "7")
    page = wei.open(PRIVATE)
    assert page.status == 200
    assert "Set up two-factor authentication until" in page.text
    clock.advance(timedelta(days=7))
    late = Visitor(hub)
    late.log_in("wei")
    assert late.open(PRIVATE).status == 403


@pytest.mark.parametrize("days", ["0", "7"])
def test_members_without_one_hear_of_it_by_mail(
    hub: Hub, boss: Visitor, wei: Visitor, days: str
) -> None:
    with_app(hub, "ready")
    joins(hub, "ready", Role.READ)
    before = {who: len(inbox(hub, f"{who}@example.com")) for who in ("li", "ready", "wei")}
    demand(boss, days)
    demand(boss, days)  # saved once more: nothing new
    run_due(hub, {TellOfDemand.kind: TellOfDemand})
    for who, more in (("li", 0), ("ready", 0), ("wei", 1)):
        assert len(inbox(hub, f"{who}@example.com")) == before[who] + more
    told = letter(hub, "wei@example.com")
    assert "acme asks for two-factor" in told.subject
    assert ("from Nov 30, 2026 on" in told.text) is (days == "7")
    assert wei.open(link_in(told)).status == 200


def test_nobody_hears_of_a_demand_that_was_taken_back(
    hub: Hub, boss: Visitor, wei: Visitor
) -> None:
    assert wei.open(SETTINGS).status == 200
    demand(boss)
    fields = {"full_name": "Acme", "visibility": "public", "two_factor_days": "0"}
    assert boss.submit(ORG, ORG, **fields).place == ORG
    run_due(hub, {TellOfDemand.kind: TellOfDemand})
    assert "asks for" not in letter(hub, "wei@example.com").subject


def test_nobody_asks_of_others_what_they_have_not(hub: Hub) -> None:
    li = confirmed(hub, "li")
    organization(hub, "li")
    fields = {"full_name": "Acme", "visibility": "public", "two_factor_days": "0"}
    refused = li.submit(ORG, ORG, two_factor="on", **fields)
    assert refused.status == 400
    assert "Set up two-factor authentication yourself" in refused.text
    assert li.open(ORG).status == 200


@pytest.mark.parametrize(("who", "kept_out"), [("everybody", True), ("admins", False)])
def test_the_site_asks_it_of_everybody_or_of_its_admins(
    tmp_path: Path, clock: FrozenClock, who: str, *, kept_out: bool
) -> None:
    settings = {"accounts.two_factor": who}
    hub = build_test_hub(tmp_path / "asking", clock=clock, **settings)
    boss = made(hub, "boss", admin=True)
    wei = confirmed(hub, "wei")
    organization(hub, "boss")
    private_model(hub, today(hub, boss))
    joins(hub, "wei", Role.READ)
    assert wei.open(PRIVATE).status == 200
    clock.advance(timedelta(days=7))
    wei = Visitor(hub)
    wei.log_in("wei")
    assert wei.open(PRIVATE).status == (403 if kept_out else 200)
    assert wei.open("/").status == 200
    assert today(hub, boss).roles == {}  # an admin, in both cases
    hub.database.close()


def test_an_operator_helps_and_admins_hear_of_it_first(hub: Hub, clock: FrozenClock) -> None:
    with_app(hub, "li")
    with calling(hub, SYSTEM) as call, working(call) as work:
        assert removal.reset_by_operator(work, person(hub, "li"), "seen") is None
    assert Visitor(hub).log_in("li").place == "/"
    with calling(hub, SYSTEM) as call, working(call) as work, pytest.raises(NotFound):
        removal.reset_by_operator(work, person(hub, "li"), "seen")

    made(hub, "chief", admin=True)
    root = Visitor(hub)
    root.log_in("chief", "Corr3ct-Horse!a")
    set_up(root)
    with calling(hub, SYSTEM) as call, working(call) as work:
        due = removal.reset_by_operator(work, person(hub, "chief"), "seen")
    assert due == clock() + timedelta(hours=72)
    assert "will be turned off" in letter(hub, "chief@example.org").subject
    jobs = {RemoveFactors.kind: RemoveFactors}
    while run_due(hub, jobs):
        pass
    assert Visitor(hub).log_in("chief", "Corr3ct-Horse!a").place.startswith("/login/2fa")
    clock.advance(timedelta(hours=72))
    while run_due(hub, jobs):
        pass
    with calling(hub) as call:
        assert not held.of(call, person(hub, "chief").id).any
    assert "is off" in letter(hub, "chief@example.org").subject


def test_the_last_one_may_leave_slowly(tmp_path: Path, clock: FrozenClock) -> None:
    slowly: dict[str, Any] = {"accounts.factor_removal_hours": 24}
    hub = build_test_hub(tmp_path / "slow", clock=clock, **slowly)
    li, _, _ = with_app(hub, "li")
    action = f"{SETTINGS}/authenticator/remove"
    assert li.submit(SETTINGS, action).place == SETTINGS
    assert Visitor(hub).log_in("li").place.startswith("/login/2fa")
    cancel = f"{SETTINGS}/removal/cancel"
    assert li.submit(SETTINGS, cancel).place == SETTINGS
    clock.advance(timedelta(hours=24))
    while run_due(hub, {RemoveFactors.kind: RemoveFactors}):
        pass
    assert Visitor(hub).log_in("li").place.startswith("/login/2fa")
    hub.database.close()
