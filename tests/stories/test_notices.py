"""Every notice of product §3.14: the act that causes it, and what of it comes out of a mail server.

Each act is done with a hub that hands its mail to a real SMTP server, in both languages.
"""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
import sqlalchemy as sa

from fixtures.accounts import HERE, PASSWORD, calling, confirmation_in, inbox, joined, person
from fixtures.authorizing import allowed as application_allowed, asking
from fixtures.contents import created, uploaded
from fixtures.gated import asks, decides, gate
from fixtures.held_keys import added as key_added, line
from fixtures.hubs import FrozenClock
from fixtures.inboxes import opens, says, telling_hub
from fixtures.keys import gpg_home
from fixtures.large_files import spool
from fixtures.log_ins import finish, signed_in, ticket, with_app, with_passkey
from fixtures.oauth import application
from fixtures.organizations import joins, leaves, organization, today
from fixtures.post_offices import PostOffice, post_office
from fixtures.programs import granted
from fixtures.tokens import fine, issued, rotated
from fixtures.webhooks import called, hooked
from strata.access.gates import notices
from strata.access.gates.record import Standing
from strata.access.organizations import inviting
from strata.access.plans import requests as plan_requests
from strata.accounts import confirmed
from strata.accounts.factors import passkeys
from strata.accounts.legal import telling as legal_telling
from strata.accounts.legal.kinds import DocumentKind
from strata.accounts.legal.publishing import publish
from strata.accounts.notices import heeding
from strata.accounts.notices.choices import Kind, Wanted, choose
from strata.accounts.tables import users
from strata.app.hub import JOBS, MAILING, REACTIONS
from strata.blobs.keep import keep
from strata.community.mailing.jobs import MailNews
from strata.core.actor import SYSTEM, Actor, Grants, Role, TokenRole
from strata.core.call import Call, Origin, Work, working
from strata.core.errors import OverQuota, StrataError
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.credentials.keys import gpg
from strata.credentials.oauth.tokens import ending
from strata.credentials.tokens import expiring, renewing
from strata.credentials.tokens.making import Terms
from strata.events.jobs import GiveUp, enqueue, run_due
from strata.events.webhooks.health import PATIENCE
from strata.membership import failures, recovery
from strata.membership.closing import gone, leave, suspend
from strata.membership.closing.suspend import Suspension
from strata.membership.confirming import approval, verification
from strata.membership.emails import adding, proved
from strata.membership.export import ask as export
from strata.repos import change
from strata.repos.change import Settings
from strata.repos.collaborating import inviting as collaborating
from strata.repos.record import Repo
from strata.repos.requests.digest import TellOfRequests
from strata.sessions.entering import login
from strata.sessions.identities import linking
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.passwords import changing
from strata.sessions.protecting import changing as protecting
from strata.sessions.protecting.finishing import Second

PRODUCT: Final = (
    "verify · welcome · address added/removed/primary changed (to old and new) · sign-up attempt"
    " with your address · new sign-in · lockout/suspicious attempts · password changed/reset ·"
    " 2FA added/removed · recovery code used/few left · passkey added/removed · identity"
    " linked/unlinked · token created (write/org), expiring, rotated, leaked-and-revoked · SSH/GPG"
    " key added · device authorised · OAuth app authorised · org invite, joined, role changed,"
    " removed · collaborator invite · repo transferred/deleted/made public (owners) · gated request"
    " (owner, instant or daily digest), decision, reset with reason ·"
    " mention/participating/watched · webhook auto-disabled · quota 80/95/100 % · export ready ·"
    " deletion scheduled/cancelled/done · suspension/restore · terms updated · plan request decided"
    " · admin: new user awaiting approval, job failures digest"
)
"""The list as it stands in the product's description."""
BASE: Final = "http://localhost:8080"
QUOTA: Final = 10_000  # bytes
ANA, TWO, BOB, OLGA = "ana@example.org", "ana@second.example", "bob@example.org", "olga@example.org"
NEW = "newbie@example.org"
BOTH = (ANA, TWO)


class Scene:
    """A hub with ana, who has two addresses, bob, and olga, who runs it."""

    def __init__(
        self, hub: Hub, clock: FrozenClock, language: str, office: PostOffice, folder: Path
    ) -> None:
        self.hub, self.clock, self.language, self.folder = hub, clock, language, folder
        self.office, self.before = office, len(office.taken)
        self.olga = signed_in(hub, "olga")
        self.ana, self.bob = signed_in(hub, "ana"), signed_in(hub, "bob")
        with hub.database.writing() as db:
            db.execute(sa.update(users).values(language=language))
            db.execute(sa.update(users).where(users.c.id == self.olga.user_id).values(admin=True))
        self.do(lambda work: confirmed.claim(work, self.ana.user_id or 0, email=TWO, key=TWO))

    def do(self, act: Callable[[Work], object], by: Actor = SYSTEM) -> None:
        spoken = replace(HERE, language=self.language)
        with calling(self.hub, by, spoken) as call, working(call) as work:
            act(work)

    def ask(self, act: Callable[[Call], object], by: Actor = SYSTEM, **origin: str) -> None:
        with calling(self.hub, by, Origin(base_url="http://localhost:8080", **origin)) as call:
            act(call)

    def begin(self) -> None:
        """Only what is written from now on counts."""
        self.delivered()
        self.before = len(self.office.taken)

    def jobs(self) -> None:
        while run_due(self.hub, JOBS):
            pass

    def delivered(self) -> list[EmailMessage]:
        """Hand over what waits; everything that the mail server took since the beginning."""
        while run_due(self.hub, JOBS, MAILING):
            pass
        return [mail for _, _, mail in self.office.taken[self.before :]]

    def again(self, actor: Actor) -> Actor:
        """As the next request knows them."""
        return today(self.hub, actor)

    def joins(self, name: str = "newbie") -> None:
        joined(self.hub, name, language=self.language)

    def repo(self, name: str = "one", *, private: bool = False) -> Repo:
        made = created(self.hub, self.ana, name)
        if private:
            self.do(
                lambda w: change.change_settings(w, made.repo_id, Settings(private=True)), self.ana
            )
        return replace(made, private=private)


def welcome(s: Scene) -> None:
    s.joins()
    link = confirmation_in(inbox(s.hub, NEW)[-1])
    s.do(lambda work: verification.confirm_link(work, link))


def address_added(s: Scene) -> None:
    s.do(lambda work: adding.add(work, "third@example.net", primary=False), s.ana)
    link = confirmation_in(inbox(s.hub, "third@example.net")[-1])
    s.do(lambda work: adding.confirm(work, link))


def logs_in(s: Scene, password: str, **origin: str) -> None:
    form = login.LogIn("ana", password)
    s.ask(lambda call: login.log_in(call, form), Actor(), **origin)


def new_sign_in(s: Scene) -> None:
    logs_in(s, PASSWORD, user_agent="Firefox/140.0", ip="203.0.113.7")
    logs_in(s, PASSWORD, user_agent="curl/8", ip="198.51.100.1")


def lockout(s: Scene) -> None:
    for number in range(25):
        s.clock.advance(timedelta(minutes=2))
        with pytest.raises(StrataError):
            logs_in(s, f"Wr0ng-Horse!{number}", ip=f"192.0.2.{number}")
    s.jobs()


def password_reset(s: Scene) -> str:
    """Returns what the link in the mail ends in."""
    s.ask(lambda call: recovery.ask(call, "ana"), Actor(), ip="203.0.113.7")
    s.jobs()
    (mail,) = [mail for mail in s.delivered() if mail["To"] == ANA]
    (link,) = _links(_texts(mail)[0])
    return link.rpartition("/")[2]


def password_chosen(s: Scene) -> None:
    secret = password_reset(s)
    s.ask(lambda call: recovery.choose(call, secret, recovery.NewPassword("An0ther-Horse!b")))


def factor_removed(s: Scene) -> None:
    with_app(s.hub, s.ana)
    s.do(protecting.turn_off, s.ana)


def recovery_code(s: Scene, times: int = 1) -> None:
    _, codes = with_app(s.hub, s.ana)
    for code in codes[:times]:
        finish(s.hub, ticket(s.hub, "ana"), Second(recovery_code=code))


def few_codes_left(s: Scene) -> None:
    """Seven of ten are used; the last three mails say that it is time for new ones."""
    recovery_code(s, 7)
    words = "恢复码即将用完" if s.language == "zh-CN" else "before you run out"
    told = [words in _texts(mail)[0] for mail in s.delivered() if mail["To"] == ANA]
    assert [told.count(True), told[-1]] == [1, True]


def passkey_removed(s: Scene) -> None:
    with_app(s.hub, s.ana)  # which stays
    with_passkey(s.hub, s.ana)
    with calling(s.hub) as call:
        (only,) = passkeys.of(call, s.ana.user_id or 0)
    s.do(lambda work: protecting.remove_passkey(work, only.id), s.ana)


def identity_linked(s: Scene) -> None:
    claims = Claims("github", "https://github.com", "77", "ana-gh")
    s.do(lambda work: linking.link(work, claims), s.ana)


def identity_unlinked(s: Scene) -> None:
    identity_linked(s)
    with calling(s.hub) as call:
        (only,) = linking.identities_of(call, s.ana.user_id or 0)
    s.do(lambda work: linking.unlink(work, only.id), s.ana)


def token_expiring(s: Scene) -> None:
    issued(s.hub, s.ana, "old", expires_at=s.clock() + timedelta(days=7))
    s.clock.advance(timedelta(days=1))
    s.do(expiring.tell)


def token_rotated(s: Scene) -> None:
    rotated(s.hub, s.ana, issued(s.hub, s.ana, "mine").id)


def token_widened(s: Scene) -> None:
    token = fine(s.hub, s.ana, Grants(gated=True))
    wider = Terms(Grants(everywhere=frozenset({"repo.write"})))
    s.do(lambda work: renewing.edit(work, token.id, wider), s.ana)


def token_leaked(s: Scene) -> None:
    value = issued(s.hub, s.ana, "mine").value
    s.do(lambda work: ending.report(work, [value]), Actor())


def gpg_added(s: Scene) -> None:
    home = gpg_home(s.folder / "g")
    home.make("ana <ana@example.org>", "ed25519", "sign", "never")
    s.do(lambda work: gpg.add(work, home.public("ana")), s.ana)
    home.end()


def application_let_in(s: Scene) -> None:
    application(s.hub)
    application_allowed(s.hub, s.ana, asking())


def invited(s: Scene) -> None:
    organization(s.hub, "ana")
    s.begin()
    s.do(lambda work: inviting.invite(work, "acme", ["bob"], Role.READ), s.again(s.ana))


def invited_to_repo(s: Scene) -> None:
    """Bob by his name, somebody by an address."""
    repo = created(s.hub, s.ana, "vault", private=True)
    s.begin()
    for who in ("bob", NEW):
        s.do(partial(invite_to, repo, who), s.again(s.ana))


def invite_to(repo: Repo, who: str, work: Work) -> None:
    collaborating.invite(work, repo.repo_id, who, Role.WRITE)


def member(s: Scene) -> None:
    organization(s.hub, "ana")
    s.begin()
    joins(s.hub, "bob", Role.READ, by=s.again(s.ana))


def role_changed(s: Scene) -> None:
    member(s)
    joins(s.hub, "bob", Role.WRITE, by=s.again(s.ana))


def removed(s: Scene) -> None:
    member(s)
    leaves(s.hub, "bob", by=s.again(s.ana))


def transferred(s: Scene) -> None:
    organization(s.hub, "bob")
    joins(s.hub, "ana", Role.WRITE)
    repo = s.repo()
    target = RepoId(RepoType.MODEL, "acme", "one")
    s.do(lambda work: change.move(work, repo.repo_id, target), s.again(s.ana))


def renamed(s: Scene) -> None:
    """Nobody is written to about another name."""
    repo = s.repo()
    target = RepoId(RepoType.MODEL, "ana", "two")
    s.do(lambda work: change.move(work, repo.repo_id, target), s.ana)


def deleted(s: Scene) -> None:
    repo = s.repo()
    s.do(lambda work: change.delete(work, repo.repo_id), s.ana)


def made_public(s: Scene) -> None:
    repo = s.repo(private=True)
    for _ in range(2):  # the second time nothing changes, and nobody is told
        s.do(lambda w: change.change_settings(w, repo.repo_id, Settings(private=False)), s.ana)


def requested(s: Scene) -> Repo:
    repo = gate(s.hub, s.ana, s.repo(), Settings(gated="manual"))
    asks(s.hub, s.bob, repo)
    return repo


def digest(s: Scene) -> None:
    repo = gate(s.hub, s.ana, s.repo(), Settings(gated="manual"))
    s.do(lambda work: notices.change(work, repo, mode="bulk"), s.ana)
    asks(s.hub, s.bob, repo)
    s.clock.advance(timedelta(days=1, hours=1))
    s.ask(TellOfRequests().run)


def decided(s: Scene, standing: Standing) -> None:
    reason = "" if standing is Standing.ACCEPTED else "because 因为 <b>"
    decides(s.hub, s.ana, requested(s), standing, "bob", reason)


def webhook(s: Scene) -> None:
    repo = s.repo()
    hooked(s.hub, s.ana, "http://127.0.0.1:1/hook", "user:ana")  # where nobody listens
    for pause in (timedelta(0), PATIENCE, timedelta(minutes=1)):
        s.clock.advance(pause)
        uploaded(s.hub, s.ana, repo, {"a.txt": str(pause).encode()})
        called(s.hub)


def used(s: Scene, percent: int) -> None:
    """Fill so much of the room, in two steps, and then more than there is."""
    repo = s.repo()
    for number, size in enumerate((QUOTA * percent // 100 - 1_000, 1_000, QUOTA)):
        content = str(number).encode() * size
        with suppress(OverQuota), calling(s.hub, s.ana) as call:
            keep(call, repo, spool(s.hub, content))


def talk(s: Scene, kind: Kind) -> None:
    """Bob says something; ana is named, takes part or watches, and wants mails of that alone."""
    repo = created(s.hub, s.olga, "one")
    choices = {one: Wanted(web=True, mail=one is kind) for one in Kind}
    s.do(lambda work: choose(work, s.ana.user_id or 0, choices))
    s.do(
        lambda work: choose(
            work, s.olga.user_id or 0, {one: Wanted(web=True, mail=False) for one in Kind}
        )
    )
    if kind is Kind.WATCHED:
        s.do(lambda work: heeding.heed(work, s.ana.user_id or 0, repo.id, muted=False))
    opens(s.hub, s.ana if kind is Kind.PARTICIPATING else s.bob, repo, "What?", "A question")
    s.jobs()
    says(s.hub, s.bob, repo, "@ana, because <b>" if kind is Kind.MENTION else "because <b>")
    s.jobs()
    s.clock.advance(timedelta(minutes=2))
    s.ask(MailNews().run)


def exported(s: Scene) -> None:
    s.do(export.ask, s.ana)
    s.jobs()


def leaving_cancelled(s: Scene) -> None:
    s.do(leave.schedule, s.bob)
    s.do(leave.cancel, s.bob)


def left(s: Scene) -> None:
    s.do(leave.schedule, s.bob)
    s.clock.advance(timedelta(days=8))
    s.ask(gone.delete_due)


def suspended(s: Scene) -> None:
    s.do(lambda work: suspend.suspend(work, person(s.hub, "bob"), Suspension("spam")))


def restored(s: Scene) -> None:
    suspended(s)
    s.do(lambda work: suspend.restore(work, person(s.hub, "bob")))


def terms(s: Scene) -> None:
    s.joins("unconfirmed")
    texts = {"en": "New.", "zh-CN": "新。"}
    s.do(lambda work: publish(work, DocumentKind.TERMS, "2027-01", texts))
    s.jobs()


def plan_decided(s: Scene) -> None:
    s.do(lambda work: plan_requests.ask(work, "bob", "more, please"), s.bob)
    with calling(s.hub) as call:
        (waiting,) = plan_requests.waiting(call)
    s.do(lambda work: plan_requests.decline(work, waiting.id, "no"))


def newcomer(s: Scene) -> None:
    accounts = replace(s.hub.settings.accounts, sign_up="approval")
    s.hub = replace(s.hub, settings=replace(s.hub.settings, accounts=accounts))
    welcome(s)
    with calling(s.hub) as call:
        assert [user.name for user in approval.waiting(call)] == ["newbie"]


@dataclass(frozen=True, slots=True)
class Hopeless:
    """A job that gives up at once."""

    kind: ClassVar[str] = "test.hopeless"
    number: int

    def run(self, _call: Call) -> None:
        raise GiveUp(f"number {self.number}")


def jobs_failed(s: Scene) -> None:
    for number in range(2):
        job = Hopeless(number)
        s.do(partial(enqueue, job=job))
    run_due(s.hub, {Hopeless.kind: Hopeless})
    for _ in range(3):  # what was told is not told again
        s.ask(failures.TellOfFailures().run)
        s.clock.advance(timedelta(hours=25))


LONGEST_NAME: Final = 30  # of a word in a link that is no secret


@dataclass(frozen=True, slots=True)
class Row:
    """One notice."""

    name: str  # as it stands in `PRODUCT`
    act: Callable[[Scene], object]
    english: str  # what its subject holds
    chinese: str
    readers: tuple[str, ...]  # exactly these, each once
    stops: bool = False  # who has an account can stop mails like it


def on(work: Callable[[Work], object]) -> Callable[[Scene], None]:
    return lambda scene: scene.do(work, scene.ana)


ADDRESSES = "address added/removed/primary changed (to old and new)"
TOKENS = "token created (write/org), expiring, rotated, leaked-and-revoked"
ORGANIZATION = "org invite, joined, role changed, removed"
REPO = "repo transferred/deleted/made public (owners)"
GATE = "gated request (owner, instant or daily digest), decision, reset with reason"
ROWS: Final = (
    Row("verify", Scene.joins, "Confirm your e-mail address", "验证您的 Strata 邮箱", (NEW,)),
    Row("welcome", welcome, "Welcome to Strata", "欢迎使用 Strata", (NEW,)),
    Row(
        ADDRESSES,
        on(lambda w: adding.add(w, "third@example.net", primary=False)),
        "asked to add an address",
        "请求为您的",
        BOTH,
    ),
    Row(ADDRESSES, address_added, "An address was added", "添加了邮箱", BOTH),
    Row(ADDRESSES, on(lambda w: proved.remove(w, TWO)), "address was removed", "移除了邮箱", BOTH),
    Row(
        ADDRESSES,
        on(lambda w: proved.make_primary(w, TWO)),
        "primary address",
        "更换了主邮箱",
        BOTH,
    ),
    Row(
        "sign-up attempt with your address",
        lambda s: joined(s.hub, "mallory", email=ANA),
        "You already have",
        "您已有 Strata 账号",
        (ANA,),
    ),
    Row("new sign-in", new_sign_in, "New sign-in", "新的登录", BOTH),
    Row("lockout/suspicious attempts", lockout, "Many failed log-ins", "多次登录失败", BOTH),
    Row("password changed/reset", password_reset, "Choose a new password", "重置您的", BOTH),
    Row("password changed/reset", password_chosen, "password was changed", "密码已修改", BOTH),
    Row(
        "password changed/reset",
        lambda s: s.ask(
            lambda call: changing.change_password(
                call, changing.Change(PASSWORD, "An0ther-Horse!b")
            ),
            s.ana,
        ),
        "password was changed",
        "密码已修改",
        BOTH,
    ),
    Row(
        "2FA added/removed",
        lambda s: with_app(s.hub, s.ana),
        "authentication is on",
        "已开启",
        BOTH,
    ),
    Row("2FA added/removed", factor_removed, "is off", "已关闭", BOTH),
    Row("recovery code used/few left", recovery_code, "recovery code", "恢复码", BOTH),
    Row("recovery code used/few left", few_codes_left, "recovery code", "恢复码", BOTH * 7),
    Row("passkey added/removed", lambda s: with_passkey(s.hub, s.ana), "passkey", "通行密钥", BOTH),
    Row("passkey added/removed", passkey_removed, "passkey was removed", "移除了通行密钥", BOTH),
    Row("identity linked/unlinked", identity_linked, "was linked", "关联", BOTH),
    Row("identity linked/unlinked", identity_unlinked, "unlinked", "解除", BOTH),
    Row(
        TOKENS,
        lambda s: issued(s.hub, s.ana, "ci", TokenRole.WRITE),
        "New access token",
        "新建了访问令牌",
        BOTH,
    ),
    Row(TOKENS, token_expiring, "expires in 6 days", "过期", (ANA,)),
    Row(TOKENS, token_widened, "may do more", "权限已扩大", BOTH),
    Row(TOKENS, token_rotated, "was refreshed", "已重新生成", BOTH),
    Row(TOKENS, token_leaked, "leaked and was revoked", "已泄露并被吊销", BOTH),
    Row(
        "SSH/GPG key added", lambda s: key_added(s.hub, s.ana, line()), "New SSH", "SSH 密钥", BOTH
    ),
    Row("SSH/GPG key added", gpg_added, "New GPG key", "GPG 密钥", BOTH),
    Row("device authorised", lambda s: granted(s.hub, s.ana), "New device", "新设备", BOTH),
    Row("OAuth app authorised", application_let_in, "application was", "应用获得授权", BOTH),
    Row(ORGANIZATION, invited, "acme", "acme", (BOB,), stops=True),
    Row(ORGANIZATION, member, "You now belong to acme", "已成为 acme 的成员", (BOB,)),
    Row(ORGANIZATION, role_changed, "Your role in acme changed", "角色已变更", (BOB,)),
    Row(ORGANIZATION, removed, "You no longer belong", "已被移出", (BOB,)),
    Row(
        "collaborator invite",
        invited_to_repo,
        "to work on ana/vault",
        "协作",
        (BOB, NEW),
        stops=True,
    ),
    Row(REPO, transferred, "ana/one was transferred to acme", "ana/one 已转移给 acme", (ANA, BOB)),
    Row(REPO, renamed, "ana/", "ana/", ()),
    Row(REPO, deleted, "ana/one was deleted", "ana/one 已删除", (ANA,)),
    Row(REPO, made_public, "ana/one is public now", "ana/one 已公开", (ANA,)),
    Row(GATE, requested, "bob asks for access", "bob 申请访问", (ANA,), stops=True),
    Row(GATE, digest, "1 new request waits", "1 个新的访问申请", (ANA,), stops=True),
    Row(
        GATE, lambda s: decided(s, Standing.ACCEPTED), "You have access", "获得", (BOB,), stops=True
    ),
    Row(
        GATE, lambda s: decided(s, Standing.REJECTED), "was declined", "未通过", (BOB,), stops=True
    ),
    Row(GATE, lambda s: decided(s, Standing.RESET), "ask again", "重新申请", (BOB,), stops=True),
    Row("webhook auto-disabled", webhook, "was disabled", "已停用", (ANA,)),
    Row("quota 80/95/100 %", lambda s: used(s, 80), "80% of public", "已使用 80%", (ANA,)),
    Row("quota 80/95/100 %", lambda s: used(s, 95), "95% of public", "已使用 95%", (ANA,)),
    Row(
        "mention/participating/watched",
        lambda s: talk(s, Kind.MENTION),
        "A question",
        "A question",
        (ANA,),
        stops=True,
    ),
    Row(
        "mention/participating/watched",
        lambda s: talk(s, Kind.PARTICIPATING),
        "A question",
        "A question",
        (ANA,),
        stops=True,
    ),
    Row(
        "mention/participating/watched",
        lambda s: talk(s, Kind.WATCHED),
        "A question",
        "A question",
        (ANA,),
        stops=True,
    ),
    Row("quota 80/95/100 %", lambda s: used(s, 100), "100% of public", "已使用 100%", (ANA,)),
    Row("export ready", exported, "data is ready", "数据已可下载", (ANA,)),
    Row(
        "deletion scheduled/cancelled/done",
        on(leave.schedule),
        "will be deleted on",
        "将于",
        BOTH,
    ),
    Row("deletion scheduled/cancelled/done", leaving_cancelled, "stays", "已保留", (BOB,)),
    Row("deletion scheduled/cancelled/done", left, "account is deleted", "已删除", (BOB,)),
    Row("suspension/restore", suspended, "is suspended", "已被停用", (BOB,)),
    Row("suspension/restore", restored, "is open again", "已恢复", (BOB,)),
    Row("terms updated", terms, "user agreement of Strata changed", "已更新", (ANA, BOB, OLGA)),
    Row("plan request decided", plan_decided, "was declined", "未通过", (BOB,)),
    Row(
        "admin: new user awaiting approval, job failures digest",
        newcomer,
        "newbie waits to be let in",
        "newbie 正在等待",
        (OLGA,),
    ),
    Row(
        "admin: new user awaiting approval, job failures digest",
        jobs_failed,
        "2 background tasks failed",
        "2 个后台任务失败",
        (OLGA,),
    ),
)


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    """Give one mail server for all of these."""
    with post_office() as opened:
        yield opened


@pytest.fixture(params=["en", "zh-CN"])
def scene(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock, office: PostOffice
) -> Iterator[Scene]:
    settings: dict[str, Any] = {
        **office.settings(),
        "public_url": BASE,
        "webhooks.allow": "127.0.0.1",
        "webhooks.allow_http": True,
        "quotas.public_bytes": QUOTA,
    }
    hub = replace(telling_hub(tmp_path / "data", clock, **settings), reactions=REACTIONS)
    yield Scene(hub, clock, request.param, office, tmp_path)
    hub.database.close()


def test_every_notice_of_the_product_stands_in_the_table() -> None:
    listed = [name.strip() for name in PRODUCT.split(" · ")]
    assert len(listed) == 28
    assert {row.name for row in ROWS} == set(listed)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name[:24]}-{row.english}")
def test_the_act_is_told_to_the_right_people_in_their_language(scene: Scene, row: Row) -> None:
    row.act(scene)

    words = row.chinese if scene.language == "zh-CN" else row.english
    told = [mail for mail in scene.delivered() if words in mail["Subject"]]
    assert sorted(mail["To"] for mail in told) == sorted(row.readers)
    for mail in told:
        _is_whole(mail, scene.language)
        _holds_no_secret(scene, mail)
        has_account = mail["To"] != NEW
        assert ("List-Unsubscribe" in mail) is (row.stops and has_account), mail["Subject"]


def test_terms_are_told_in_rounds_to_each_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legal_telling, "AT_ONCE", 1)
    terms(scene)
    told = [mail["To"] for mail in scene.delivered() if "2027-01" in _texts(mail)[0]]
    assert sorted(told) == sorted((ANA, BOB, OLGA))


def _texts(mail: EmailMessage) -> tuple[str, str]:
    """The text and the HTML; there are no other parts, in this order."""
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    kinds = [part.get_content_type() for part in (plain, html)]
    assert kinds == ["text/plain", "text/html"]
    return plain.get_content(), html.get_content()


def _is_whole(mail: EmailMessage, language: str) -> None:
    """Both parts say the same, and the headers are those of a mail that no person wrote."""
    text, html = _texts(mail)
    assert mail.as_bytes().isascii()
    assert f'<html lang="{language}">' in html
    assert ("，您好：" in text) is (language == "zh-CN")
    assert "你" not in text + mail["Subject"]
    shown = unescape(html)
    for line_ in filter(None, text.splitlines()):
        if not line_.startswith("http"):
            assert line_.removesuffix("：" if language == "zh-CN" else ":") in shown
    assert all(f'href="{escape(link)}"' in html for link in _links(text))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["From"].addresses[0].addr_spec == "hub@example.org"
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", mail["Message-ID"].strip())
    assert mail["Date"].datetime


def _links(text: str) -> list[str]:
    return re.findall(r"https?://\S+", text)


def _holds_no_secret(scene: Scene, mail: EmailMessage) -> None:
    """No password, no token, no recovery code; a link leads here, and only some can be used."""
    text, html = _texts(mail)
    for secret in (PASSWORD, "An0ther-Horse!b"):
        assert secret not in text + html + mail["Subject"]
    assert not re.search(r"hf_(oauth_)?[A-Za-z0-9]{20}", text + html + mail["Subject"])
    assert not re.search(r"\b[0-9a-z]{5}-[0-9a-z]{5}\b", text)  # as recovery codes look
    for link in _links(text):
        assert link.startswith(f"{BASE}/"), link
        secret = max(re.split(r"[/=?&]", link), key=len)
        if len(secret) > LONGEST_NAME:
            _is_hashed(scene, secret)


def _is_hashed(scene: Scene, secret: str) -> None:
    """What a link carries is in no table: the mail that brought it is emptied once it is sent."""
    with closing(sqlite3.connect(scene.folder / "data" / "strata.db")) as database:
        assert [line for line in database.iterdump() if secret in line] == [], secret
