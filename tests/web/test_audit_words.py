"""What the audit log keeps is said in the reader's language where the words are ours."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

import re
from collections.abc import Iterable
from typing import Final, get_args

import pytest

from strata.access.gates.record import Mode, Standing
from strata.access.policy.things import Gate
from strata.accounts.notices.choices import Kind
from strata.accounts.notices.times import Digest
from strata.accounts.plans.quotas import FREE, KEYS
from strata.accounts.profile.preferences import CODE_THEMES, LANDINGS
from strata.community.collections.record import Theme
from strata.core.actor import Role, TokenRole
from strata.events.webhooks.record import Domain
from strata.organizations.record import OrganizationKind
from strata.organizations.token_policy import TokenPolicy
from strata.web.pages.words.changes import told_of
from strata.web.pages.words.language import THEMES

OURS: Final[dict[str, Iterable[object]]] = {
    "code_theme": CODE_THEMES,
    "digest": Digest,
    "expires": ["never"],
    "gated": get_args(Gate),
    "kind": OrganizationKind,
    "landing": LANDINGS,
    "mode": get_args(Mode),
    "plan": [FREE],
    "policy": TokenPolicy,
    "private": [True, False],
    "readme": ["120 characters"],
    "role": [*Role, *TokenRole],
    "standing": Standing,
    "theme": [*THEMES, *Theme],
    "visibility": ["public", "private"],
}
LATIN: Final = re.compile(r"[A-Za-z]")
BRANDS: Final = re.compile(r"\b(?:API|GPG|SSH|Webhook)\b")


def said(name: str, value: object, type_: str = "org.settings.update") -> str:
    detail = {"before": {name: value}, "after": {name: None}}
    return BRANDS.sub("", told_of("zh-CN", type_, detail))


@pytest.mark.parametrize("name", OURS)
def test_a_value_that_is_ours_is_said_in_the_readers_language(name: str) -> None:
    told = [said(name, getattr(one, "value", one)) for one in OURS[name]]
    assert told
    assert [line for line in told if LATIN.search(line)] == []


def test_lists_and_values_with_fields_of_their_own_are_said_too() -> None:
    assert said("domains", [one.value for one in Domain]) == "事件：仓库、讨论 → —"
    assert said("watched", ["user ana", "model ana/one"]) == "关注对象：用户 ana、模型 ana/one → —"
    assert said("quiet", {"begins": 1320, "ends": 425}) == "免打扰时段：22:00–07:05 → —"
    for kind in Kind:
        assert LATIN.search(said(kind.value, {"web": True, "mail": False})) is None, kind
    for key in KEYS:
        assert LATIN.search(said(key, 5)) is None, key


def test_reasons_are_ours_only_where_nobody_writes_them() -> None:
    def reason(type_: str, given: str) -> str:
        return told_of("zh-CN", type_, {"reason": given})

    assert reason("webhook.disable", "owner") == "原因：由所有者停用"
    assert reason("webhook.disable", "failing") == "原因：持续失败时间过长"
    for given in ("honeypot", "too fast"):
        assert LATIN.search(reason("account.signup_trapped", given)) is None
    assert reason("admin.user_suspend", "owner") == "原因：owner"  # as an operator wrote it


def test_what_people_chose_stays() -> None:
    assert said("plan", "Lab") == "套餐：Lab → —"
    assert said("full_name", "public") == "姓名：public → —"
    assert said("title", "model") == "标题：model → —"


def test_what_did_not_change_is_not_told() -> None:
    before = {"gated": False, "everywhere": [], "namespaces": {"3": ["collection.read"]}}
    after = {**before, "namespaces": {"3": ["repo.content.read"]}}
    assert told_of("en", "token.edit", {"before": before, "after": after}) == (
        "people and organizations: 3 collection.read → 3 repo.content.read"
    )
