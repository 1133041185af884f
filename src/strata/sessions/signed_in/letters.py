"""The mails around log-ins, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def log_in_failures(call: Call, reader: Reader) -> Letter:
    """Warn the owner of many failed log-ins."""
    site, minutes = call.hub.settings.site_name, call.hub.settings.entering.name_guard_minutes
    english = Wording(
        subject=f"Many failed log-ins to your {site} account",
        before=(
            "Someone entered a wrong password for your account many times.",
            f"For {minutes} min, browsers in which you never logged in also need a link by mail.",
            "Access tokens keep working.",
        ),
        link_text="Log in",
        after=("If that was not you, choose a new password that you use nowhere else.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号多次登录失败",
        before=(
            "有人多次为您的账号输入了错误密码。",
            f"接下来 {minutes} 分钟内，在未曾登录过的浏览器中用密码登录还需打开我们发送的链接。",
            "访问令牌不受影响。",
        ),
        link_text="登录",
        after=("如果不是您本人操作，请更换一个未在其他网站使用过的密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/login"))


def sprayed(call: Call, reader: Reader, *, address: str) -> Letter:
    """Tell who runs the site that somebody tries one password after another on many accounts."""
    site, minutes = call.hub.settings.site_name, call.hub.settings.entering.spraying_wait_minutes
    english = Wording(
        subject=f"{site}: somebody tries the accounts of many people",
        before=(
            "Many accounts were tried with wrong passwords from one address.",
            f"{address} cannot log in for {minutes} min.",
        ),
        link_text="Audit log",
        after=(
            "Shut the address out in front of the hub if it goes on.",
            "You get at most one such mail an hour.",
        ),
    )
    chinese = Wording(
        subject=f"{site}：有人正在尝试登录多个账号",
        before=(
            "同一地址使用错误密码尝试登录了多个账号。",
            f"{address} 在 {minutes} 分钟内无法登录。",
        ),
        link_text="审计日志",
        after=("如果持续发生，请在服务器前端封禁该地址。此类邮件每小时最多一封。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/admin/audit"))


def log_in_link(call: Call, reader: Reader, *, link: str, browser: str, when: str) -> Letter:
    """Send the link with which a log-in goes on, in the browser where it began.

    Args:
        browser: such as `Firefox on Linux`; empty: unknown.
        when: by the reader's clocks.
    """
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Confirm your log-in to {site}",
        before=(
            "Somebody, probably you, is logging in with your password from a new browser.",
            f"{browser or 'Unknown browser'}, {_where(call, 'en')}, {when}",
            "Open the link in that same browser. It works once, for ten minutes.",
        ),
        link_text="Confirm the log-in",
        after=(
            "If that was not you, somebody knows your password.",
            "Then do not open the link, and choose another password at once.",
        ),
    )
    chinese = Wording(
        subject=f"确认登录 {site}",
        before=(
            "有人（很可能是您本人）正在从一个未曾登录过的浏览器，使用您的密码登录。",
            f"{_listed(browser)}，{_where(call, CHINESE)}，{when}",
            "请在同一浏览器中打开此链接。链接 10 分钟内有效，仅可使用一次。",
        ),
        link_text="确认登录",
        after=("如果不是您本人操作，说明有人知道您的密码：请勿打开链接，并立即修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def password_reset(call: Call, reader: Reader, *, link: str) -> Letter:
    """Send the link behind which another password is chosen."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Choose a new password for {site}",
        before=(
            f"Somebody, probably you, asked for a new password for your {site} account.",
            "The link works once, for one hour.",
        ),
        link_text="Choose a new password",
        after=("If you did not ask for it, ignore this message; your password stays as it is.",),
    )
    chinese = Wording(
        subject=f"重置您的 {site} 密码",
        before=(
            f"有人（很可能是您本人）请求重置您的 {site} 账号密码。",
            "链接 1 小时内有效，仅可使用一次。",
        ),
        link_text="设置新密码",
        after=("如果不是您本人操作，请忽略此邮件，密码不会改变。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def log_in_elsewhere(call: Call, reader: Reader, *, site: str) -> Letter:
    """Tell who asked for a new password that their account needs none."""
    ours = call.hub.settings.site_name
    english = Wording(
        subject=f"You log in to {ours} with {site}",
        before=(
            f"Somebody, probably you, asked for a new password for your {ours} account.",
            f"People with an address like yours log in with {site}; no password opens the account.",
        ),
        link_text="Log in",
        after=("If you did not ask for it, ignore this message.",),
    )
    chinese = Wording(
        subject=f"请使用 {site} 登录 {ours}",
        before=(
            f"有人（很可能是您本人）请求重置您的 {ours} 账号密码。",
            f"使用此类邮箱地址的用户须通过 {site} 登录，无法使用密码登录。",
        ),
        link_text="登录",
        after=("如果不是您本人操作，请忽略此邮件。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/login"))


def password_changed(call: Call, reader: Reader) -> Letter:
    """Tell of another password."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} password was changed",
        before=("The password of your account was changed.",),
        link_text="Choose a new password",
        after=("If that was not you, choose a new one at once with this link.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 密码已修改",
        before=("您的账号密码已修改。",),
        link_text="重置密码",
        after=("如果不是您本人操作，请立即通过此链接重置密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/forgot-password"))


def new_sign_in(call: Call, reader: Reader, *, browser: str, when: str) -> Letter:
    """Tell of a log-in from a browser that was not seen before.

    Args:
        browser: such as `Firefox on Linux`; empty: unknown.
        when: by the reader's clocks.
    """
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"New sign-in to your {site} account",
        before=(
            "Somebody logged in to your account from a browser that we have not seen before.",
            f"{browser or 'Unknown browser'}, {_where(call, 'en')}, {when}",
        ),
        link_text="Your sessions",
        after=("If that was not you, sign that browser out there and change your password.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号有新的登录",
        before=(
            "有人从一个未曾出现过的浏览器登录了您的账号。",
            f"{_listed(browser)}，{_where(call, CHINESE)}，{when}",
        ),
        link_text="查看登录会话",
        after=("如果不是您本人操作，请在该页面退出此浏览器并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/authentication"))


def _where(call: Call, language: str) -> str:
    """The address that the request came from, and where that is if the site knows."""
    place = call.hub.place_of(call.origin.ip)
    if place is None:
        return call.origin.ip
    pattern = "{}（{}）" if language == CHINESE else "{} ({})"
    return pattern.format(call.origin.ip, place.called(language))


def _listed(browser: str) -> str:
    """`Firefox on Linux` as Chinese lists it."""
    return browser.replace(" on ", "，", 1) or "未知浏览器"
