"""The mails about plans and what is used of them, in both languages."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter

PLAN_PAGE = "/settings/billing"


def decision_letter(call: Call, reader: Reader, owner: str, plan: str, answer: str) -> Letter:
    """Tell somebody what became of their request; without a plan it was declined."""
    said_en = (f"The administrators write: {answer}",) if answer else ()
    said_zh = (f"管理员留言：{answer}",) if answer else ()
    if plan:
        english = (f"{owner} has the plan {plan} now.", *said_en)
        chinese = (f"{owner} 现在使用套餐 {plan}。", *said_zh)
        subjects = f"More room for {owner}", f"{owner} 的扩容申请已通过"
    else:
        english = (f"Your request for more room for {owner} was declined.", *said_en)
        chinese = (f"您为 {owner} 提交的扩容申请未获批准。", *said_zh)
        subjects = f"Your request for {owner} was declined", f"{owner} 的扩容申请未通过"
    wordings = {
        "en": Wording(subjects[0], english, "See plan and quota"),
        CHINESE: Wording(subjects[1], chinese, "查看套餐与配额"),
    }
    return letter(reader, wordings, page(call, PLAN_PAGE))


def usage_letter(call: Call, reader: Reader, owner: str, kind: str, percent: int) -> Letter:
    """Tell that storage is nearly, or entirely, used up.

    Args:
        kind: "private" or "public".
    """
    kind_zh = "私有" if kind == "private" else "公开"
    full = percent >= 100
    english = (
        f"{owner} has used up its {kind} storage. Uploads that do not fit are refused;"
        " what is there stays."
        if full
        else f"{owner} has used {percent}% of its {kind} storage."
    )
    chinese = (
        f"{owner} 的{kind_zh}存储已用尽。超出配额的上传会被拒绝，已有内容不受影响。"
        if full
        else f"{owner} 的{kind_zh}存储已使用 {percent}%。"
    )
    more = "Free space, or ask for more on the page.", "请清理空间，或在页面上申请扩容。"
    wordings = {
        "en": Wording(
            f"{owner}: {percent}% of {kind} storage used",
            (english, more[0]),
            "See plan and quota",
        ),
        CHINESE: Wording(
            f"{owner}：{kind_zh}存储已使用 {percent}%",
            (chinese, more[1]),
            "查看套餐与配额",
        ),
    }
    return letter(reader, wordings, page(call, PLAN_PAGE))
