"""The mails to those to whom a repo belongs, or belonged, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strata.access.plans.owners import answering_for
from strata.accounts import people
from strata.core.call import Work
from strata.core.names import RepoType
from strata.events.letters import CHINESE, Wording, letter, page
from strata.events.outbox import post
from strata.repos.record import Repo

TYPES: Final = {
    RepoType.MODEL: "模型",
    RepoType.DATASET: "数据集",
    RepoType.SPACE: "应用空间",
    RepoType.KERNEL: "内核",
    RepoType.BUCKET: "存储桶",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened to a repo; each pair is English, Chinese.

    `{who}` did it, `{kind}` is the type, `{repo}` the name before, `{now}` the name after.
    """

    subject: tuple[str, str]
    sentence: tuple[str, str]
    advice: tuple[str, str]


MOVED: Final = Notice(
    ("{repo} was transferred to {owner}", "{repo} 已转移给 {owner}"),
    (
        "{who} transferred the {kind} {repo}. It is now {now}.",
        "{who} 转移了{kind} {repo}，现为 {now}。",
    ),
    (
        "Whoever it belongs to now decides who may see and change it.",
        "今后由新的所有者决定谁可以查看和修改。",
    ),
)  # fmt: skip
DELETED: Final = Notice(
    ("{repo} was deleted", "{repo} 已删除"),
    ("{who} deleted the {kind} {repo}.", "{who} 删除了{kind} {repo}。"),
    (
        "If that was not meant to happen, write to the people who run this site at once.",
        "如果这不是有意为之，请立即联系本站管理员。",
    ),
)
PUBLIC: Final = Notice(
    ("{repo} is public now", "{repo} 已公开"),
    ("{who} made the {kind} {repo} public.", "{who} 将{kind} {repo} 设为公开。"),
    (
        "Everybody can read it and its history. Make it private at once if nobody meant that.",
        "所有人都可以查看其内容和全部历史。如果这不是有意为之，请立即重新设为私有。",
    ),
)


def tell_owners(work: Work, notice: Notice, repo: Repo, now: Repo | None = None) -> None:
    """Write to those who answer for a repo: each person once, whoever did it included.

    Args:
        repo: as it was.
        now: where it moved; those who answer for it there are told as well.
    """
    owners = {repo.owner_id, (now or repo).owner_id}
    readers = {one.id: people.reader(one) for key in owners for one in answering_for(work, key)}
    names = {
        "who": work.actor.name or work.hub.settings.site_name,
        "repo": repo.full_name,
        "now": (now or repo).full_name,
        "owner": (now or repo).namespace,
    }
    link = "" if notice is DELETED else page(work, (now or repo).web_path)
    for reader in readers.values():
        english = _wording(notice, 0, names | {"kind": repo.type.value})
        chinese = _wording(notice, 1, names | {"kind": TYPES[repo.type]})
        post(work, letter(reader, {"en": english, CHINESE: chinese}, link))


def _wording(notice: Notice, language: int, names: dict[str, str]) -> Wording:
    return Wording(
        subject=notice.subject[language].format(**names),
        before=(notice.sentence[language].format(**names),),
        link_text=("Open {now}", "打开 {now}")[language].format(**names),
        after=(notice.advice[language],),
    )
