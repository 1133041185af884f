"""The mails about working on a repo together, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strata.core.actor import Role
from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter
from strata.repos.letters import TYPES
from strata.repos.record import Repo

_ROLES: Final = {
    Role.READ: ("read", "只读"),
    Role.WRITE: ("write", "读写"),
    Role.ADMIN: ("admin", "管理员"),
}


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation says."""

    repo: Repo
    inviter: str
    role: Role
    days: int


def invited(call: Call, wanted: Invitation, link: str, reader: Reader, unsubscribe: str) -> Letter:
    """Ask somebody to work on a repo; the reader may have no account yet."""
    site, name = call.hub.settings.site_name, wanted.repo.full_name
    kind, chinese_kind = wanted.repo.type.value, TYPES[wanted.repo.type]
    english_role, chinese_role = _ROLES[wanted.role]
    english = Wording(
        subject=f"{wanted.inviter} invites you to work on {name} on {site}",
        before=(
            f"{wanted.inviter} invites you to be a collaborator of the {kind} {name} on {site}.",
            f"Your role there will be: {english_role}.",
            "If you have no account yet, sign up with this address and open the link again.",
        ),
        link_text="Look at the invitation",
        after=(
            f"The link works for {wanted.days} days, and for nobody but you.",
            "If you do not know who this is, do nothing: you are no collaborator until you accept.",
        ),
    )
    chinese = Wording(
        subject=f"{wanted.inviter} 邀请您协作 {site} 上的 {name}",
        before=(
            f"{wanted.inviter} 邀请您成为 {site} 上{chinese_kind} {name} 的协作者。",
            f"您的角色将是：{chinese_role}。",
            "如果您还没有账号，请先用此邮箱注册，再打开此链接。",
        ),
        link_text="查看邀请",
        after=(
            f"链接 {wanted.days} 天内有效，且仅限您本人使用。",
            "如果您不认识邀请人，无需理会：只有接受邀请才会成为协作者。",
        ),
    )
    wordings = {"en": english, CHINESE: chinese}
    return letter(reader, wordings, link, unsubscribe=unsubscribe)


def accepted(reader: Reader, repo: Repo, person: str, link: str) -> Letter:
    """Tell whoever invited that somebody came."""
    english = Wording(
        subject=f"{person} works on {repo.full_name} now",
        before=(f"{person} accepted your invitation to {repo.full_name}.",),
        link_text="Collaborators",
    )
    chinese = Wording(
        subject=f"{person} 已成为 {repo.full_name} 的协作者",
        before=(f"{person} 接受了您的邀请，现已是 {repo.full_name} 的协作者。",),
        link_text="查看协作者",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def declined(reader: Reader, repo: Repo, person: str, link: str) -> Letter:
    """Tell whoever invited that somebody will not come."""
    english = Wording(
        subject=f"{person} declined to work on {repo.full_name}",
        before=(f"{person} declined your invitation to {repo.full_name}.",),
        link_text="Collaborators",
    )
    chinese = Wording(
        subject=f"{person} 谢绝协作 {repo.full_name}",
        before=(f"{person} 谢绝了您协作 {repo.full_name} 的邀请。",),
        link_text="查看协作者",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def changed(reader: Reader, repo: Repo, role: Role, link: str) -> Letter:
    """Tell of another role."""
    english_role, chinese_role = _ROLES[role]
    english = Wording(
        subject=f"Your role in {repo.full_name} changed",
        before=(f"Your role as a collaborator of {repo.full_name} is now: {english_role}.",),
        link_text=f"Open {repo.full_name}",
    )
    chinese = Wording(
        subject=f"您在 {repo.full_name} 的角色已变更",
        before=(f"您作为 {repo.full_name} 协作者的角色现为：{chinese_role}。",),
        link_text=f"打开 {repo.full_name}",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def removed(call: Call, reader: Reader, repo: Repo) -> Letter:
    """Tell somebody that they no longer work on it."""
    english = Wording(
        subject=f"You are no longer a collaborator of {repo.full_name}",
        before=(
            f"You were removed from the collaborators of {repo.full_name}.",
            "Your access tokens and keys no longer open what you saw there as a collaborator.",
        ),
        link_text="Repositories shared with you",
    )
    chinese = Wording(
        subject=f"您不再是 {repo.full_name} 的协作者",
        before=(
            f"您已被移出 {repo.full_name} 的协作者。",
            "您的访问令牌和密钥不再能访问您作为协作者可见的内容。",
        ),
        link_text="查看与您共享的仓库",
    )
    where = page(call, "/settings/collaborations")
    return letter(reader, {"en": english, CHINESE: chinese}, where)
