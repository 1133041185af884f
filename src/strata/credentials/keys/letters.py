"""The mails about SSH and GPG keys, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter

_PAGE = "/settings/keys"
_NOT_YOU = "If that was not you, remove it at once and change your password."
_NOT_YOU_CHINESE = "如果不是您本人操作，请立即移除该密钥并修改密码。"
_LOOK = "If that was not you, change your password and look at your keys."
_LOOK_CHINESE = "如果不是您本人操作，请修改密码并检查您的密钥。"


def ssh_added(call: Call, reader: Reader, title: str, fingerprint: str) -> Letter:
    """Tell the owner of a new SSH key, which opens the account's repos to git."""
    return _letter(
        call,
        reader,
        ("New SSH key on {site}", "{site} 新增了 SSH 密钥"),
        (
            f"The SSH key “{title}” ({fingerprint}) was added to your account.",
            f"您的账号新增了 SSH 密钥“{title}”（{fingerprint}）。",
        ),
        (_NOT_YOU, _NOT_YOU_CHINESE),
    )


def ssh_removed(call: Call, reader: Reader, title: str, fingerprint: str) -> Letter:
    """Tell the owner that an SSH key is gone."""
    return _letter(
        call,
        reader,
        ("An SSH key on {site} was removed", "{site} 的 SSH 密钥已移除"),
        (
            f"The SSH key “{title}” ({fingerprint}) was removed from your account.",
            f"您的账号已移除 SSH 密钥“{title}”（{fingerprint}）。",
        ),
        (_LOOK, _LOOK_CHINESE),
    )


def gpg_added(call: Call, reader: Reader, key_id: str) -> Letter:
    """Tell the owner of a new GPG key, whose signatures count as theirs."""
    return _letter(
        call,
        reader,
        ("New GPG key on {site}", "{site} 新增了 GPG 密钥"),
        (
            f"The GPG key {key_id} was added to your account.",
            f"您的账号新增了 GPG 密钥 {key_id}。",
        ),
        (_NOT_YOU, _NOT_YOU_CHINESE),
    )


def gpg_removed(call: Call, reader: Reader, key_id: str) -> Letter:
    """Tell the owner that a GPG key is gone."""
    return _letter(
        call,
        reader,
        ("A GPG key on {site} was removed", "{site} 的 GPG 密钥已移除"),
        (
            f"The GPG key {key_id} was removed from your account.",
            f"您的账号已移除 GPG 密钥 {key_id}。",
        ),
        (_LOOK, _LOOK_CHINESE),
    )


def _letter(
    call: Call,
    reader: Reader,
    subjects: tuple[str, str],
    sentences: tuple[str, str],
    after: tuple[str, str],
) -> Letter:
    """Each pair is English, Chinese."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=subjects[0].replace("{site}", site),
        before=(sentences[0],),
        link_text="SSH and GPG keys",
        after=(after[0],),
    )
    chinese = Wording(
        subject=subjects[1].replace("{site}", site),
        before=(sentences[1],),
        link_text="SSH 与 GPG 密钥",
        after=(after[1],),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, _PAGE))
