"""Invitations to an organisation, as those who send and those who get them see it."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from doors.pages.visitors import Page, Visitor, confirmed, letter, link_in
from fixtures.factors import set_up
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import organization
from strata.core.hub import Hub
from strata.organizations.tables import organizations

MEMBERS = "/organizations/acme/settings/members"
INVITES = "/organizations/acme/settings/invites"
HIDDEN = re.compile(r'name="(csrf_token)" value="([^"]*)"')
MINE = "/settings/organizations"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    """Give a hub with Alice's organisation."""
    built = build_test_hub(tmp_path / "data", clock=clock)
    yield built
    built.database.close()


@pytest.fixture
def alice(hub: Hub) -> Visitor:
    visitor = confirmed(hub, "alice")
    organization(hub, "alice")
    return visitor


def invite(alice: Visitor, **fields: str) -> Page:
    return alice.submit(MEMBERS, INVITES, **{"form": "invite", "role": "read", **fields})


def link(alice: Visitor, **fields: str) -> Page:
    wanted = {"form": "link", "link_role": "write", "days": "7", "uses": "2", **fields}
    return alice.submit(MEMBERS, INVITES, **wanted)


def share_in(page: Page) -> str:
    found = re.search(r"/organizations/acme/share/[\w-]{43}", page.text)
    assert found is not None, page.text
    return found[0]


def test_a_person_accepts_in_the_settings(hub: Hub, alice: Visitor) -> None:
    bob = confirmed(hub, "bob")
    assert invite(alice, who="bob, new@example.com").place == MEMBERS
    listed = alice.open(MEMBERS).text
    assert "Open invitations" in listed
    assert "new@example.com" in listed
    assert "alice" in bob.open(MINE).text
    assert bob.submit(MINE, MINE, form="accept").place == MINE
    assert "You belong to the organization now." in bob.open(MINE).text
    assert "2 members" in alice.open("/acme").text


def test_a_stranger_sees_who_invites_and_logs_in_first(hub: Hub, alice: Visitor) -> None:
    bob = confirmed(hub, "bob")
    invite(alice, who="bob")
    share = link_in(letter(hub, "bob@example.com"))
    seen = Visitor(hub).open(share)
    assert seen.status == 200
    assert f"/login?next=/organizations/acme/share/{share.rpartition('/')[2]}" in seen.text.replace(
        "%2F", "/"
    )
    assert seen.headers["cache-control"] == "no-store"
    assert "bob" not in seen.text
    assert bob.submit(share, share, act="decline").place == MINE
    assert bob.open(share).status == 404
    assert "bob declined" in letter(hub, "alice@example.com").subject


def confirms(visitor: Visitor, link: str) -> Page:
    """Press the button of the page that a link in a mail opens."""
    return visitor.send(link, dict(re.findall(HIDDEN, visitor.open(link).text)))


def test_who_signs_up_for_an_invitation_is_led_back_to_it(hub: Hub, alice: Visitor) -> None:
    invite(alice, who="new@example.com")
    share = link_in(letter(hub, "new@example.com"))
    newcomer = Visitor(hub)
    path = share_in(newcomer.open(share))
    joining = next(
        html.unescape(one)
        for one in re.findall(r'href="([^"]*)"', newcomer.open(share).text)
        if one.startswith("/join?next=")
    )
    newcomer.open(joining)
    assert newcomer.join("newbie", "new@example.com").place == "/verify-email"
    assert newcomer.open("/verify-email").status == 200  # still to be confirmed
    confirm = link_in(letter(hub, "new@example.com"))
    elsewhere = Visitor(hub)
    assert confirms(elsewhere, confirm).status == 200  # a phone: it was going nowhere
    assert newcomer.open("/verify-email").place == path
    assert "Your e-mail address is confirmed" in newcomer.open(path).text
    assert newcomer.submit(path, path, act="accept").place == "/acme"
    assert newcomer.open("/verify-email").status == 200  # once


def test_who_came_in_by_an_invitation_is_told_so_when_it_is_spent(hub: Hub, alice: Visitor) -> None:
    bob, carol = confirmed(hub, "bob"), confirmed(hub, "carol")
    invite(alice, who="bob")
    share = link_in(letter(hub, "bob@example.com"))
    assert bob.submit(share, share, act="accept").place == "/acme"
    spent = bob.open(share)
    assert (spent.status, "belongs to the organization already" in spent.text) == (200, True)
    proof = {"act": "accept", "csrf_token": token_of(bob, "/new")}
    assert "belongs to the organization already" in bob.send(share, proof).text
    assert carol.open(share).status == Visitor(hub).open(share).status == 404
    other = share.replace("/acme/", "/elsewhere/")
    assert bob.open(other).status == 404


def test_who_must_set_up_a_second_factor_is_led_back(hub: Hub, alice: Visitor) -> None:
    bob = confirmed(hub, "bob")
    invite(alice, who="bob")
    with hub.database.writing() as db:
        db.execute(sa.update(organizations).values(factor_from=hub.clock()))
    path = share_in(bob.open(link_in(letter(hub, "bob@example.com"))))
    here = next(
        html.unescape(one)
        for one in re.findall(r'href="([^"]*)"', bob.open(path).text)
        if one.startswith("/settings/authentication?")
    )
    waits = "You can go on where you were."
    assert waits not in bob.open(here).text
    set_up(bob)
    page = bob.open("/settings/authentication").text
    assert (waits in page, f'href="{path}"' in page) == (True, True)
    assert bob.submit(path, path, act="accept").place == "/acme"
    assert waits not in bob.open("/settings/authentication").text  # once


@pytest.mark.parametrize(("uses", "said"), [("1", "Link, 1 use left"), ("2", "Link, 2 uses left")])
def test_a_link_says_how_often_it_still_works(alice: Visitor, uses: str, said: str) -> None:
    link(alice, uses=uses)
    assert said in alice.open(MEMBERS).text


@pytest.mark.parametrize(
    "evil",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/%0d%0aX: y", "/logout", "/"],
)
def test_nobody_is_led_to_another_site(hub: Hub, evil: str) -> None:
    visitor = Visitor(hub)
    visitor.client.get("/join", params={"next": evil.replace("%0d%0a", "\r\n")})
    visitor.join("newbie")
    confirm = link_in(letter(hub, "newbie@example.com"))
    assert confirms(visitor, confirm).status == 200
    assert visitor.open("/verify-email").status == 200


def test_another_address_is_accepted_only_on_purpose(hub: Hub, alice: Visitor) -> None:
    bob = confirmed(hub, "bob")
    invite(alice, who="office@example.com")
    share = link_in(letter(hub, "office@example.com"))
    page = bob.open(share).text
    assert "office@example.com" not in page
    assert "not a confirmed address" in page
    refused = bob.submit(share, share, act="accept")
    assert (refused.status, "Confirm that you want to join" in refused.text) == (400, True)
    assert bob.submit(share, share, act="accept", anyway="on").place == "/acme"


def test_the_page_says_what_stands_in_the_way(hub: Hub, alice: Visitor, clock: FrozenClock) -> None:
    """Every state of P53 (product §2.6); whatever is over is told alike."""
    bob, carol, dave = (confirmed(hub, name) for name in ("bob", "carol", "dave"))
    fresh = Visitor(hub)
    fresh.join("fresh")  # who confirmed no address yet
    invite(alice, who="bob", role="write")
    for_bob = link_in(letter(hub, "bob@example.com"))
    once = share_in(link(alice, uses="1"))
    page = Visitor(hub).open(for_bob).text
    for told in ("Invitation to acme", "alice", "Write", "2026-11-30", "Sign Up"):
        assert told in page, told
    assert "for another account" in carol.open(for_bob).text
    assert carol.submit(once, once, act="accept", csrf_token=token_of(carol, once)).place == "/acme"
    assert "belongs to the organization already" in carol.open(share_in(link(alice))).text
    assert "Confirm your e-mail to do this." in fresh.open(for_bob).text
    unconfirmed = {"act": "accept", "csrf_token": token_of(fresh, "/verify-email")}
    assert fresh.send(for_bob, unconfirmed).status == 403
    with hub.database.writing() as db:
        db.execute(sa.update(organizations).values(factor_from=clock()))
    assert "two-factor authentication. Turn it on first" in bob.open(for_bob).text
    refused = bob.send(for_bob, {"act": "accept", "csrf_token": token_of(bob, "/new")})
    assert (refused.status, "two-factor" in refused.text) == (400, True)
    with hub.database.writing() as db:
        db.execute(sa.update(organizations).values(factor_from=None))

    used_up = dave.open(once)
    alice.submit(MEMBERS, INVITES, form="withdraw")
    revoked = bob.open(for_bob)
    again = share_in(link(alice, days="1"))
    assert dave.open(again).status == 200
    clock.advance(timedelta(days=1, minutes=1))
    for gone in (used_up, revoked, dave.open(again), dave.open(again[:-1] + "_")):
        assert gone.status == 404
        assert "This invitation does not work" in gone.text
        assert "acme" not in re.sub(r"/organizations/acme/share/\S+", "", gone.text)


def token_of(visitor: Visitor, path: str) -> str:
    """What a form of this browser carries against forged ones."""
    found = HIDDEN.search(visitor.open(path).text)
    return found[2] if found else ""


def test_a_link_is_shown_once_and_taken_back(hub: Hub, alice: Visitor) -> None:
    bob, carol = confirmed(hub, "bob"), confirmed(hub, "carol")
    share = share_in(link(alice))
    assert share.rpartition("/")[2] not in alice.open(MEMBERS).text
    assert bob.submit(share, share, act="accept").place == "/acme"
    assert "belongs to the organization already" in bob.open(share).text
    assert alice.submit(MEMBERS, INVITES, form="withdraw").place == MEMBERS
    gone = carol.open(share)
    never = carol.open("/organizations/no-such/share/" + "x" * 43)
    assert (gone.status, never.status) == (404, 404)
    assert "This invitation does not work" in gone.text
    assert "2 members" in alice.open("/acme").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"link_role": "admin"}, "A link gives at most the role Write."),
        ({"days": "31"}, "Enter 1 to 30 days."),
        ({"uses": "-1"}, "Enter 1 to 1000 uses."),
        ({"uses": "9" * 4000}, "Enter 1 to 1000 uses."),
        ({"link_role": "owner"}, "This role is not known here."),
    ],
)
def test_a_link_gives_no_more_than_it_may(
    alice: Visitor, fields: dict[str, str], sentence: str
) -> None:
    answer = link(alice, **fields)
    assert answer.status == 400
    assert sentence in answer.text
    assert "/share/" not in answer.text


def test_who_cannot_be_invited_is_named(hub: Hub, alice: Visitor) -> None:
    confirmed(hub, "bob")
    answer = invite(alice, who="bob nobody")
    assert answer.status == 400
    assert "nobody cannot be invited" in answer.text
    assert "bob nobody" in answer.text
    assert "Open invitations" not in answer.text
    assert invite(alice, who="alice").status == 400
    assert invite(alice, who="").status == 400


def test_inviting_an_admin_asks_who_sits_there(
    hub: Hub, alice: Visitor, clock: FrozenClock
) -> None:
    confirmed(hub, "bob")
    clock.advance(timedelta(minutes=16))
    assert invite(alice, who="bob").status == 303
    asked = invite(alice, who="bob", role="admin")
    assert (asked.status, "Confirm that it is you" in asked.text) == (403, True)


def test_only_admins_invite(hub: Hub, alice: Visitor) -> None:
    mallory = confirmed(hub, "mallory")
    proof = mallory.open(MINE).hidden("/logout")
    for form in ("invite", "link", "withdraw"):
        fields = {"form": form, "who": "mallory", "role": "read", "link_role": "read"}
        sent = fields | {"days": "7", "uses": "1", "invite": "1"}
        assert mallory.send(INVITES, proof | sent).status == 403
    assert invite(alice, who="mallory").status == 303
    assert mallory.send(INVITES, proof | {"form": "none"}).status == 400


JOIN = "/organizations/acme/join"
JOINING = "/organizations/acme/settings/joining"


def test_somebody_asks_to_join_and_is_let_in(hub: Hub, alice: Visitor) -> None:
    bob, carol = confirmed(hub, "bob"), confirmed(hub, "carol")
    assert "by invitation only" in bob.open(JOIN).text
    assert JOIN not in bob.open("/acme").text
    assert alice.submit(MEMBERS, JOINING, form="rules", anybody="on").place == MEMBERS
    assert JOIN in bob.open("/acme").text
    assert Visitor(hub).open(JOIN).place.startswith("/login?next=")
    for visitor in (bob, carol):
        assert visitor.submit(JOIN, JOIN, message="<b>Hello</b>").place == MINE
        assert "Requests to join" in visitor.open(MINE).text
    assert "waits for an answer" in bob.open(JOIN).text
    assert "&lt;b&gt;" in alice.client.get(MEMBERS).text
    proof = alice.open(MEMBERS).hidden(JOINING)
    assert alice.send(JOINING, proof | {"form": "admit", "user": "bob"}).place == MEMBERS
    assert alice.send(JOINING, proof | {"form": "refuse", "user": "carol"}).place == MEMBERS
    again = alice.send(JOINING, proof | {"form": "admit", "user": "carol"})
    assert (again.status, "decided already" in again.text) == (400, True)
    assert "2 members" in alice.open("/acme").text


def test_a_domain_without_proof_is_refused(alice: Visitor) -> None:
    answer = alice.submit(MEMBERS, JOINING, form="rules", domain="elsewhere.org", at_once="on")
    assert answer.status == 400
    assert "Add an address of this domain" in answer.text
    assert alice.submit(MEMBERS, JOINING, form="rules", domain="example.com").place == MEMBERS


def test_only_admins_say_who_joins(hub: Hub, alice: Visitor) -> None:
    mallory = confirmed(hub, "mallory")
    alice.submit(MEMBERS, JOINING, form="rules", anybody="on")
    mallory.submit(JOIN, JOIN, message="x" * 501)
    assert "Requests to join" not in mallory.open(MINE).text
    mallory.submit(JOIN, JOIN)
    proof = mallory.open(MINE).hidden(MINE)
    for form in ("rules", "admit", "refuse"):
        assert mallory.send(JOINING, proof | {"form": form, "user": "mallory"}).status == 403
    assert mallory.send(MINE, proof | {"form": "take-back", "name": "acme"}).place == MINE
    assert mallory.send(MINE, proof | {"form": "take-back", "name": "acme"}).status == 409
