"""Take one's data along, and leave for good: with a week to think it over (product §3.19)."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from doors.pages.visitors import PASSWORD, SITE, Visitor, confirmed, letter, token_in
from fixtures.accounts import calling, inbox, made, person
from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium
from fixtures.contents import created, uploaded
from fixtures.gated import asks, does, gate
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.inboxes import opens, says, told
from fixtures.keys import ssh_pair
from fixtures.organizations import joins, organization
from fixtures.shown_repos import served
from fixtures.traces import texts_with
from strata.accounts import people
from strata.accounts.legal.agreeing import keep
from strata.accounts.legal.documents import packaged_versions
from strata.accounts.naming import names
from strata.accounts.naming.former import holder
from strata.accounts.profile import picture
from strata.accounts.profile.dropping import DropSquares
from strata.accounts.tables import users
from strata.app.hub import LISTENERS, PERSONAL
from strata.app.serving import build_app
from strata.community.collections import edit, items
from strata.community.discussions.opening import open_discussion
from strata.community.follows.follow import follow
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.events.audit import verify
from strata.events.audit.listing import of_person
from strata.events.audit.narrowing import EVERYTHING
from strata.events.audit.sealing import seal
from strata.events.jobs import run_due
from strata.events.mails.sending import ForgetMail
from strata.lib.db.seek import Window
from strata.membership import recovery
from strata.membership.closing import gone
from strata.membership.confirming import unconfirmed
from strata.membership.export import pack
from strata.membership.export.pack import FOLDER, PackExport
from strata.repos.change import Settings, delete, move
from strata.repos.liking.likes import like

MODEL, HOOK = RepoType.MODEL, "/settings/webhooks/new"
ACCOUNT, DELETE, EXPORT = (
    "/settings/account",
    "/settings/account/delete",
    "/settings/account/export",
)


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    """Give a hub with all its rooms, on the database of the parameter."""
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    yield replace(built, listeners=LISTENERS, personal=PERSONAL)
    built.database.close()


@pytest.fixture
def li(hub: Hub) -> Visitor:
    """A browser of Li, who has published and written something."""
    made(hub, "first", admin=True)
    visitor = confirmed(hub, "li")
    actor = actor_of(hub, "li")
    uploaded(hub, actor, created(hub, actor, "open"), {"a.txt": b"a"})
    created(hub, actor, "shut", private=True)
    return visitor


def actor_of(hub: Hub, name: str) -> Actor:
    return Actor(user_id=person(hub, name).id, name=name, verified=True)


def api(hub: Hub, path: str, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return int(
        TestClient(build_app(hub), base_url=SITE, follow_redirects=False)
        .get(path, headers=headers)
        .status_code
    )


def packed(hub: Hub) -> None:
    while run_due(hub, {PackExport.kind: PackExport, ForgetMail.kind: ForgetMail}):
        pass


def link(visitor: Visitor) -> str:
    text = visitor.open(ACCOUNT).text
    return str(text.partition(f'href="{EXPORT}/')[2].partition('"')[0])


def test_a_copy_is_asked_for_packed_and_fetched(hub: Hub, li: Visitor, clock: FrozenClock) -> None:
    value = token_in(li.make_token("laptop", "write"))
    assert li.submit(ACCOUNT, EXPORT).place == ACCOUNT
    assert "It is being packed." in li.open(ACCOUNT).text
    packed(hub)
    assert "data is ready" in letter(hub, "li@example.com").subject
    key = link(li)
    answer = li.client.get(f"{EXPORT}/{key}")
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    parts = {name: json.loads(archive.read(name)) for name in archive.namelist() if ".json" in name}
    assert set(parts) == {f"{part.name}.json" for one in PERSONAL for part in one.parts}
    assert parts["account.json"][0]["name"] == "li"
    assert [one["name"] for one in parts["repositories.json"]] == ["open", "shut"]
    assert [one["name"] for one in parts["tokens.json"]] == ["laptop"]
    (exported,) = [one for one in parts["security-log.json"] if one["type"] == "account.export"]
    assert (exported["actor"]["name"], exported["ip"]) == ("li", "testclient")
    whole = b"".join(archive.read(name) for name in archive.namelist())
    digests = (value, li.client.cookies["sid"], person(hub, "li").password_hash or "?")
    assert [secret for secret in digests if secret.encode() in whole] == []

    page = li.open(ACCOUNT)
    assert "Once a day: again from" in page.text
    again = li.send(EXPORT, page.hidden(EXPORT))  # as a page does that was opened before
    assert (again.status, again.headers["retry-after"]) == (429, str(24 * 3600 + 1))
    assert "Ask for another one in 1 day." in again.text
    assert link(li) in again.text
    clock.advance(timedelta(days=7))
    assert li.log_in("li").status == 303
    assert li.open(f"{EXPORT}/{key}").status == 404
    with calling(hub, SYSTEM) as call:
        with working(call) as work:
            pack.forget_expired(work)
        pack.sweep(call)
    assert list(hub.objects.keys(FOLDER)) == []
    assert li.submit(ACCOUNT, EXPORT).place == ACCOUNT


# Product §3.19, each word with the file that holds it.
NAMED = {
    "profile": "profile",
    "e-mails": "emails",
    "consents": "consents",
    "sessions": "sessions",
    "security log": "security-log",
    "tokens metadata": "tokens",
    "keys": "keys",
    "repos list": "repositories",
    "discussions": "discussions",
    "comments": "comments",
    "likes": "likes",
    "collections": "collections",
    "what is in them": "collection-items",
    "gated requests": "gated-requests",
    "notifications": "notifications",
    "webhooks": "webhooks",
    "what they watch": "webhook-watches",
    "whom they follow": "follows",
}


def test_a_copy_holds_everything_of_a_full_life_and_no_name_that_is_hidden(
    hub: Hub, li: Visitor, tmp_path: Path
) -> None:
    me, bob = actor_of(hub, "li"), made(hub, "bob")
    theirs = [created(hub, bob, name) for name in ("seen", "hidden", "doomed")]
    asks(hub, me, gate(hub, bob, theirs[0], Settings(gated="auto")))
    li.make_token("laptop", "write")
    li.submit("/settings/keys", "/settings/keys/ssh", key=ssh_pair(tmp_path).public)
    li.submit("/settings/profile", "/settings/profile", full_name="Li Wei", bio="I tune models.")
    hook = {"url": "https://93.184.216.34/h", "accounts": "bob", "repo": "on", "secret": "s3cr3t"}
    assert li.submit(HOOK, HOOK, **hook).status == 303
    agreed = packaged_versions()
    does(hub, me, lambda work: keep(work, me.user_id or 0, agreed, read_in="en", method="renewal"))
    does(hub, me, lambda work: follow(work, bob.user_id or 0))
    mine = does(hub, me, lambda work: edit.create(work, edit.Wish("My shelf")))
    for repo in theirs:
        opens(hub, me, repo, f"About {repo.name}")
        with calling(hub, me) as call, working(call) as work:
            like(work, repo.repo_id)
            items.add(work, mine.slug, items.Addition("model", repo.full_name))
    says(hub, bob, theirs[0], "Thank you, @li")
    told(hub)
    gate(hub, bob, theirs[1], Settings(private=True))
    does(hub, bob, lambda work: move(work, theirs[1].repo_id, RepoId(MODEL, "bob", "secret-name")))
    does(hub, bob, lambda work: delete(work, theirs[2].repo_id))

    li.submit(ACCOUNT, EXPORT)
    packed(hub)
    archive = zipfile.ZipFile(io.BytesIO(li.client.get(f"{EXPORT}/{link(li)}").content))
    parts = {word: json.loads(archive.read(f"{name}.json")) for word, name in NAMED.items()}
    assert [word for word, rows in parts.items() if not rows] == []
    for word in ("likes", "discussions", "what is in them"):
        assert [row["repo"] for row in parts[word]] == ["bob/seen", None, None]
    first = parts["comments"][0]
    assert (first["repo"], first["number"]) == ("bob/seen", 1)
    assert parts["gated requests"][0]["repo"] == "bob/seen"
    assert parts["what they watch"][0]["name"] == "bob"
    assert parts["whom they follow"][0]["name"] == "bob"
    (opened, _) = parts["repos list"]
    assert opened["git"].startswith("git clone http")
    assert opened["git"].endswith("/li/open")
    assert opened["download"] == "hf download li/open"
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert b"secret-name" not in whole
    assert b"s3cr3t" not in whole


def test_nobody_fetches_the_copy_of_somebody_else(hub: Hub, li: Visitor) -> None:
    token = token_in(li.make_token("laptop", "write"))
    li.submit(ACCOUNT, EXPORT)
    packed(hub)
    place = f"{EXPORT}/{link(li)}"
    assert Visitor(hub).open(place).place.startswith("/login")
    assert confirmed(hub, "eve").open(place).status == 404
    assert api(hub, place, token) in {303, 401, 403}
    assert li.open(place.replace("export/", "export/0")).status == 404


def test_a_copy_needs_a_proof_of_who_sits_there(li: Visitor, clock: FrozenClock) -> None:
    clock.advance(timedelta(minutes=16))
    asked = li.submit(ACCOUNT, EXPORT)
    assert asked.status == 403
    assert "sudo_password" in asked.text
    asked = li.submit(DELETE, DELETE, confirm_name="li")
    assert "sudo_password" in asked.text
    assert li.open("/li").status == 200


def test_leaving_closes_at_once_and_can_be_taken_back(hub: Hub, li: Visitor) -> None:
    token = token_in(li.make_token("laptop", "write"))
    wrong = li.submit(DELETE, DELETE, confirm_name="lee")
    assert (wrong.status, "Type your username exactly as it is." in wrong.text) == (400, True)
    other = Visitor(hub)
    other.log_in("li")
    assert li.submit(DELETE, DELETE, confirm_name="li").place == ACCOUNT
    assert "Your account will be deleted on" in li.open("/").text
    assert other.open(ACCOUNT).place.startswith("/login")
    assert api(hub, "/api/whoami-v2", token) == 403
    assert (api(hub, "/api/models/li/open"), Visitor(hub).open("/li").status) == (401, 404)
    assert li.send(EXPORT, li.open("/").hidden("/logout")).status == 403  # no other form
    assert "will be deleted" in letter(hub, "li@example.com").subject

    assert Visitor(hub).log_in("li").status == 303
    assert li.submit("/", f"{DELETE}/cancel").place == ACCOUNT
    assert "account stays" in letter(hub, "li@example.com").subject
    assert api(hub, "/api/whoami-v2", token) == 200
    assert (api(hub, "/api/models/li/open"), api(hub, "/api/models/li/shut")) == (200, 401)
    assert li.open("/").hidden(f"{DELETE}/cancel") == {}


def test_the_only_admin_is_needed(hub: Hub, li: Visitor) -> None:
    confirmed(hub, "bob")
    organization(hub, "li")
    page = li.open(DELETE)
    assert "You are the only admin of these organizations." in page.text
    csrf = li.open(ACCOUNT).hidden("/logout")
    forced = li.send(DELETE, csrf | {"confirm_name": "li"})
    assert forced.status == 409
    joins(hub, "bob", Role.ADMIN)
    assert li.submit(DELETE, DELETE, confirm_name="li").place == ACCOUNT
    with pytest.raises(Exception, match="last admin"):  # who leaves counts no more
        joins(hub, "bob", Role.READ)


def test_repos_are_given_away_or_deleted(hub: Hub, li: Visitor, clock: FrozenClock) -> None:
    made(hub, "bob")
    organization(hub, "bob")
    joins(hub, "li", Role.WRITE)
    for number in range(70):
        created(hub, actor_of(hub, "li"), f"one-of-many-{number}")
    page = li.open(DELETE).text
    places = dict(
        re.findall(r'name="repo-(\d+)" aria-label="What becomes of li/([a-z0-9-]+)"', page)
    )
    given = next(key for key, name in places.items() if name == "open")
    kept = {f"repo-{key}": "delete" for key in places}
    assert len(kept) == 72
    refused = li.submit(DELETE, DELETE, confirm_name="li", **{f"repo-{given}": "bob"})
    assert (refused.status, "cannot go there" in refused.text) == (400, True)
    assert api(hub, "/api/models/li/open") == 200
    assert "And" not in page.partition("</table>")[2].partition("confirm_name")[0]
    li.submit(DELETE, DELETE, confirm_name="li", **kept | {f"repo-{given}": "acme"})
    assert api(hub, "/api/models/acme/open") == 200
    clock.advance(timedelta(days=7))
    with calling(hub, SYSTEM) as call:
        gone.delete_due(call)
    assert api(hub, "/api/models/acme/open") == 200
    assert api(hub, "/api/models/li/shut") == 401


def test_who_is_gone_leaves_a_ghost_and_nothing_that_tells(
    hub: Hub, li: Visitor, clock: FrozenClock
) -> None:
    bob = made(hub, "bob")
    theirs = created(hub, bob, "theirs")
    with calling(hub, actor_of(hub, "li")) as call:
        open_discussion(call, theirs.repo_id, "A question", "Why?")
    old = person(hub, "li")
    with calling(hub, SYSTEM) as call:
        seal.seal_all(call)
    li.submit(ACCOUNT, EXPORT)
    packed(hub)
    with calling(hub) as call, working(call) as work:
        hub.objects.put(
            face := f"avatars/{old.public_id[:2]}/{old.public_id}-{'0' * 16}.64.png", b""
        )
        picture.point(work, old.id, f"{old.public_id}-{'0' * 16}")
    li.submit(DELETE, DELETE, confirm_name="li")
    clock.advance(timedelta(days=7))
    with calling(hub, SYSTEM) as call:
        gone.delete_due(call)
        gone.delete_due(call)  # nothing is left to do
        assert list(hub.objects.keys("avatars")) != []
        assert run_due(hub, {DropSquares.kind: DropSquares}) >= 1
        assert face not in [facts.key for facts in hub.objects.keys("avatars")]
        pack.sweep(call)
        seal.seal_all(call)
        with working(call) as work:
            unconfirmed.remove(work)
        assert list(verify.verify(call)) == []
        assert names.conflicts(call, "li") == ("name.taken",)
        assert holder(call, "li") is None
        log = of_person(call, old.id, Window(100), EVERYTHING)
    assert {(entry.ip, entry.user_agent, entry.target) for entry in log.rows} == {("", "", None)}
    assert list(hub.objects.keys(FOLDER)) == []
    assert "is deleted" in letter(hub, "li@example.com").subject
    assert Visitor(hub).log_in("li").status == 401
    assert Visitor(hub).open("/li").status == Visitor(hub).open("/ghost").status == 404
    thread = Visitor(hub).open("/bob/theirs/discussions/1").text
    assert ("ghost" in thread, "Why?" in thread, ">li<" in thread) == (True, True, False)
    clock.advance(timedelta(days=3))
    packed(hub)
    assert texts_with(hub, ("li@example.com", old.public_id)) == []


# What is seen does not depend on the database; what is done is shown on both by the others.
@pytest.mark.parametrize(
    ("database_url", "language"),
    [("sqlite", "en-US"), ("postgresql", "zh-CN")],
    indirect=["database_url"],
)
def test_pages_fit_the_screen_and_everyone_can_use_them(
    hub: Hub, li: Visitor, language: str
) -> None:
    organization(hub, "first")
    joins(hub, "li", Role.WRITE)
    assert li.open(DELETE).status == 200
    with served(hub) as base, chromium() as browser:
        context = browser.new_context(locale=language, viewport={"width": 320, "height": 700})
        page = context.new_page()
        page.goto(f"{base}/login")
        page.fill("[name=username]", "li")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(f"{base}/")
        for place in (ACCOUNT, DELETE):
            page.goto(f"{base}{place}")
            assert violations(page, WCAG) == [], place
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, place
        page.fill("[name=confirm_name]", "li")
        page.click("main form button[type=submit]")
        page.wait_for_url(f"{base}{ACCOUNT}")
        page.click(".site-banner button")
        page.wait_for_url(f"{base}{ACCOUNT}")
        assert page.locator(".site-banner-warn").count() == 0
        context.close()


def test_every_person_stays_reachable_by_their_row(hub: Hub, li: Visitor) -> None:
    """What keeps the place of an author is no account: it cannot be named, found or entered."""
    assert li.open(ACCOUNT).status == 200
    user = person(hub, "li")
    with calling(hub, SYSTEM) as call, working(call) as work:
        gone.delete(work, user)
    for typed in (f"~{user.id}", "ghost", "li@example.com"):
        assert Visitor(hub).log_in(typed).status == 401
    with calling(hub) as call:
        assert people.by_name(call, f"~{user.id}") is None
        recovery.ask(call, f"~{user.id}")
    while run_due(hub, {recovery.SendReset.kind: recovery.SendReset}):
        pass
    assert inbox(hub, "") == []
    with hub.database.reading() as db:
        row = db.execute(sa.select(users).where(users.c.id == user.id)).one()
    assert (row.email, row.full_name, row.password_hash, row.admin) == ("", "", None, False)
