"""Acts over the doors of one hub, and what the audit log calls each of them (product §3.20).

The names are those of `test_audit_names`; what only a room can be brought to do is shown there.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from alembic import command
from click.testing import CliRunner

from doors.pages.applications import CONNECTED, LIST as APPS, NEW as NEW_APP, address, decided
from doors.pages.logos import picture
from doors.pages.visitors import PASSWORD, Page, Visitor, confirmed, letter, link_in, token_in
from fixtures.accounts import calling, made
from fixtures.audit_names import DERIVED, RECORDED
from fixtures.factors import APP, CODES, SETTINGS, App, asked, set_up
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.keys import gpg_home, ssh_pair
from fixtures.large_files import spool
from fixtures.log_ins import signed_in, with_app, with_passkey
from fixtures.oauth import CALLBACK, VERIFIER, application
from fixtures.organizations import PROMISED
from strata.access import audit
from strata.accounts.factors import passkeys
from strata.app.hub import JOBS, LISTENERS, PERSONAL, REACTIONS
from strata.blobs.keep import keep
from strata.cli.main import cli
from strata.core.actor import SYSTEM
from strata.core.call import working
from strata.core.errors import OverQuota
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.oauth import apps
from strata.events.audit.listing import Entry
from strata.events.audit.sealing.seal import seal_all
from strata.events.audit.verify import verify
from strata.events.jobs import run_due
from strata.lib.db.seek import Window
from strata.membership.closing.gone import delete_due
from strata.membership.jobs import TidyAccounts
from strata.migrations.upgrade import configuration
from strata.repos.queries import repo_at
from strata.sessions.identities import linking
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.protecting import changing as protecting
from strata.web.pages.words.details import NAMES

OTHER: Final = "An0ther-Horse!b"
TOKENS: Final = "/settings/tokens"
ACCOUNT: Final = "/settings/account"
ONE: Final = "/api/models/ana/one"


@dataclass
class World:
    """One hub, who uses it, and what its log has told so far."""

    hub: Hub
    clock: FrozenClock
    folder: Path
    seen: int = 0
    told: set[str] = field(default_factory=set)
    held: dict[str, Any] = field(default_factory=dict)  # what later acts need of earlier ones
    act: str = ""  # what happens at this moment
    # Tables that were changed while nothing was told, each with the act.
    unseen: set[tuple[str, str]] = field(default_factory=set)

    def visitor(self, name: str) -> Visitor:
        if name not in self.held:
            self.held[name] = confirmed(self.hub, name)
        found: Visitor = self.held[name]
        return found

    @property
    def ana(self) -> Visitor:
        return self.visitor("ana")

    @property
    def bob(self) -> Visitor:
        return self.visitor("bob")

    def post(self, who: Visitor, path: str, /, **fields: str) -> Page:
        """Send a form as a page of theirs would, with a proof of who sits there if one is asked."""
        proof = who.open("/").hidden("/logout")
        page = who.send(path, proof | fields)
        if page.status == 403 and "sudo_password" in page.text:
            page = who.send(path, proof | fields | {"sudo_password": self.held.get("pw", PASSWORD)})
        assert page.status < 400, (path, page.status, page.text)
        return page

    def api(self, who: str, method: str, path: str, body: object = None, **more: Any) -> Any:
        """Call the API with a token of somebody."""
        if f"token of {who}" not in self.held:
            page = self.post(self.visitor(who), f"{TOKENS}/new", name="api", role="write")
            self.held[f"token of {who}"] = token_in(page)
        headers = {"Authorization": f"Bearer {self.held[f'token of {who}']}"}
        more |= {} if body is None else {"json": body}
        answer = self.visitor(who).client.request(method, path, headers=headers, **more)
        assert answer.status_code < 400, (method, path, answer.text)
        return answer

    def cli(self, *arguments: str) -> str:
        """Run a command of the operator."""
        place = {"STRATA_DATA": str(self.hub.settings.data)}
        done = CliRunner().invoke(cli, arguments, env=place, catch_exceptions=False)
        assert done.exit_code == 0, (arguments, done.output)
        return done.output

    def jobs(self) -> None:
        while run_due(self.hub, JOBS):
            pass

    def news(self) -> list[str]:
        """What the log tells since the last look, as the site's admins read it."""
        with calling(self.hub, SYSTEM) as call:
            entries = [told.entry for told in audit.everything(call, Window(2_000)).rows]
        fresh = [entry.type for entry in reversed(entries) if entry.id > self.seen]
        self.seen = entries[0].id if entries else 0
        self.told |= set(fresh)
        return fresh


@pytest.fixture
def world(tmp_path: Path, clock: FrozenClock) -> Iterator[World]:
    built = build_test_hub(tmp_path / "data", clock=clock)
    config = configuration()
    with built.database.writing() as connection:  # the commands find it as new as themselves
        config.attributes["connection"] = connection
        command.stamp(config, "head")
    made(built, "olga", admin=True, password=PASSWORD)
    hub = replace(built, listeners=LISTENERS, reactions=REACTIONS, personal=PERSONAL)
    world = World(hub, clock, tmp_path)
    note_unseen(world)
    yield world
    built.database.close()


def note_unseen(world: World) -> None:
    """Note every table that a transaction changed which told the log nothing."""
    writer, changed = world.hub.database.writer, set[str]()

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        found = _WRITES.match(statement)
        changed.update(found.groups() if found else ())

    def settle(_connection: object) -> None:
        # An application that was let in takes its tokens: it was told when they let it in.
        if not {"facts", "oauth_accesses"} & changed:
            world.unseen.update((world.act, table) for table in changed)
        changed.clear()

    sa.event.listen(writer, "before_cursor_execute", note)
    sa.event.listen(writer, "commit", settle)
    sa.event.listen(writer, "rollback", lambda _connection: changed.clear())


def sign_up(w: World) -> None:
    newbie = Visitor(w.hub)
    newbie.join("newbie")
    link = link_in(letter(w.hub, "newbie@example.com"))
    newbie.send(link, newbie.open(link).hidden(link) | csrf(newbie, link))


def csrf(visitor: Visitor, path: str) -> dict[str, str]:
    return dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', visitor.open(path).text)[:1])


def log_in_elsewhere(w: World) -> None:
    w.ana.open("/")
    other = Visitor(w.hub)
    other.client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
    assert other.log_in("ana").status == 303


def log_in_wrong(w: World) -> None:
    assert Visitor(w.hub).log_in("ana", "Wr0ng-Horse!").status == 401  # the form once more


def lock_out(w: World) -> None:
    for number in range(25):
        w.clock.advance(timedelta(minutes=2))
        Visitor(w.hub).log_in("bob", f"Wr0ng-Horse!{number}")


def prove(w: World) -> None:
    w.clock.advance(timedelta(minutes=16))
    w.post(w.ana, f"{ACCOUNT}/username", username="anna")
    w.post(w.ana, f"{ACCOUNT}/username", username="ana")


def reset(w: World) -> None:
    Visitor(w.hub).submit("/forgot-password", "/forgot-password", username="newbie")
    w.jobs()
    link, other = link_in(letter(w.hub, "newbie@example.com")), Visitor(w.hub)
    assert other.send(link, csrf(other, link) | {"password": OTHER}).place == "/login"


def change_password(w: World) -> None:
    action = "/settings/authentication/password"
    w.post(w.ana, action, current_password=PASSWORD, password=OTHER)
    w.held["pw"] = OTHER
    w.post(w.ana, action, current_password=OTHER, password=PASSWORD)
    w.held["pw"] = PASSWORD


def addresses(w: World) -> None:
    change = f"{ACCOUNT}/emails/change"
    w.post(w.ana, f"{ACCOUNT}/emails", email="ana@second.example")
    link, other = link_in(letter(w.hub, "ana@second.example")), Visitor(w.hub)
    other.send(link, csrf(other, link))
    w.post(w.ana, change, key="ana@second.example", act="primary")
    w.post(w.ana, change, key="ana@example.com", act="remove")


def show_oneself(w: World) -> None:
    w.post(w.ana, "/settings/profile", full_name="Ana B.", bio="I tune models.")
    sent = {"picture": ("me.png", picture(), "image/png")}
    proof = w.ana.open("/").hidden("/logout")
    answer = w.ana.client.post("/settings/profile/picture", data=proof, files=sent)
    assert answer.status_code < 400, answer.text


def choose_how(w: World) -> None:
    plain = {"language": "", "theme": "dark", "tab_width": "2"}
    w.post(w.ana, "/settings/preferences", **plain)
    w.post(w.ana, "/settings/notifications", form="times", digest="daily", timezone="")
    w.post(w.ana, "/settings/notifications", form="choices", **{"mention-web": "on"})


def sign_others_out(w: World) -> None:
    other = Visitor(w.hub)
    other.log_in("ana")
    w.post(other, "/logout")
    Visitor(w.hub).log_in("ana")
    w.post(w.ana, "/settings/authentication/sessions/others")


def two_factors(w: World) -> None:
    app, codes = set_up(w.bob)
    w.clock.advance(timedelta(seconds=60))
    wrong, page = asked(w.hub, "bob")
    wrong.send("/login/2fa", page.hidden("/login/2fa") | {"code": "000000"})
    other, page = asked(w.hub, "bob", "/login/recovery")
    fields = page.hidden("/login/recovery") | {"recovery_code": codes[0]}
    assert other.send("/login/recovery", fields).status == 303
    for path in (CODES, f"{APP}/remove"):
        w.clock.advance(timedelta(seconds=60))
        _proved_by_app(w.bob, path, app)


def _proved_by_app(who: Visitor, path: str, app: App) -> None:
    page = who.submit(SETTINGS, path)
    if page.status == 403:
        page = who.send(path, page.hidden(path) | {"sudo_code": app.code()})
    assert page.status < 400, page.text


def take_data_along(w: World) -> None:
    w.post(w.ana, f"{ACCOUNT}/export")


def leave(w: World) -> None:
    gone = w.visitor("gone")
    delete = f"{ACCOUNT}/delete"
    gone.submit(delete, delete, confirm_name="gone")
    gone.submit("/", f"{delete}/cancel")
    gone.submit(delete, delete, confirm_name="gone")
    w.clock.advance(timedelta(days=8))
    with calling(w.hub, SYSTEM) as call:
        delete_due(call)
    for name in ("ana", "bob"):
        w.held[name] = Visitor(w.hub)
        assert w.held[name].log_in(name).status == 303


def tokens(w: World) -> None:
    fine = {"name": "fine", "role": "fineGrained", "own:collection.read": "on"}
    w.post(w.ana, f"{TOKENS}/new", **fine)
    (number,) = set(re.findall(rf"{TOKENS}/(\d+)/edit", w.ana.open(TOKENS).text))
    w.post(w.ana, f"{TOKENS}/{number}/edit", **{"own:repo.content.read": "on"})
    w.post(w.ana, f"{TOKENS}/{number}/refresh")
    w.post(w.ana, f"{TOKENS}/{number}/delete")
    leaked = token_in(w.post(w.ana, f"{TOKENS}/new", name="leaked", role="read"))
    stranger = Visitor(w.hub).client
    answer = stranger.post("/api/credentials/revoke", json={"credentials": [leaked]})
    assert answer.status_code == 202, answer.text


def tokens_that_end(w: World) -> None:
    w.post(w.ana, f"{TOKENS}/new", name="short", role="read", life="7")
    w.clock.advance(timedelta(days=8))
    with calling(w.hub, SYSTEM) as call:
        TidyAccounts().run(call)
    for name in ("ana", "bob"):
        w.held[name] = Visitor(w.hub)
        w.held[name].log_in(name)


def keys(w: World) -> None:
    w.post(w.ana, "/settings/keys/ssh", key=ssh_pair(w.folder).public)
    (path,) = re.findall(r"/settings/keys/ssh/\d+/remove", w.ana.open("/settings/keys").text)[:1]
    w.post(w.ana, path)


def own_application(w: World) -> None:
    fields = {"name": "My site", "kind": "confidential", "redirect_uris": CALLBACK}
    fields |= {"scope-openid": "on", "homepage": "https://site.example"}
    w.post(w.ana, NEW_APP, **fields)
    (client,) = set(re.findall(rf"{APPS}/([0-9a-f-]{{36}})", w.ana.open(APPS).text))
    here = f"{APPS}/{client}"
    w.post(w.ana, here, **(fields | {"name": "Our site"}))
    w.post(w.ana, f"{here}/secret")
    w.post(w.ana, f"{here}/delete")


def other_applications(w: World) -> None:
    application(w.hub)
    decided(w.ana, address(), "deny")
    back = decided(w.ana, address(), "allow").place
    code = re.findall(r"[?&]code=([^&]+)", back)[0]
    fields = {"client_id": "dummy-app", "client_secret": "dummy-secret"}
    web = Visitor(w.hub).client
    asking = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    told = web.post("/oauth/token", data=asking | fields | {"code_verifier": VERIFIER}).json()
    again = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]} | fields
    assert web.post("/oauth/token", data=again).status_code == 200
    w.clock.advance(timedelta(minutes=30))
    assert web.post("/oauth/token", data=again).status_code == 400  # somebody has a copy
    w.post(w.ana, f"{CONNECTED}/dummy-app/revoke")


def a_device(w: World) -> None:
    asked_for = Visitor(w.hub).client.post("/oauth/device", data={"client_id": apps.COMMAND_LINE})
    assert asked_for.status_code == 200, asked_for.text
    card = w.ana.submit("/device", "/device", user_code=asked_for.json()["user_code"])
    assert (
        "You are done" in w.ana.send("/device", card.hidden("/device") | {"decision": "allow"}).text
    )


def repos(w: World) -> None:
    w.api("ana", "POST", "/api/repos/create", {"name": "one", "type": "model"})
    commits(w, "a.txt")
    w.api("ana", "POST", f"{ONE}/branch/side", {})
    w.api("ana", "POST", f"{ONE}/tag/main", {"tag": "v1"})
    w.api("ana", "DELETE", f"{ONE}/tag/v1")
    w.api("ana", "DELETE", f"{ONE}/branch/side")
    w.api("ana", "POST", f"{ONE}/super-squash/main", {})
    for private in (True, False):
        w.api("ana", "PUT", f"{ONE}/settings", {"private": private})
    w.api("ana", "POST", f"{ONE}/duplicate", {"repository": "ana/copy"})
    moving = {"fromRepo": "ana/copy", "toRepo": "ana/moved", "type": "model"}
    w.api("ana", "POST", "/api/repos/move", moving)
    w.api("ana", "DELETE", "/api/repos/delete", {"name": "moved", "type": "model"})
    for turned in ("off", "on"):
        w.post(w.ana, "/ana/one/settings", form="discussions", discussions=turned)


def commits(w: World, path: str) -> None:
    content = base64.b64encode(path.encode()).decode()
    lines = (
        '{"key":"header","value":{"summary":"x"}}\n'
        f'{{"key":"file","value":{{"path":"{path}","content":"{content}","encoding":"base64"}}}}\n'
    )
    w.api("ana", "POST", f"{ONE}/commit/main", None, content=lines.encode())


def gate(w: World) -> None:
    w.api("ana", "PUT", f"{ONE}/settings", {"gated": "manual"})
    ask = "/ana/one/ask-access"
    handle = f"{ONE}/user-access-request"
    w.post(w.bob, ask)
    for status in ("accepted", "pending", "rejected"):
        more = {"rejectionReason": "no"} if status == "rejected" else {}
        w.api("ana", "POST", f"{handle}/handle", {"user": "bob", "status": status} | more)
    reset_by = {"user": "bob", "status": "reset", "resetReason": "say more"}
    w.api("ana", "POST", f"{handle}/handle", reset_by)
    w.api("ana", "POST", f"{handle}/grant", {"user": "newbie"})
    w.ana.open("/ana/one/settings/access-requests")
    w.api("ana", "GET", "/ana/one/user-access-report")


def discussions(w: World) -> None:
    place = f"{ONE}/discussions"
    number = w.api("bob", "POST", place, {"title": "Why?", "description": "x"}).json()["num"]
    here = f"{place}/{number}"
    said = w.api("bob", "POST", f"{here}/comment", {"comment": "Hm."}).json()["newMessage"]["id"]
    for act in ("pin", "lock"):
        w.api("ana", "POST", f"{here}/{act}")
    w.api("ana", "POST", f"{here}/comment/{said}/hide")
    w.api("ana", "POST", f"{here}/status", {"status": "closed"})
    w.api("ana", "DELETE", here)


def pull_requests(w: World) -> None:
    lines = (
        b'{"key":"header","value":{"summary":"Better"}}\n'
        b'{"key":"file","value":{"path":"b.txt","content":"eA==","encoding":"base64"}}\n'
    )
    w.api("ana", "POST", f"{ONE}/commit/main?create_pr=1", None, content=lines)
    (number,) = [
        one["num"]
        for one in w.api("ana", "GET", f"{ONE}/discussions").json()["discussions"]
        if one["isPullRequest"]
    ]
    w.api("ana", "POST", f"{ONE}/discussions/{number}/merge", {})
    w.api("ana", "DELETE", f"{ONE}/discussions/{number}/ref")


def collections(w: World) -> None:
    slug = w.api("ana", "POST", "/api/collections", {"title": "Best"}).json()["slug"]
    w.api("ana", "PATCH", f"/api/collections/{slug}", {"title": "Better"})
    slug = w.api("ana", "GET", "/api/collections?owner=ana").json()[0]["slug"]
    w.api("ana", "DELETE", f"/api/collections/{slug}")


def organizations(w: World) -> None:
    settings = "/organizations/acme/settings"
    w.post(w.ana, "/organizations/new", name="acme", full_name="Acme", **PROMISED)
    w.post(w.ana, settings, full_name="Acme Inc", visibility="private")
    w.post(w.ana, f"{settings}/joining", form="rules", anybody="on", domain="")
    w.post(w.bob, "/organizations/acme/join", message="Me, too.")
    w.post(w.bob, "/settings/organizations", form="take-back", name="acme")
    w.post(w.ana, f"{settings}/invites", form="invite", who="bob, newbie", role="read")
    w.post(w.bob, link_in(letter(w.hub, "bob@example.com")), act="accept")
    w.api("ana", "PUT", "/api/organizations/acme/members/bob/role", {"role": "write"})
    w.api("ana", "GET", "/api/organizations/acme/audit-log/export")
    w.post(w.ana, f"{settings}/tokens", form="rules", policy="approved", days="90")


def tokens_of_members(w: World) -> None:
    path = "/organizations/acme/settings/tokens"
    fine = {"name": "org", "role": "fineGrained", "life": "30", "org:acme:repo.content.read": "on"}
    w.post(w.bob, f"{TOKENS}/new", **fine)
    asked = w.ana.open(path).text
    number, seen = (
        re.findall(rf'name="{name}" value="(\w+)"', asked)[0] for name in ("token", "seen")
    )
    for state in ("approved", "denied", "revoked"):
        w.post(w.ana, path, form="decide", token=number, seen=seen, state=state)


def members_go(w: World) -> None:
    w.post(w.bob, "/settings/organizations", name="acme")
    w.cli("org", "member", "add", "acme", "bob", "--role", "read")
    w.post(w.ana, "/organizations/acme/settings/members", form="remove", user="bob")
    account = "/organizations/acme/settings/account"
    w.post(w.ana, account, form="rename", username="acme2")
    w.post(w.ana, "/organizations/acme2/settings/account", form="delete", delete_name="acme2")


def collaborators(w: World) -> None:
    at, mine = "/ana/one/settings/collaborators", "/settings/collaborations"

    def invite(who: str = "bob") -> None:
        w.post(w.ana, at, form="invite", who=who, role="read")

    invite("newbie")
    (key,) = re.findall(r'name="invite" value="([^"]+)"', w.ana.open(at).text)
    w.post(w.ana, at, form="withdraw", invite=key)
    invite()
    w.bob.submit(mine, mine, form="decline")
    invite()
    w.bob.submit(mine, mine, form="accept")
    w.bob.submit(mine, mine, form="leave")
    invite()
    w.bob.submit(mine, mine, form="accept")
    w.post(w.ana, at, form="role", user="bob", role="write")
    w.post(w.ana, at, form="remove", user="bob")


def publishers(w: World) -> None:
    for path in ("/ana/one/settings/publishers", "/settings/authentication/publishers"):
        w.post(w.ana, path, issuer="https://gitlab.com", claims="sub = project_path:ana/one")
        shown = w.ana.open(path if path.startswith("/ana") else SETTINGS).text
        w.post(w.ana, path, publisher=re.findall(r'name="publisher" value="([^"]+)"', shown)[0])


def webhooks(w: World) -> None:
    place = "/api/settings/webhooks"
    wish = {"url": "https://93.184.216.34/h", "watched": [{"type": "user", "name": "ana"}]}
    key = w.api("ana", "POST", place, wish | {"domains": ["repo"]}).json()["webhook"]["id"]
    w.api("ana", "POST", f"{place}/{key}", {"url": "https://93.184.216.35/h", "watched": []})
    w.post(w.ana, f"/settings/webhooks/{key}/test")
    w.api("ana", "POST", f"{place}/{key}/disable")
    w.api("ana", "POST", f"{place}/{key}/enable")
    w.api("ana", "DELETE", f"{place}/{key}")


def quotas(w: World) -> None:
    w.cli("plan", "create", "team", "public_bytes=2000000")
    w.cli("plan", "create", "team", "public_bytes=1000000")
    w.cli("plan", "rule", "second.example", "team")
    w.cli("plan", "unrule", "second.example")
    w.cli("plan", "assign", "ana", "team")
    w.cli("plan", "override", "ana", "repos", "50")
    w.post(w.ana, "/settings/billing", owner="", message="More room, please.")
    w.cli("plan", "decline", "1", "--answer", "Not this year.")


def operators(w: World) -> None:
    olga = Visitor(w.hub)
    assert olga.log_in("olga").status == 303
    w.post(olga, "/admin")
    texts = (w.folder / "en.md", w.folder / "zh.md")
    for path in texts:
        path.write_text("# News\n\nThere is some.\n", "utf-8")
    both = ("--en", str(texts[0]), "--zh", str(texts[1]))
    w.cli("announce", *both)
    w.cli("legal", "publish", "terms", "--version", "2027-01", *both)
    w.cli("user", "suspend", "newbie", "--reason", "spam")
    w.cli("user", "restore", "newbie")
    w.cli("user", "reset-password", "newbie")
    w.cli("gc", "--delete")
    w.cli("secrets", "renew")


def in_rooms(w: World) -> None:
    """What takes another site, a device in a hand or a full disk: done one step behind the door."""
    rae = signed_in(w.hub, "rae")
    with calling(w.hub, rae) as call, working(call) as work:
        linking.link(work, Claims("github", "https://github.com", "77", "rae-gh"))
    with calling(w.hub, rae) as call, working(call) as work:
        (held,) = linking.identities_of(work, rae.user_id or 0)
        linking.unlink(work, held.id)
    with_app(w.hub, rae)
    with_passkey(w.hub, rae)
    with calling(w.hub, rae) as call, working(call) as work:
        (only,) = passkeys.of(work, rae.user_id or 0)
        protecting.rename_passkey(work, only.id, "blue")
        protecting.remove_passkey(work, only.id)
    w.cli("plan", "override", "ana", "public_bytes", "10")
    with calling(w.hub, SYSTEM) as call:
        repo = repo_at(call, RepoType.MODEL, "ana/one")
        assert repo is not None
        with pytest.raises(OverQuota):
            keep(call, repo, spool(w.hub, b"more than ten bytes"))


def gpg_keys(w: World) -> None:
    home = gpg_home(w.folder / "g")
    home.make("ana <ana@second.example>", "ed25519", "sign", "never")
    w.post(w.ana, "/settings/keys/gpg", key=home.public("ana"))
    home.end()
    (path,) = re.findall(r"/settings/keys/gpg/\d+/remove", w.ana.open("/settings/keys").text)[:1]
    w.post(w.ana, path)


def admit(w: World) -> None:
    accounts = replace(w.hub.settings.accounts, sign_up="approval")
    before, w.hub = w.hub, replace(w.hub, settings=replace(w.hub.settings, accounts=accounts))
    waiting = Visitor(w.hub)
    waiting.join("waits")
    link = link_in(letter(w.hub, "waits@example.com"))
    waiting.send(link, csrf(waiting, link))
    w.cli("user", "approve", "waits")
    w.hub = before


def agree(w: World) -> None:
    """The terms changed: the next page asks first."""
    page = w.ana.open(w.ana.open("/settings/profile").place)
    (action,) = re.findall(r'<form class="panel" action="([^"]+)"', page.text)
    w.ana.send(action, page.hidden(action) | {"consents": "on"})


ACTS: Final[tuple[tuple[Callable[[World], None], str], ...]] = (
    (sign_up, "account.signup account.verify_email"),
    (log_in_wrong, "account.login_failed"),
    (log_in_elsewhere, "account.login account.new_device"),
    (prove, "account.sudo account.username_change"),
    (reset, "account.password_reset_request account.password_reset"),
    (change_password, "account.password_change"),
    (
        addresses,
        ("account.email_add_request account.email_add account.email_primary"
        " account.email_remove"),
    ),
    (show_oneself, "account.profile_update account.avatar_update"),
    (choose_how, "account.preferences_update account.notifications_update"),
    (sign_others_out, "account.logout account.session_revoke"),
    (take_data_along, "account.export"),
    (tokens, "token.create token.edit token.rotate token.delete token.revoke_leak"),
    (keys, "key.ssh_add key.ssh_remove"),
    (own_application, "oauth.app_create oauth.app_update oauth.app_secret oauth.app_delete"),
    (other_applications, "oauth.authorize oauth.deny oauth.revoke oauth.refresh_reuse"),
    (a_device, "oauth.device_approve"),
    (
        repos,
        ("repo.create repo.commit repo.branch_create repo.tag_create repo.tag_delete"
        " repo.branch_delete repo.squash repo.visibility repo.duplicate repo.move repo.delete"
        " repo.update_settings"),
    ),
    (
        gate,
        ("repo.gated gate.request gate.accept gate.cancel gate.reject gate.reset gate.grant"
        " gate.export"),
    ),
    (
        discussions,
        ("discussion.create discussion.pin discussion.lock discussion.hide_comment"
        " discussion.status discussion.delete"),
    ),
    (pull_requests, "discussion.merge repo.delete_pr_ref"),
    (collections, "collection.create collection.update collection.delete"),
    (
        organizations,
        ("org.create org.settings.update org.settings.joining org.invite_user org.invite.accept"
        " org.add_user org.change_role org.settings.tokens org.audit_log.export"
        " org.join.request org.join.withdraw"),
    ),
    (tokens_of_members, "token.org_approve token.org_deny token.org_revoke"),
    (members_go, "org.leave org.remove_user org.rename org.delete"),
    (
        collaborators,
        ("repo.collaborator_invite repo.collaborator_withdraw repo.collaborator_decline"
        " repo.collaborator_accept repo.collaborator_leave repo.collaborator_role"
        " repo.collaborator_remove"),
    ),
    (publishers, "repo.trusted_publisher_add repo.trusted_publisher_remove"),
    (webhooks, "webhook.create webhook.update webhook.disable webhook.delete webhook.test"),
    (two_factors, ("account.2fa_enable account.2fa_failed account.recovery_used"
     " account.recovery_regenerate account.2fa_disable")),
    (
        quotas,
        ("quota.plan_change quota.override quota.request quota.decline admin.plan_update"
        " admin.plan_rule"),
    ),
    (
        operators,
        ("admin.login admin.announce admin.legal_publish admin.user_suspend admin.user_restore"
        " admin.user_reset_password admin.gc admin.secrets_renew"),
    ),
    (agree, "account.consent"),
    (
        in_rooms,
        ("account.identity_link account.identity_unlink account.passkey_add"
        " account.passkey_rename account.passkey_remove quota.exceeded"),
    ),
    (gpg_keys, "key.gpg_add key.gpg_remove"),
    (admit, "admin.user_approve"),
    (leave, "account.delete_schedule account.delete_cancel account.delete"),
    (tokens_that_end, "token.expire"),
    (lock_out, "account.lockout"),
)  # fmt: skip


# Shown by tests of their own.
ELSEWHERE: Final = {
    "repo.push": "test_audit_names",
    "repo.force_push": "test_audit_names",
    "repo.delete_lfs_file": "rooms/content/test_removal",
    "admin.mail_test": "doors/cli/test_mail",
    "admin.mail_retry": "doors/pages/test_mail_log",
    "webhook.replay": "rooms/community/test_webhooks",
}
_WRITES: Final = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
COUNTED: Final = "attempts"  # the hub counts what people try, whatever they do
# What else changes without an entry: what an act that is told queues and prepares.
UNTOLD: Final = {
    ("a_device", "oauth_apps"), ("a_device", "oauth_devices"), ("addresses", "email_changes"),
    ("addresses", "mails"), ("admit", "pending_sign_ups"), ("in_rooms", "authenticators"),
    ("in_rooms", "sessions"), ("other_applications", "oauth_apps"), ("reset", "jobs"),
    ("reset", "notifications"), ("sign_up", "pending_sign_ups"), ("two_factors", "authenticators"),
    ("two_factors", "blocks"), ("two_factors", "halfway"),
}  # fmt: skip
CHANGES: Final = {
    "account.email_primary", "account.profile_update", "account.avatar_update",
    "account.preferences_update", "account.notifications_update",
    "account.username_change", "token.edit", "oauth.app_update", "repo.move", "repo.visibility",
    "repo.gated", "repo.update_settings", "repo.collaborator_role", "collection.update",
    "org.settings.update", "org.settings.joining", "org.settings.tokens", "org.change_role",
    "org.rename", "webhook.update", "webhook.disable", "quota.plan_change", "quota.override",
    "account.passkey_rename", "admin.plan_update", "admin.plan_rule",
}  # fmt: skip


@pytest.mark.slow
def test_each_act_is_told_by_its_name_with_what_changed(world: World) -> None:
    for act, names in ACTS:
        world.news()
        world.act = act.__name__
        act(world)
        assert set(names.split()) - set(world.news()) == set(), act.__name__
    assert {*RECORDED, *DERIVED} - world.told == set(ELSEWHERE)
    assert {(act, table) for act, table in world.unseen if table != COUNTED} - UNTOLD == set()

    with calling(world.hub, SYSTEM) as call:
        entries = [told.entry for told in audit.everything(call, Window(2_000)).rows]
        seal_all(call)
        assert list(verify(call)) == []
    for name in CHANGES:
        told = [entry for entry in entries if entry.type == name]
        before, after = ([_keys(entry, part) for entry in told] for part in ("before", "after"))
        assert before == after, name
        assert any(before), name  # at least one of them changed something
    untold = {name for entry in entries for name in _fields(entry.detail)} - NAMES.keys()
    assert untold == set(), "say in words/details.py what this field is"
    written = repr(entries)
    for secret in (PASSWORD, OTHER, world.held["token of ana"], "hf_"):
        assert secret not in written


def _fields(detail: Mapping[str, object]) -> frozenset[str]:
    """The fields that a page tells as they were and are, and those within them; no numbers."""
    before = detail.get("before")
    if not isinstance(before, Mapping):
        return frozenset()
    within = (one.keys() for one in before.values() if isinstance(one, Mapping))
    return frozenset(name for name in chain(before, *within) if not name.isdigit())


def _keys(entry: Entry, part: str) -> frozenset[str]:
    """Which fields an entry tells of, as they were or as they are."""
    told = entry.detail[part]
    assert isinstance(told, Mapping), entry
    return frozenset(told)
