"""The mails about second factors, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from strata.accounts import confirmed, people
from strata.accounts.factors.codes import FEW
from strata.accounts.profile import clocks
from strata.core.call import Call, Work
from strata.events import outbox
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter

PAGE: Final = "/settings/authentication"


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter about the safety of an account; `{site}` in the subjects is its name."""

    english: tuple[str, ...]  # subject, and paragraphs
    chinese: tuple[str, ...]


ADDED = Notice(
    (
        "Two-factor authentication is on for your {site} account",
        "From now on your account asks for a second factor after your password.",
    ),
    ("您的 {site} 账号已开启双重验证", "从现在起，登录时除密码外还需要第二重验证。"),
)
REMOVED = Notice(
    (
        "Two-factor authentication is off for your {site} account",
        "The last second factor of your account was removed. Your password alone opens it now.",
    ),
    ("您的 {site} 账号已关闭双重验证", "您账号的最后一个验证方式已移除，现在只凭密码即可登录。"),
)
AUTHENTICATOR_REMOVED = Notice(
    (
        "The authenticator app was removed from your {site} account",
        "The authenticator app of your account was removed. Your passkeys go on working.",
    ),
    ("您的 {site} 账号已移除验证器应用", "您账号的验证器应用已移除，通行密钥仍可使用。"),
)
PASSKEY_ADDED = Notice(
    (
        "A passkey was added to your {site} account",
        "A passkey was added to your account. Whoever holds it can log in.",
    ),
    ("您的 {site} 账号新增了通行密钥", "您的账号新增了一个通行密钥，持有者可以登录。"),
)
PASSKEY_REMOVED = Notice(
    (
        "A passkey was removed from your {site} account",
        "A passkey was removed from your account. It no longer opens anything.",
    ),
    ("您的 {site} 账号移除了通行密钥", "您账号的一个通行密钥已移除，它不再有效。"),
)
GUESSED = Notice(
    (
        "Somebody tries to get past the second factor of your {site} account",
        "Somebody came past the first step of your log-in and failed at the second factor.",
        "They may know your password. Your account is still closed to them.",
    ),
    (
        "有人试图绕过您 {site} 账号的双重验证",
        "有人通过了您账号登录的第一步，但多次未能通过双重验证。",
        "对方可能已知道您的密码，但未能进入您的账号。",
    ),
)
CODES_RENEWED = Notice(
    (
        "New recovery codes for your {site} account",
        "New recovery codes were made for your account. The older ones no longer work.",
    ),
    ("您的 {site} 账号已生成新的恢复码", "您的账号已生成新的恢复码，旧的恢复码全部作废。"),
)


def send(work: Work, user: people.User, notice: Notice) -> None:
    """Write to every confirmed address of an account."""
    for reader in confirmed.readers(work, user):
        outbox.post(work, _of_notice(work, reader, notice))


def removal(call: Call, user: people.User, due: datetime) -> Notice:
    """Tell that all factors are taken away soon, and how that is stopped."""
    english, chinese = (clocks.moment(call, user.id, due, of) for of in ("en", CHINESE))
    return Notice(
        (
            "Two-factor authentication of your {site} account will be turned off",
            f"All second factors of the account {user.name} will be removed at {english}.",
            "Until then they work as before, and the settings can cancel the removal.",
        ),
        (
            "您的 {site} 账号即将关闭双重验证",
            f"账号 {user.name} 的全部验证方式将于 {chinese} 移除。",
            "在此之前仍可照常使用，也可以在设置中取消。",
        ),
    )


def recovery_used(left: int) -> Notice:
    """Tell that a recovery code was used, and how many are left."""
    few = left <= FEW
    english = (
        "A recovery code of your {site} account was used",
        f"Somebody logged in with a recovery code of your account; {left} are left.",
    )
    chinese = (
        "您的 {site} 账号使用了一个恢复码",
        f"有人使用恢复码登录了您的账号，还剩 {left} 个。",
    )
    return Notice(
        (*english, "Make new ones before you run out of them.") if few else english,
        (*chinese, "恢复码即将用完，请尽快重新生成。") if few else chinese,
    )


def proof(call: Call, reader: Reader, *, code: str) -> Letter:
    """Send the code with which somebody without a password shows who they are."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} code",
        before=(
            "This code confirms that it is you, for ten minutes:",
            code,
            "If you did not ask for it, somebody else uses your account: sign out all browsers.",
        ),
        link_text="Open the settings",
    )
    chinese = Wording(
        subject=f"您的 {site} 验证码",
        before=(
            "请用以下验证码确认是您本人，10 分钟内有效：",
            code,
            "如果不是您本人操作，说明有人正在使用您的账号，请退出所有浏览器的登录。",
        ),
        link_text="打开设置",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, PAGE))


def _of_notice(call: Call, reader: Reader, notice: Notice) -> Letter:
    site = call.hub.settings.site_name
    english = Wording(
        subject=notice.english[0].format(site=site),
        before=notice.english[1:],
        link_text="Look at your account",
        after=("If that was not you, choose a new password and sign out all browsers.",),
    )
    chinese = Wording(
        subject=notice.chinese[0].format(site=site),
        before=notice.chinese[1:],
        link_text="查看账号",
        after=("如果不是您本人操作，请修改密码并退出所有浏览器的登录。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, PAGE))
