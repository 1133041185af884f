"""The mails of this room, in both languages side by side, and how every letter is made.

Text and HTML are made of the same paragraphs, so they cannot disagree. Every value in the HTML is
escaped. No letter holds a secret other than a single-use link or code.
"""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from strata.core.call import Call
from strata.events.outbox import Letter

CHINESE = "zh-CN"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a letter is for."""

    email: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Wording:
    """One letter in one language."""

    subject: str
    greeting: str
    before: tuple[str, ...]
    link_text: str = ""
    after: tuple[str, ...] = ()


def verify(call: Call, reader: Reader, *, link: str, code: str) -> Letter:
    """Ask to confirm the address: one link, and a code for mail scanners that spoil links."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Confirm your e-mail address for {site}",
        greeting=f"Hello {reader.name},",
        before=(
            f"please confirm that this address belongs to your new {site} account.",
            "The link works once, for 24 hours.",
        ),
        link_text="Confirm e-mail address",
        after=(
            f"Or type this code on the page where you signed up (valid for 10 minutes): {code}",
            "If you did not sign up, ignore this message; nothing will happen.",
        ),
    )
    chinese = Wording(
        subject=f"验证你的 {site} 邮箱",
        greeting=f"{reader.name}，你好：",
        before=(f"请确认此邮箱属于你新注册的 {site} 账号。链接 24 小时内有效，仅可使用一次。",),
        link_text="验证邮箱",
        after=(
            f"也可以在注册页面输入验证码（10 分钟内有效）：{code}",
            "如果不是你本人注册，请忽略此邮件，不会有任何影响。",
        ),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def removal_near(call: Call, reader: Reader, *, base_url: str, days: int) -> Letter:
    """Say that an account which was never confirmed is about to be removed.

    Args:
        base_url: of the hub as the person knows it; a job has no address of its own.
        days: until then.
    """
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account will be removed in {days} days",
        greeting=f"Hello {reader.name},",
        before=(
            f"the address of your {site} account {reader.name} was never confirmed.",
            f"In {days} days the account is removed, and its name is free for others.",
            "To keep it, log in, ask for a new mail and confirm your address.",
        ),
        link_text="Keep my account",
        after=("If you did not sign up, ignore this message; nothing will remain of it.",),
    )
    chinese = Wording(
        subject=f"你的 {site} 账号将在 {days} 天后删除",
        greeting=f"{reader.name}，你好：",
        before=(
            f"你的 {site} 账号 {reader.name} 的邮箱一直没有通过验证。",
            f"{days} 天后该账号将被删除，用户名可由他人使用。",
            "如需保留账号，请登录后重新发送验证邮件并完成验证。",
        ),
        link_text="保留我的账号",
        after=("如果不是你本人注册，请忽略此邮件，账号信息将不会保留。",),
    )
    base = call.hub.settings.public_url.rstrip("/") or base_url
    link = f"{base}/verify-email" if base else ""
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def welcome(call: Call, reader: Reader) -> Letter:
    """Greet someone whose address is confirmed."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Welcome to {site}",
        greeting=f"Hello {reader.name},",
        before=(
            "your e-mail address is confirmed.",
            "You can now create access tokens, models and datasets.",
        ),
        link_text=f"Open {site}",
    )
    chinese = Wording(
        subject=f"欢迎使用 {site}",
        greeting=f"{reader.name}，你好：",
        before=("你的邮箱已通过验证，现在可以创建访问令牌、模型和数据集。",),
        link_text=f"打开 {site}",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/"))


def sign_up_attempt(call: Call, reader: Reader) -> Letter:
    """Tell the owner of an address that someone tried to open an account with it."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"You already have a {site} account",
        greeting=f"Hello {reader.name},",
        before=(
            f"someone tried to open a {site} account with your address.",
            f"It belongs to your account {reader.name}, so no other account can use it.",
            "If that was you, log in with that name.",
        ),
        link_text="Log in",
        after=("If it was not you, you need not do anything.",),
    )
    chinese = Wording(
        subject=f"你已有 {site} 账号",
        greeting=f"{reader.name}，你好：",
        before=(
            f"有人尝试使用你的邮箱注册 {site} 账号。",
            f"该邮箱已属于你的账号 {reader.name}，其他账号无法使用。",
            "如果是你本人操作，请使用该账号登录。",
        ),
        link_text="登录",
        after=("如果不是你本人操作，无需处理。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/login"))


def log_in_failures(call: Call, reader: Reader) -> Letter:
    """Warn the owner of many failed log-ins."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Many failed log-ins to your {site} account",
        greeting=f"Hello {reader.name},",
        before=(
            "someone entered a wrong password for your account many times within an hour.",
            "For the next hour the password works only from where you logged in before.",
            "Access tokens keep working.",
        ),
        link_text="Log in",
        after=("If that was not you, choose a new password that you use nowhere else.",),
    )
    chinese = Wording(
        subject=f"你的 {site} 账号多次登录失败",
        greeting=f"{reader.name}，你好：",
        before=(
            "有人在一小时内多次为你的账号输入了错误密码。",
            "接下来一小时内，只能从你曾经登录过的位置使用密码登录。",
            "访问令牌不受影响。",
        ),
        link_text="登录",
        after=("如果不是你本人操作，请更换一个未在其他网站使用过的密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/login"))


def token_created(call: Call, reader: Reader, *, token_name: str) -> Letter:
    """Tell the owner of a new token that can write."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"New write token on {site}",
        greeting=f"Hello {reader.name},",
        before=(
            f"the access token “{token_name}” with the write role was created for your account.",
        ),
        link_text="Access tokens",
        after=("If that was not you, delete it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"{site} 新建了写入令牌",
        greeting=f"{reader.name}，你好：",
        before=(f"你的账号新建了具有写入权限的访问令牌“{token_name}”。",),
        link_text="访问令牌",
        after=("如果不是你本人操作，请立即删除该令牌并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))


def token_rotated(call: Call, reader: Reader, *, token_name: str) -> Letter:
    """Tell the owner that a token has a new value."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"An access token on {site} was refreshed",
        greeting=f"Hello {reader.name},",
        before=(f"the access token “{token_name}” has a new value; the old one stopped working.",),
        link_text="Access tokens",
        after=("If that was not you, delete it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"{site} 的访问令牌已刷新",
        greeting=f"{reader.name}，你好：",
        before=(f"访问令牌“{token_name}”已更换为新值，旧值已失效。",),
        link_text="访问令牌",
        after=("如果不是你本人操作，请立即删除该令牌并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))


def webhook_disabled(call: Call, reader: Reader, *, host: str, days: int, path: str) -> Letter:
    """Tell the owner that a webhook is no longer called.

    Args:
        host: of its target; the rest of the address may hold secrets.
        days: for which every call failed.
        path: of the page that shows it.
    """
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"A webhook on {site} was disabled",
        greeting=f"Hello {reader.name},",
        before=(
            f"every call of your webhook at {host} has failed for {days} days.",
            "It is now disabled and is called no more.",
        ),
        link_text="Look at the webhook",
        after=("Once its target answers again, enable the webhook on that page.",),
    )
    chinese = Wording(
        subject=f"{site} 上的一个 Webhook 已停用",
        greeting=f"{reader.name}，你好：",
        before=(
            f"你的 Webhook（{host}）连续 {days} 天投递失败。",
            "该 Webhook 现已停用，不再投递。",
        ),
        link_text="查看 Webhook",
        after=("目标地址恢复后，可在该页面重新启用。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, path))


def page(call: Call, path: str) -> str:
    """The address of one of our pages; empty when an operator command knows no address.

    A request's own address counts only where no public one is set, which is on loopback alone:
    mails must not carry a Host header that somebody made up.
    """
    base = call.hub.settings.public_url.rstrip("/") or call.origin.base_url
    return f"{base}{path}" if base else ""


def letter(reader: Reader, wordings: Mapping[str, Wording], link: str) -> Letter:
    """Write a letter in the reader's language.

    Args:
        wordings: the letter in `en` and `zh-CN`.
        link: empty: the letter has none.
    """
    wording = wordings[CHINESE if reader.language == CHINESE else "en"]
    return Letter(
        recipient=reader.email,
        subject=wording.subject,
        text=_text(wording, link),
        html=_html(wording, link, CHINESE if reader.language == CHINESE else "en"),
    )


def _text(wording: Wording, link: str) -> str:
    linked = (f"{wording.link_text}:\n{link}",) if link else ()
    return "\n\n".join((wording.greeting, *wording.before, *linked, *wording.after)) + "\n"


def _html(wording: Wording, link: str, language: str) -> str:
    button = f'<p><a href="{escape(link)}">{escape(wording.link_text)}</a></p>' if link else ""
    before = "".join(f"<p>{escape(line)}</p>" for line in (wording.greeting, *wording.before))
    after = "".join(f"<p>{escape(line)}</p>" for line in wording.after)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(wording.subject)}</title></head><body>{before}{button}{after}</body></html>"
    )
