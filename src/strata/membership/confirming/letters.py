"""The mails around a sign-up, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def verify(call: Call, reader: Reader, *, link: str, code: str) -> Letter:
    """Ask to confirm the address: one link, and a code for mail scanners that spoil links."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Confirm your e-mail address for {site}",
        before=(
            f"Please confirm that this address belongs to your new {site} account.",
            "The link works once, for 24 hours.",
        ),
        link_text="Confirm e-mail address",
        after=(
            f"Or type this code on the page where you signed up (valid for 10 minutes): {code}",
            "If you did not sign up, ignore this message; nothing will happen.",
        ),
    )
    chinese = Wording(
        subject=f"验证您的 {site} 邮箱",
        before=(f"请确认此邮箱属于您新注册的 {site} 账号。链接 24 小时内有效，仅可使用一次。",),
        link_text="验证邮箱",
        after=(
            f"也可以在注册页面输入验证码（10 分钟内有效）：{code}",
            "如果不是您本人注册，请忽略此邮件，不会有任何影响。",
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
        before=(
            f"The address of your {site} account {reader.name} was never confirmed.",
            f"In {days} days the account is removed, and its name is free for others.",
            "To keep it, log in, ask for a new mail and confirm your address.",
        ),
        link_text="Keep my account",
        after=("If you did not sign up, ignore this message; nothing will remain of it.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号将在 {days} 天后删除",
        before=(
            f"您的 {site} 账号 {reader.name} 的邮箱一直没有通过验证。",
            f"{days} 天后该账号将被删除，用户名可由他人使用。",
            "如需保留账号，请登录后重新发送验证邮件并完成验证。",
        ),
        link_text="保留我的账号",
        after=("如果不是您本人注册，请忽略此邮件，账号信息将不会保留。",),
    )
    base = call.hub.settings.public_url.rstrip("/") or base_url
    link = f"{base}/verify-email" if base else ""
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def welcome(call: Call, reader: Reader) -> Letter:
    """Greet someone whose address is confirmed."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Welcome to {site}",
        before=(
            "Your e-mail address is confirmed.",
            "You can now create access tokens, models and datasets.",
        ),
        link_text=f"Open {site}",
    )
    chinese = Wording(
        subject=f"欢迎使用 {site}",
        before=("您的邮箱已通过验证，现在可以创建访问令牌、模型和数据集。",),
        link_text=f"打开 {site}",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/"))


def sign_up_attempt(call: Call, reader: Reader) -> Letter:
    """Tell the owner of an address that someone tried to open an account with it."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"You already have a {site} account",
        before=(
            f"Someone tried to open a {site} account with your address.",
            f"It belongs to your account {reader.name}, so no other account can use it.",
            "If that was you, log in with that name.",
        ),
        link_text="Log in",
        after=("If it was not you, you need not do anything.",),
    )
    chinese = Wording(
        subject=f"您已有 {site} 账号",
        before=(
            f"有人尝试使用您的邮箱注册 {site} 账号。",
            f"该邮箱已属于您的账号 {reader.name}，其他账号无法使用。",
            "如果是您本人操作，请使用该账号登录。",
        ),
        link_text="登录",
        after=("如果不是您本人操作，无需处理。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/login"))


def approval_wanted(call: Call, reader: Reader, *, newcomer: str) -> Letter:
    """Tell an administrator of an account that waits to be let in."""
    site = call.hub.settings.site_name
    command = f"strata user approve {newcomer}"
    english = Wording(
        subject=f"{newcomer} waits to be let in to {site}",
        before=(
            f"{newcomer} has signed up and confirmed an e-mail address.",
            f"To let them in, run on the server: {command}",
            f"To turn them away: strata user reject {newcomer}",
        ),
    )
    chinese = Wording(
        subject=f"{newcomer} 正在等待 {site} 的批准",
        before=(
            f"{newcomer} 已注册并验证了邮箱。",
            f"如需批准，请在服务器上运行：{command}",
            f"如需拒绝：strata user reject {newcomer}",
        ),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, "")


def approved(call: Call, reader: Reader) -> Letter:
    """Tell somebody that they were let in."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account is open",
        before=(f"The people who run {site} have approved your account.",),
        link_text=f"Open {site}",
    )
    chinese = Wording(
        subject=f"您的 {site} 账号已获批准",
        before=(f"{site} 的管理员已批准您的账号。",),
        link_text=f"打开 {site}",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/"))


def turned_away(call: Call, reader: Reader) -> Letter:
    """Tell somebody that they were not let in, and that nothing is kept."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account was not approved",
        before=(
            f"The people who run {site} have not approved your account.",
            "It was removed, and its name and address are free again.",
        ),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号未获批准",
        before=(f"{site} 的管理员没有批准您的账号。", "该账号已删除，用户名和邮箱可重新使用。"),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, "")
