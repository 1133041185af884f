"""The sentences of product §5.10 that pages on the way in show, word for word in both languages."""

# ruff: noqa: E501, RUF001 — a table, and Chinese sentences have Chinese punctuation.

from pathlib import Path

import pytest

import strata
from strata.web.pages.words.language import translated
from strata.web.pages.words.phrases import ERRORS

MASK, WAIT = "l•••@qq.com", "5 minutes"
COPY = [
    ("auth.bad_credentials", "That e-mail/username and password don't match.", "邮箱/用户名或密码不正确。"),
    ("auth.locked", "Too many attempts. Try again in 5 minutes, or reset your password.", "尝试次数过多，请在 5 minutes 后重试，或重置密码。"),
    ("auth.unverified", "Confirm your e-mail to do this. We sent a link to l•••@qq.com.", "请先验证邮箱再执行此操作。验证链接已发送至 l•••@qq.com。"),
    ("auth.suspended", "This account is suspended: spam. Contact ops@x.example.", "该账号已被停用：spam。请联系 ops@x.example。"),
    ("auth.2fa_bad", "That code is wrong or expired.", "验证码错误或已过期。"),
    ("email.blocked_domain", "Addresses at x.example can't be used here.", "此处不接受 x.example 的邮箱地址。"),
    ("email.invalid", "This doesn't look like an e-mail address.", "邮箱格式不正确。"),
    ("pw.too_short", "Use at least 8 characters.", "至少 8 个字符。"),
    ("pw.need_upper", "Add an uppercase letter.", "需包含大写字母。"),
    ("pw.need_lower", "Add a lowercase letter.", "需包含小写字母。"),
    ("pw.need_special", "Add a special symbol such as ! @ #.", "需包含特殊符号（如 ! @ #）。"),
    ("pw.common", "This password is too common.", "该密码过于常见。"),
    ("consent.required", "Please agree to both documents to continue.", "请先同意用户协议与隐私政策。"),
    ("name.taken", "li is taken.", "li 已被占用。"),
    ("name.reserved", "li is reserved.", "li 为保留名称。"),
    ("name.invalid", "Letters, numbers and single dashes only; not only numbers; no dash at the start or end.", "仅限字母、数字和单个连字符；不能全为数字；连字符不能在首尾。"),
    ("rate.limited", "Too many requests. Try again in 5 minutes.", "请求过于频繁，请在 5 minutes 后重试。"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "english", "chinese"), COPY, ids=[row[0] for row in COPY])
def test_the_sentence_is_that_of_the_product(code: str, english: str, chinese: str) -> None:
    values = {"mask": MASK, "t": WAIT, "domain": "x.example", "name": "li"}
    values |= {"reason": "spam", "contact": "ops@x.example"}
    shown = [translated(language, ERRORS[code], **values) for language in ("en", "zh-CN")]
    assert shown == [english, chinese]


def test_no_sentence_waits_for_somebody_to_show_it() -> None:
    source = Path(strata.__file__).parent
    there = [path for path in source.rglob("*.py") if path.name != "phrases.py"]
    shown = "".join(path.read_text("utf-8") for path in there)
    assert [code for code in ERRORS if f'"{code}"' not in shown] == []
