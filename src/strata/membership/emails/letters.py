"""The mails about an account's addresses, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter

ACCOUNT = "/settings/account"


def confirm(call: Call, reader: Reader, *, link: str, hours: int) -> Letter:
    """Ask to confirm a further address."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Confirm this address for your {site} account",
        before=(
            f"Please confirm that this address belongs to your {site} account {reader.name}.",
            f"The link works once, for {hours} {'hour' if hours == 1 else 'hours'}.",
        ),
        link_text="Confirm this address",
        after=("If you did not ask for this, ignore this message; nothing will happen.",),
    )
    chinese = Wording(
        subject=f"确认您的 {site} 账号的新邮箱",
        before=(
            f"请确认此邮箱属于您的 {site} 账号 {reader.name}。",
            f"链接 {hours} 小时内有效，仅可使用一次。",
        ),
        link_text="确认此邮箱",
        after=("如果不是您本人操作，请忽略此邮件，不会有任何影响。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def wanted(call: Call, reader: Reader, *, email: str, hours: int) -> Letter:
    """Tell the owner of an account, where they are now, that a further address was asked for."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Someone asked to add an address to your {site} account",
        before=(
            f"Someone, probably you, asked to add {email} to your account {reader.name}.",
            "We sent a link there. Whoever opens it adds the address.",
            f"The link works once, for {hours} {'hour' if hours == 1 else 'hours'}.",
        ),
        link_text="Your addresses",
        after=("If that was not you, change your password at once. Then the link stops working.",),
    )
    chinese = Wording(
        subject=f"有人请求为您的 {site} 账号添加邮箱",
        before=(
            f"有人（可能是您本人）请求将邮箱 {email} 添加到您的账号 {reader.name}。",
            "我们已向该邮箱发送链接，打开链接后即完成添加。",
            f"链接 {hours} 小时内有效，仅可使用一次。",
        ),
        link_text="查看您的邮箱",
        after=("如果不是您本人操作，请立即修改密码，该链接会随即失效。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, ACCOUNT))


def wanted_elsewhere(call: Call, reader: Reader) -> Letter:
    """Tell the owner of an address that somebody wanted to add it to another account."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Someone tried to use your address on {site}",
        before=(
            "Someone tried to add your address to another account.",
            f"It belongs to your account {reader.name}, so that was refused.",
        ),
        link_text="Your addresses",
        after=("If it was you, remove the address from this account first.",),
    )
    chinese = Wording(
        subject=f"有人尝试在 {site} 使用您的邮箱",
        before=(
            "有人尝试把您的邮箱添加到另一个账号。",
            f"该邮箱已属于您的账号 {reader.name}，因此没有添加成功。",
        ),
        link_text="查看您的邮箱",
        after=("如果是您本人操作，请先从当前账号移除该邮箱。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, ACCOUNT))


def added(call: Call, reader: Reader, *, email: str) -> Letter:
    """Tell of a further address."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"An address was added to your {site} account",
        before=(f"The address {email} now belongs to your account as well.",),
        link_text="Your addresses",
        after=("If that was not you, remove it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号添加了邮箱",
        before=(f"邮箱 {email} 已添加到您的账号。",),
        link_text="查看您的邮箱",
        after=("如果不是您本人操作，请立即移除该邮箱并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, ACCOUNT))


def removed(call: Call, reader: Reader, *, email: str) -> Letter:
    """Tell of an address that went; the address itself is told too."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"An address was removed from your {site} account",
        before=(f"The address {email} no longer belongs to your account.",),
        link_text="Your addresses",
        after=("If that was not you, change your password at once.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号移除了邮箱",
        before=(f"邮箱 {email} 已从您的账号移除。",),
        link_text="查看您的邮箱",
        after=("如果不是您本人操作，请立即修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, ACCOUNT))


def primary_changed(call: Call, reader: Reader, *, email: str) -> Letter:
    """Tell the old and the new primary address of the change."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"The primary address of your {site} account changed",
        before=(f"Messages to you now go to {email}.",),
        link_text="Your addresses",
        after=("If that was not you, change your password and this setting at once.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号更换了主邮箱",
        before=(f"今后的邮件将发送到 {email}。",),
        link_text="查看您的邮箱",
        after=("如果不是您本人操作，请立即修改密码并更改此设置。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, ACCOUNT))


def comes_back(call: Call, reader: Reader, *, email: str) -> Letter:
    """Tell at another address that mail to one of them comes back."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Mail from {site} to {email} comes back",
        before=(
            f"The mail server of {email} takes no mail from us.",
            "Until you change the address or confirm it again, messages to it do not reach you.",
        ),
        link_text="Your addresses",
    )
    chinese = Wording(
        subject=f"{site} 发往 {email} 的邮件被退回",
        before=(
            f"{email} 的邮件服务器拒收我们的邮件。",
            "在您更换或重新确认该邮箱之前，发往该邮箱的邮件无法送达。",
        ),
        link_text="查看您的邮箱",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, ACCOUNT))
