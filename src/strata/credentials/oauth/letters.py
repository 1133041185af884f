"""The mails about applications, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from typing import Final

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter

PAGE: Final = "/settings/connected-applications"
_LINK: Final = {"en": "Connected applications", CHINESE: "已连接的应用"}
_AFTER: Final = {
    "en": "If that was not you, revoke it there at once and change your password.",
    CHINESE: "如果不是您本人操作，请立即在该页面吊销授权，并修改密码。",
}


def device_allowed(call: Call, reader: Reader, *, app_name: str, ip: str, client: str) -> Letter:
    """Tell somebody that a program was let into their account."""
    site = call.hub.settings.site_name
    seen = client[:200] or "-"
    english = (
        f"New device authorized on {site}",
        f"“{app_name}” was authorized with a device code and now acts for your account.",
        f"The request came from {ip}, program: {seen}",
    )
    chinese = (
        f"{site} 上有新设备获得授权",
        f"“{app_name}”已通过设备码获得授权，可以代表您的账号操作。",
        f"请求来自 {ip}，程序：{seen}",
    )
    return _letter(call, reader, english, chinese)


def app_allowed(call: Call, reader: Reader, *, app_name: str) -> Letter:
    """Tell somebody that they let an application in."""
    site = call.hub.settings.site_name
    english = (
        f"An application was authorized on {site}",
        f"“{app_name}” was authorized to use your account.",
    )
    chinese = (f"{site} 上有应用获得授权", f"“{app_name}”已获得使用您账号的授权。")
    return _letter(call, reader, english, chinese)


def reused(call: Call, reader: Reader, *, app_name: str) -> Letter:
    """Warn somebody that a token of an application was in other hands."""
    site = call.hub.settings.site_name
    english = (
        f"An application was logged out of {site} for safety",
        f"A refresh token of “{app_name}” was used a second time. Somebody may have copied it.",
        "This log-in of the application was ended with all its tokens.",
        "If you want to go on using it, log it in again on a machine that you trust.",
    )
    chinese = (
        f"出于安全考虑，{site} 已将一个应用退出登录",
        f"“{app_name}”的刷新令牌被重复使用，可能已被他人复制。",
        "因此该应用的这次登录及其全部令牌均已作废。",
        "如需继续使用，请在您信任的设备上重新登录该应用。",
    )
    return _letter(call, reader, english, chinese)


def _letter(
    call: Call, reader: Reader, english: tuple[str, ...], chinese: tuple[str, ...]
) -> Letter:
    wordings = {
        "en": _wording("en", english),
        CHINESE: _wording(CHINESE, chinese),
    }
    return letter(reader, wordings, page(call, PAGE))


def _wording(language: str, lines: tuple[str, ...]) -> Wording:
    return Wording(
        subject=lines[0],
        before=lines[1:],
        link_text=_LINK[language],
        after=(_AFTER[language],),
    )
