"""Every notice of product §3.14: the act that causes it, who gets it, in both languages."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from functools import partial
from html import unescape
from pathlib import Path
from typing import ClassVar, Final

import pytest
import sqlalchemy as sa

from fixtures.accounts import HERE, PASSWORD, calling, confirmation_in, inbox, joined, person
from fixtures.contents import created
from fixtures.gated import asks, decides, gate
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.keys import gpg_home
from fixtures.oauth import application
from fixtures.organizations import joins, leaves, organization, today
from rooms.accounts.test_authorizing import allowed as application_allowed, asking
from rooms.accounts.test_device_codes import granted
from rooms.accounts.test_factors import finish, signed_in, ticket, with_app, with_passkey
from rooms.accounts.test_keys import added as key_added, line
from rooms.accounts.test_recovery import ask as reset_asked
from rooms.accounts.test_token_lives import issued, rotated
from strata.access import inviting, notices
from strata.access.plans import requests as plan_requests
from strata.access.record import Standing
from strata.accounts import confirmed
from strata.accounts.factors import passkeys
from strata.accounts.legal import telling as legal_telling
from strata.accounts.legal.documents import DocumentKind, publish
from strata.accounts.tables import users
from strata.app.hub import JOBS
from strata.blobs.quota import telling
from strata.blobs.quota.usage import recount
from strata.core.actor import SYSTEM, Actor, Role, TokenRole
from strata.core.call import Call, Origin, Work, working
from strata.core.errors import StrataError
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.credentials.keys import gpg
from strata.credentials.tokens import expiring, leaks
from strata.events.jobs import GiveUp, enqueue, run_due
from strata.events.letters import Reader
from strata.events.outbox import Kept, outbox, post
from strata.events.webhooks.letters import webhook_disabled
from strata.lib.mail.message import Message, mail_bytes
from strata.membership import failures, recovery
from strata.membership.closing import gone, leave, suspend
from strata.membership.closing.suspend import Suspension
from strata.membership.emails import changes
from strata.membership.export import ask as export
from strata.membership.joining import approval, verification
from strata.repos import change
from strata.repos.change import Settings
from strata.repos.gate_digest import TellOfRequests
from strata.repos.record import Repo
from strata.sessions.entering import changing, login
from strata.sessions.identities import linking
from strata.sessions.identities.claims import Claims
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
ELSEWHERE: Final = {
    "collaborator invite": "repos have no collaborators besides the members of organizations",
    "mention/participating/watched": "tests/rooms/community/test_mailing.py",
}
ANA, TWO, BOB, OLGA = "ana@example.org", "ana@second.example", "bob@example.org", "olga@example.org"
NEW = "newbie@example.org"
BOTH = (ANA, TWO)


class Scene:
    """A hub with ana, who has two addresses, bob, and olga, who runs it."""

    def __init__(self, hub: Hub, clock: FrozenClock, language: str, folder: Path) -> None:
        self.hub, self.clock, self.language, self.folder = hub, clock, language, folder
        self.before = 0
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
        self.before = len(_all(self.hub))

    def jobs(self) -> None:
        while run_due(self.hub, JOBS):
            pass

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
    s.do(lambda work: changes.add(work, "third@example.net", primary=False), s.ana)
    link = confirmation_in(inbox(s.hub, "third@example.net")[-1])
    s.do(lambda work: changes.confirm(work, link))


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


def password_reset(s: Scene) -> None:
    reset_asked(s.hub, "ana")


def password_chosen(s: Scene) -> None:
    reset_asked(s.hub, "ana")
    link = confirmation_in(inbox(s.hub, ANA)[-1])
    s.ask(lambda call: recovery.choose(call, link, recovery.NewPassword("An0ther-Horse!b")))


def factor_removed(s: Scene) -> None:
    with_app(s.hub, s.ana)
    s.do(protecting.turn_off, s.ana)


def recovery_code(s: Scene, times: int = 1) -> None:
    _, codes = with_app(s.hub, s.ana)
    for code in codes[:times]:
        finish(s.hub, ticket(s.hub, "ana"), Second(recovery_code=code))


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


def token_leaked(s: Scene) -> None:
    value = issued(s.hub, s.ana, "mine").value
    s.do(lambda work: leaks.report(work, [value]), Actor())


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
    reader = Reader(ANA, "ana", s.language)
    s.do(
        lambda w: post(
            w, webhook_disabled(w, reader, host="x.org", days=7, path="/settings/webhooks")
        )
    )


def used(s: Scene, percent: int) -> None:
    repo = s.repo()
    s.do(lambda work: recount(work, s.ana.user_id or 0))
    s.do(lambda work: telling.tell(work, repo, percent, 100))
    s.do(lambda work: telling.tell(work, repo, percent, 100))


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


@dataclass(frozen=True, slots=True)
class Row:
    """One notice."""

    name: str  # as it stands in `PRODUCT`
    act: Callable[[Scene], object]
    english: str  # what its subject holds
    chinese: str
    readers: tuple[str, ...]  # exactly these, each once


def on(work: Callable[[Work], object]) -> Callable[[Scene], None]:
    return lambda scene: scene.do(work, scene.ana)


ADDRESSES = "address added/removed/primary changed (to old and new)"
TOKENS = "token created (write/org), expiring, rotated, leaked-and-revoked"
ORGANIZATION = "org invite, joined, role changed, removed"
REPO = "repo transferred/deleted/made public (owners)"
GATE = "gated request (owner, instant or daily digest), decision, reset with reason"
ROWS: Final = (
    Row("verify", Scene.joins, "Confirm your e-mail address", "验证你的 Strata 邮箱", (NEW,)),
    Row("welcome", welcome, "Welcome to Strata", "欢迎使用 Strata", (NEW,)),
    Row(ADDRESSES, address_added, "An address was added", "添加了邮箱", BOTH),
    Row(ADDRESSES, on(lambda w: changes.remove(w, TWO)), "address was removed", "移除了邮箱", BOTH),
    Row(
        ADDRESSES,
        on(lambda w: changes.make_primary(w, TWO)),
        "primary address",
        "更换了主邮箱",
        BOTH,
    ),
    Row(
        "sign-up attempt with your address",
        lambda s: joined(s.hub, "mallory", email=ANA),
        "You already have",
        "你已有 Strata 账号",
        (ANA,),
    ),
    Row("new sign-in", new_sign_in, "New sign-in", "新的登录", BOTH),
    Row("lockout/suspicious attempts", lockout, "Many failed log-ins", "多次登录失败", BOTH),
    Row("password changed/reset", password_reset, "Choose a new password", "重设你的", BOTH),
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
    Row("passkey added/removed", lambda s: with_passkey(s.hub, s.ana), "passkey", "通行密钥", BOTH),
    Row("passkey added/removed", passkey_removed, "passkey was removed", "移除了通行密钥", BOTH),
    Row("identity linked/unlinked", identity_linked, "was linked", "关联", BOTH),
    Row("identity linked/unlinked", identity_unlinked, "unlinked", "解除", BOTH),
    Row(
        TOKENS,
        lambda s: issued(s.hub, s.ana, "ci", TokenRole.WRITE),
        "New write token",
        "新建了写入令牌",
        BOTH,
    ),
    Row(TOKENS, token_expiring, "expires in 6 days", "过期", (ANA,)),
    Row(TOKENS, token_rotated, "was refreshed", "已刷新", BOTH),
    Row(TOKENS, token_leaked, "leaked and was revoked", "已泄露并被吊销", BOTH),
    Row(
        "SSH/GPG key added", lambda s: key_added(s.hub, s.ana, line()), "New SSH", "SSH 密钥", BOTH
    ),
    Row("SSH/GPG key added", gpg_added, "New GPG key", "GPG 密钥", BOTH),
    Row("device authorised", lambda s: granted(s.hub, s.ana), "New device", "新设备", BOTH),
    Row("OAuth app authorised", application_let_in, "application was", "应用获得授权", BOTH),
    Row(ORGANIZATION, invited, "acme", "acme", (BOB,)),
    Row(ORGANIZATION, member, "You now belong to acme", "已成为 acme 的成员", (BOB,)),
    Row(ORGANIZATION, role_changed, "Your role in acme changed", "角色已变更", (BOB,)),
    Row(ORGANIZATION, removed, "You no longer belong", "已被移出", (BOB,)),
    Row(REPO, transferred, "ana/one was transferred to acme", "ana/one 已转移给 acme", (ANA, BOB)),
    Row(REPO, renamed, "ana/", "ana/", ()),
    Row(REPO, deleted, "ana/one was deleted", "ana/one 已删除", (ANA,)),
    Row(REPO, made_public, "ana/one is public now", "ana/one 已公开", (ANA,)),
    Row(GATE, requested, "bob asks for access", "bob 申请访问", (ANA,)),
    Row(GATE, digest, "1 new request waits", "1 个新的访问申请", (ANA,)),
    Row(GATE, lambda s: decided(s, Standing.ACCEPTED), "You have access", "获得", (BOB,)),
    Row(GATE, lambda s: decided(s, Standing.REJECTED), "was declined", "未通过", (BOB,)),
    Row(GATE, lambda s: decided(s, Standing.RESET), "ask again", "重新申请", (BOB,)),
    Row("webhook auto-disabled", webhook, "was disabled", "已停用", (ANA,)),
    Row("quota 80/95/100 %", lambda s: used(s, 80), "80% of public", "已使用 80%", (ANA,)),
    Row("quota 80/95/100 %", lambda s: used(s, 95), "95% of public", "已使用 95%", (ANA,)),
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
    Row("terms updated", terms, "terms of service of Strata changed", "已更新", (ANA, BOB, OLGA)),
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


@pytest.fixture(params=["en", "zh-CN"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> Iterator[Scene]:
    hub = build_test_hub(tmp_path / "data", clock=clock)
    yield Scene(hub, clock, request.param, tmp_path)
    hub.database.close()


def test_every_notice_of_the_product_stands_in_the_table() -> None:
    listed = [name.strip() for name in PRODUCT.split(" · ")]
    assert len(listed) == 28
    assert {row.name for row in ROWS} | set(ELSEWHERE) == set(listed)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name[:24]}-{row.english}")
def test_the_act_is_told_to_the_right_people_in_their_language(scene: Scene, row: Row) -> None:
    row.act(scene)

    words = row.chinese if scene.language == "zh-CN" else row.english
    written = list(reversed(_all(scene.hub)))[scene.before :]
    told = [kept for kept in written if words in kept.subject]
    assert sorted(kept.recipient for kept in told) == sorted(row.readers)
    for kept in told:
        _is_whole(kept, scene.language)


def test_terms_are_told_in_rounds_to_each_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legal_telling, "AT_ONCE", 1)
    terms(scene)
    told = [kept.recipient for kept in _all(scene.hub) if "2027-01" in kept.text]
    assert sorted(told) == sorted((ANA, BOB, OLGA))


def _all(hub: Hub) -> list[Kept]:
    with calling(hub) as call:
        return outbox(call, limit=1000)


def _is_whole(kept: Kept, language: str) -> None:
    """Both parts say the same, and a real parser reads the mail as it was written."""
    assert f'<html lang="{language}">' in kept.html
    assert ("你好：" in kept.text or "您好：" in kept.text) is (language == "zh-CN")
    shown = unescape(kept.html)
    for line_ in filter(None, kept.text.splitlines()):
        if not line_.startswith("http"):
            assert line_.removesuffix(":") in shown
    written = mail_bytes(
        Message(kept.recipient, kept.subject, kept.text, kept.html),
        "Strata <hub@example.org>",
        sent=kept.created_at,
    )
    assert written.isascii()
    read = message_from_bytes(written, policy=policy.default)
    assert (read["Subject"], read["To"]) == (kept.subject, kept.recipient)
    assert read["Auto-Submitted"] == "auto-generated"
    parts = [part.get_content_type() for part in read.walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html"]
