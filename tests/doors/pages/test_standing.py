"""What an account may do and who sees it, in every state of product §3.1."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from doors.pages.standings import FAR, KEY, change, closed, locked, stand
from doors.pages.visitors import PASSWORD, SITE, Visitor, confirmed, letter, link_in, token_in
from fixtures.accounts import calling, made, person
from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import joins, organization
from strata.accounts.profile.tables import profiles
from strata.app.hub import LISTENERS
from strata.app.serving import build_app
from strata.community.follows.tables import follows
from strata.community.webhooks.access import may_learn_of
from strata.core.actor import SYSTEM, Actor, Role, Standing
from strata.core.call import working
from strata.core.errors import Conflict, Forbidden, Malformed
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.credentials.keys.ssh import actor_for_key, add
from strata.events.facts import Whose, record
from strata.membership.closing import suspend
from strata.membership.closing.facts import LEAVING, STAYING
from strata.membership.closing.suspend import Suspension
from strata.repos.liking.likes import like
from strata.repos.lookup import lookup


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    """Give a hub whose rooms listen, on the database of the parameter."""
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    yield replace(built, listeners=LISTENERS)
    built.database.close()


@dataclass
class Scene:
    """Li, who published a model, and what she holds."""

    hub: Hub
    browser: Visitor
    token: str
    fingerprint: str  # of her SSH key

    def api(self, method: str, path: str, token: str = "", **more: object) -> tuple[int, str]:
        client = TestClient(build_app(self.hub), base_url=SITE)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]
        return answer.status_code, answer.headers.get("x-error-code", "")


@pytest.fixture
def scene(hub: Hub) -> Scene:
    made(hub, "first", admin=True)
    browser = confirmed(hub, "li")
    token = token_in(browser.make_token("laptop", "write"))
    li = Actor(user_id=person(hub, "li").id, name="li", verified=True)
    uploaded(hub, li, created(hub, li, "open"), {"a.txt": b"a"})
    created(hub, li, "shut", private=True)
    with calling(hub, replace(li, session_id=0, proved_until=FAR)) as call, working(call) as work:
        fingerprint = add(work, "laptop", KEY).fingerprint
    return Scene(hub, browser, token, fingerprint)


def leaves(hub: Hub) -> None:
    stand(hub, Standing.LEAVING)
    whose = Whose(subject_id=person(hub, "li").id)
    change(hub, lambda work: record(work, LEAVING, whose=whose))


# state → how it comes about, then: log in, whoami, git, write by token, profile, repo of others
STATES: dict[str, tuple[Callable[[Hub], object], bool, int, int, int, int, int]] = {
    "active": (lambda _hub: None, True, 200, 200, 200, 200, 200),
    "locked": (locked, False, 200, 200, 200, 200, 200),
    "suspended": (closed, False, 403, 403, 403, 404, 200),
    "suspended and hidden": (
        lambda hub: closed(hub, hide_content=True), False, 403, 403, 403, 404, 401,
    ),
    "must reset": (
        lambda hub: change(hub, lambda work: suspend.demand_password(work, person(hub, "li"))),
        False, 200, 200, 200, 200, 200,
    ),
    "pending approval": (lambda hub: stand(hub, Standing.PENDING), True, 403, 403, 403, 404, 200),
    "deletion scheduled": (leaves, True, 403, 403, 403, 404, 401),
}  # fmt: skip


@pytest.mark.parametrize("state", list(STATES))
def test_every_state_is_as_the_table_says(scene: Scene, state: str) -> None:
    come_about, enters, whoami, git, write, profile, model = STATES[state]
    come_about(scene.hub)
    entered = Visitor(scene.hub).log_in("li")
    assert (entered.status == 303) is enters
    code = "AccountSuspended" if "suspended" in state else ""
    assert scene.api("GET", "/api/whoami-v2", scene.token) == (whoami, code)
    assert scene.api("GET", "/li/shut.git/info/refs?service=git-upload-pack", scene.token)[0] == git
    with scene.hub.database.reading() as db:
        opened = nullcontext() if whoami == 200 else pytest.raises(Forbidden)
        with opened:
            assert actor_for_key(db, scene.hub, scene.fingerprint) is not None
    made_one = {"name": "another", "type": "model"}
    assert scene.api("POST", "/api/repos/create", scene.token, json=made_one)[0] == write
    assert scene.api("GET", "/api/users/li/overview")[0] == profile
    assert Visitor(scene.hub).open("/li").status == profile
    assert scene.api("GET", "/api/models/li/open")[0] == model
    listed = scene.api("GET", "/api/models?author=li")
    assert listed[0] == 200
    assert scene.api("GET", "/api/models/li/shut")[0] == 401


def test_an_unconfirmed_account_enters_and_is_seen_by_nobody(scene: Scene) -> None:
    newcomer = Visitor(scene.hub)
    newcomer.join("nia")
    assert Visitor(scene.hub).log_in("nia").status == 303
    assert Visitor(scene.hub).open("/nia").status == 404
    assert scene.api("GET", "/api/users/nia/overview")[0] == 404


def test_a_suspension_is_told_to_who_has_the_password_alone(scene: Scene) -> None:
    closed(scene.hub)
    # Who knows the password guesses nothing, and waits for nothing.
    told = [Visitor(scene.hub).log_in("li") for _ in range(6)][-1]
    assert "This account is suspended: spam. Contact the people who run this site." in told.text
    assert told.status == 403
    chinese = Visitor(scene.hub, language="zh-CN").log_in("li")
    assert "该账号已被停用：spam。请联系 本站运营人员。" in chinese.text
    guessed = Visitor(scene.hub).log_in("li", "Wr0ng!aaa")
    assert ("suspended" in guessed.text, guessed.status) == (False, 401)
    assert scene.browser.open("/settings/account").place.startswith("/login")
    mail = letter(scene.hub, "li@example.com")
    assert ("is suspended" in mail.subject, "Their reason: spam" in mail.text) == (True, True)
    with pytest.raises(Conflict):
        closed(scene.hub)


def test_a_hub_with_a_contact_names_it_to_the_suspended(tmp_path: Path, clock: FrozenClock) -> None:
    hub = build_test_hub(tmp_path, clock=clock, contact="ops@example.com")
    confirmed(hub, "li")
    closed(hub)
    told = Visitor(hub).log_in("li")
    assert "This account is suspended: spam. Contact ops@example.com." in told.text
    assert "contact ops@example.com." in letter(hub, "li@example.com").text
    hub.database.close()


def test_restoring_gives_everything_back(scene: Scene) -> None:
    closed(scene.hub, hide_content=True)
    change(scene.hub, lambda work: suspend.restore(work, person(scene.hub, "li")))
    assert scene.api("GET", "/api/whoami-v2", scene.token)[0] == 200
    assert scene.api("GET", "/api/models/li/open")[0] == 200
    assert scene.api("GET", "/api/models/li/shut")[0] == 401  # was private before
    assert Visitor(scene.hub).open("/li").status == 200
    assert "is open again" in letter(scene.hub, "li@example.com").subject
    with pytest.raises(Conflict):
        change(scene.hub, lambda work: suspend.restore(work, person(scene.hub, "li")))


def test_a_suspension_ends_by_itself(scene: Scene, clock: FrozenClock) -> None:
    closed(scene.hub, hide_content=True, until=clock() + timedelta(days=2))
    clock.advance(timedelta(days=2, seconds=-1))
    assert scene.api("GET", "/api/whoami-v2", scene.token)[0] == 403
    clock.advance(timedelta(seconds=1))
    assert scene.api("GET", "/api/whoami-v2", scene.token)[0] == 200
    change(scene.hub, suspend.end_suspensions)
    assert scene.api("GET", "/api/models/li/open")[0] == 200
    change(scene.hub, suspend.end_suspensions)
    assert person(scene.hub, "li").standing == "active"


def test_a_suspension_needs_a_reason_and_a_future(scene: Scene, clock: FrozenClock) -> None:
    for wanted in (Suspension(" "), Suspension("x" * 501), Suspension("x", clock())):
        act = partial(suspend.suspend, user=person(scene.hub, "li"), wanted=wanted)
        with pytest.raises(Malformed):
            change(scene.hub, act)


def test_who_must_choose_another_password_enters_again_by_the_link(scene: Scene) -> None:
    change(scene.hub, lambda work: suspend.demand_password(work, person(scene.hub, "li")))
    assert "You must choose a new password first." in Visitor(scene.hub).log_in("li").text
    assert scene.browser.open("/settings/account").place.startswith("/login")
    link = link_in(letter(scene.hub, "li@example.com"))
    visitor = Visitor(scene.hub)
    csrf = re.search(r'name="csrf_token" value="([^"]*)"', visitor.open(link).text)
    assert csrf is not None
    form = {"csrf_token": csrf[1], "password": "An0ther-Horse!"}
    assert visitor.send(link, form).place == "/login"
    assert Visitor(scene.hub).log_in("li", PASSWORD).status == 401
    assert Visitor(scene.hub).log_in("li", "An0ther-Horse!").status == 303


def test_staying_after_all_gives_back_what_was_withheld(scene: Scene) -> None:
    leaves(scene.hub)
    whose = Whose(subject_id=person(scene.hub, "li").id)
    change(scene.hub, lambda work: record(work, STAYING, whose=whose))
    assert scene.api("GET", "/api/models/li/open")[0] == 200
    assert scene.api("GET", "/api/models/li/shut")[0] == 401


def test_webhooks_of_a_closed_account_are_told_nothing(scene: Scene) -> None:
    owner = person(scene.hub, "li").id

    def may_learn() -> bool:
        with calling(scene.hub, SYSTEM) as call:
            repo = lookup(call, RepoId(RepoType.MODEL, "li", "open"))
            return may_learn_of(call, owner, repo)

    assert may_learn()
    closed(scene.hub)
    assert not may_learn()


@pytest.mark.parametrize("state", ["suspended", "leaving", "suspended until lately"])
def test_lists_of_people_show_nobody_who_is_not_shown(
    scene: Scene, clock: FrozenClock, state: str
) -> None:
    """Eve looks for Li among likers, followers and members, and for her picture."""
    hub = scene.hub
    boss, eve = confirmed(hub, "boss"), confirmed(hub, "eve")
    organization(hub, "boss")
    joins(hub, "li", Role.READ)
    li, head = signed_in(hub, "li"), signed_in(hub, "boss")
    fresh = {"follower_id": li.user_id, "followed_id": head.user_id, "created_at": clock()}
    change(hub, lambda work: work.db.execute(sa.insert(follows).values(**fresh)))
    repo = created(hub, head, "liked")
    with calling(hub, li) as call, working(call) as work:
        like(work, repo.repo_id)
    picture = pictures(hub, li)
    lists = (
        "/api/models/boss/liked/likers",
        "/api/users/boss/followers",
        "/api/organizations/acme/members",
    )

    def seen(by: Visitor) -> dict[str, bool]:
        answers = {path: by.client.get(path) for path in lists}
        assert {answer.status_code for answer in answers.values()} == {200}
        return {path: '"li"' in answer.text for path, answer in answers.items()}

    def pictured() -> bool:
        return eve.client.get(picture).status_code == 302

    assert all(seen(eve).values())
    assert pictured()
    if state == "leaving":
        stand(hub, Standing.LEAVING)
    else:
        closed(hub, until=clock() + timedelta(days=1))
    assert not any(seen(eve).values())
    assert not pictured()
    assert "/li" in boss.open("/organizations/acme/settings/members").text  # who cares for it
    if state == "suspended until lately":
        clock.advance(timedelta(days=2))
        assert all(seen(eve).values())
        assert pictured()


def signed_in(hub: Hub, name: str) -> Actor:
    return Actor(user_id=person(hub, name).id, name=name, verified=True, session_id=0)


def pictures(hub: Hub, actor: Actor) -> str:
    """Give somebody a picture; where it is."""
    user_id = actor.user_id or 0
    values = {"namespace_id": user_id, "picture": f"{'a' * 24}-{'b' * 16}"}
    change(hub, lambda work: work.db.execute(sa.insert(profiles).values(**values)))
    return f"/avatars/{person(hub, 'li').public_id}.svg"
