"""Who reads which part of the audit log."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fixtures.accounts import HERE, calling, made
from fixtures.hubs import FrozenClock
from fixtures.organizations import joins, leaves, organization, today
from fixtures.tokens import issued
from strata.access import audit
from strata.access.organizations import members
from strata.core.actor import ANONYMOUS, Actor, Role, TokenFacts, TokenKind, TokenRole
from strata.core.call import Origin, working
from strata.core.errors import Forbidden, NotFound, StrataError, Unauthenticated
from strata.core.hub import Hub
from strata.events.audit.naming import type_of
from strata.events.audit.narrowing import EVERYTHING, Filter
from strata.events.facts import Whose, record
from strata.lib.db.seek import Window

ALL = Window(100)
NOBODY_ELSE = Whose()
MOVED = {"ref": "refs/heads/x", "old": "a", "new": "b"}
ELSEWHERE = Origin(ip="198.51.100.66", user_agent="curl")


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    """Give an empty hub on the database of the parameter."""
    return each_hub


def happen(
    hub: Hub, actor: Actor, name: str, whose: Whose = NOBODY_ELSE, origin: Origin = HERE
) -> None:
    with calling(hub, actor, origin) as call, working(call) as work:
        record(work, name, target=actor.name, whose=whose)


def own(hub: Hub, actor: Actor, wanted: Filter = EVERYTHING, window: Window = ALL) -> list[str]:
    with calling(hub, actor) as call:
        return [told.entry.type for told in audit.own(call, window, wanted).rows]


def org(hub: Hub, actor: Actor, name: str = "acme") -> list[str]:
    with calling(hub, today(hub, actor)) as call:
        return [told.entry.type for told in audit.of_organization(call, name, ALL).rows]


def test_people_read_what_they_did_and_what_happened_to_them(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    happen(hub, ana, "token.create")
    happen(hub, bob, "org.add_user", Whose(99, ana.user_id), ELSEWHERE)
    happen(hub, bob, "token.delete")
    assert own(hub, ana)[:2] == ["org.add_user", "token.create"]
    assert own(hub, bob)[:2] == ["token.delete", "org.add_user"]
    with calling(hub, ana) as call:
        by_bob, mine = audit.own(call, ALL).rows[:2]
    # Bob's place is nobody's business but his.
    assert (by_bob.actor, by_bob.entry.ip, by_bob.entry.user_agent) == ("bob", "", "")
    assert (mine.actor, mine.entry.ip) == ("ana", HERE.ip)


def test_who_failed_to_enter_is_shown_with_the_place_and_not_as_the_owner(hub: Hub) -> None:
    ana = made(hub, "ana")
    with calling(hub, ANONYMOUS, ELSEWHERE) as call, working(call) as work:
        record(work, "account.login_failed", target="ana", actor_id=ana.user_id)
    with calling(hub, ana) as call:
        told = audit.own(call, ALL).rows[0]
    assert (told.actor, told.entry.ip, told.entry.result) == (None, ELSEWHERE.ip, "failure")


def test_who_acts_through_what_is_told_for_good(hub: Hub, clock: FrozenClock) -> None:
    """An application in somebody's name, a token by its name as long as it is there."""
    ana, bob = made(hub, "ana"), made(hub, "bob")
    for number, kind, name in (
        (issued(hub, ana, "ci").id, TokenKind.ACCESS, "ci"),
        (7, TokenKind.OAUTH, "Board"),
        (8, TokenKind.PUBLISHER, "ana/one (https://ci)"),
    ):
        token = TokenFacts(number, name, TokenRole.WRITE, clock(), kind=kind)
        happen(hub, replace(ana, token=token), "org.add_user", Whose(99, bob.user_id))
    with calling(hub, ana) as call:
        mine = audit.own(call, Window(3)).rows
    assert [(told.entry.actor_kind, told.on_behalf_of, told.token) for told in mine] == [
        ("publisher", "ana", None),
        ("application", "ana", None),
        ("token", None, "ci"),
    ]
    # What a job of a CI service is called names its person, who may want to be forgotten.
    assert [told.entry.detail.get("application") for told in mine] == [None, "Board", None]
    with calling(hub, bob) as call:  # what others call their tokens is theirs to know
        assert {told.token for told in audit.own(call, Window(3)).rows} == {None}


def test_the_own_log_goes_back_ninety_days(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    happen(hub, ana, "token.create")
    clock.advance(timedelta(days=60))
    happen(hub, ana, "token.delete")
    assert own(hub, ana) == ["token.delete", "token.create", "account.signup"]
    clock.advance(timedelta(days=31))
    assert own(hub, ana, Filter(since=clock() - timedelta(days=400))) == ["token.delete"]


def test_filters_and_pages(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    for name in ("token.create", "account.login", "token.delete", "repo.create"):
        clock.advance(timedelta(minutes=1))
        happen(hub, ana, name)
    assert own(hub, ana, Filter(kind="token")) == ["token.delete", "token.create"]
    assert own(hub, ana, Filter(since=clock())) == ["repo.create"]
    assert own(hub, ana, Filter(until=clock()))[0] == "token.delete"
    seen: list[str] = []
    window: Window | None = Window(2)
    while window:
        with calling(hub, ana) as call:
            page = audit.own(call, window)
        seen += [told.entry.type for told in page.rows]
        window = Window(2, page.last) if page.last else None
    assert seen[:4] == ["repo.create", "token.delete", "account.login", "token.create"]
    assert len(seen) == len(set(seen))


def test_strangers_and_tokens_read_nobodys_log(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    with pytest.raises(Unauthenticated):
        own(hub, ANONYMOUS)
    token = TokenFacts(1, "t", TokenRole.WRITE, clock())
    with pytest.raises(Forbidden):
        own(hub, replace(ana, token=token))
    with calling(hub, ana) as call, pytest.raises(NotFound):
        audit.everything(call, ALL)


def test_the_log_of_an_organization_is_for_its_admins_of_now(hub: Hub) -> None:
    ana, bob, eve = made(hub, "ana"), made(hub, "bob"), made(hub, "eve")
    acme = organization(hub, "ana")
    joins(hub, "bob", Role.ADMIN, by=today(hub, ana))
    happen(hub, bob, "repo.create", Whose(acme.id), ELSEWHERE)
    happen(hub, eve, "discussion.create", Whose(acme.id), ELSEWHERE)
    happen(hub, eve, "token.create")
    assert (
        org(hub, ana)
        == org(hub, bob)
        == [
            "discussion.create",
            "repo.create",
            "org.add_user",
            "org.add_user",
            "org.create",
        ]
    )
    with calling(hub, today(hub, ana)) as call:
        by_eve, by_bob = audit.of_organization(call, "acme", ALL).rows[:2]
    assert (by_eve.actor, by_eve.entry.ip) == ("eve", "")  # a visitor
    assert (by_bob.actor, by_bob.entry.ip) == ("bob", ELSEWHERE.ip)

    joins(hub, "bob", Role.WRITE, by=today(hub, ana))
    with pytest.raises(Forbidden):
        org(hub, bob)
    leaves(hub, "bob", by=today(hub, ana))
    refused = pytest.raises(Forbidden)
    for stranger in (bob, eve):
        with pytest.raises(Forbidden):
            org(hub, stranger)
        with calling(hub, today(hub, stranger)) as call, working(call) as work, refused:
            audit.note_export(work, "acme")
    with pytest.raises(NotFound):
        org(hub, ana, "nobody-has-this")
    with pytest.raises(StrataError):
        org(hub, ANONYMOUS)


def test_who_leaves_an_organization_and_who_is_taken_out_differ(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    organization(hub, "ana")
    joins(hub, "bob", Role.READ, by=today(hub, ana))
    with calling(hub, today(hub, bob)) as call, working(call) as work:
        members.leave(work, "acme")
    joins(hub, "bob", Role.READ, by=today(hub, ana))
    leaves(hub, "bob", by=today(hub, ana))
    assert [one for one in org(hub, ana) if "add" not in one][:2] == [
        "org.remove_user",
        "org.leave",
    ]


@pytest.mark.parametrize(
    ("name", "detail", "type_"),
    [
        (
            "repo.content",
            {"refs": [{"ref": "refs/heads/x", "old": None, "new": "a"}]},
            "repo.branch_create",
        ),
        (
            "repo.content",
            {"refs": [{"ref": "refs/tags/x", "old": "a", "new": None}]},
            "repo.tag_delete",
        ),
        (
            "repo.content",
            {"refs": [{"ref": "refs/heads/x", "old": "a", "new": "b"}]},
            "repo.commit",
        ),
        ("repo.content", {}, "repo.commit"),
        ("repo.content", {"how": "push", "refs": [MOVED]}, "repo.push"),
        ("repo.content", {"how": "push", "refs": [MOVED | {"forced": True}]}, "repo.force_push"),
        ("repo.content", {"how": "squash", "refs": [MOVED]}, "repo.squash"),
        ("repo.content", {"how": "rewrite", "refs": [MOVED]}, "repo.force_push"),
        (
            "repo.content",
            {"refs": [{"ref": "refs/pr/1", "old": "a", "new": None}]},
            "repo.delete_pr_ref",
        ),
        ("repo.update_settings", {"private": True, "before": {}}, "repo.visibility"),
        ("repo.update_settings", {"gated": "auto"}, "repo.gated"),
        ("repo.update_settings", {"description": ""}, "repo.update_settings"),
        ("discussion.update", {"change": "merge"}, "discussion.merge"),
        ("discussion.update", {"change": "title"}, "discussion.update"),
        ("discussion.comment.update", {"change": "hide"}, "discussion.hide_comment"),
        ("bucket.content", {}, "repo.commit"),
        ("account.login", {}, "account.login"),
    ],
)
def test_types_are_those_of_the_list(name: str, detail: dict[str, object], type_: str) -> None:
    assert type_of(name, detail) == type_
