"""Which names look alike, and which texts deceive the eye."""

# ruff: noqa: RUF001 — letters that look like others are what this is about.

import pytest

from strata.lib.lookalikes.names import skeleton
from strata.lib.lookalikes.scripts import hides_letters, mixes_scripts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob1", "bobl"), ("bob1", "bobI"), ("O-Neil", "0neil"), ("modern", "modem"),
        ("vvalter", "Walter"), ("ana-maria", "AnaMaria"), ("marla", "marIa"), ("a_b.c", "a-b-c"),
    ],
)  # fmt: skip
def test_names_that_are_taken_for_each_other_have_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "ana"), ("bob1", "bob2"), ("maria", "marla"), ("v1-1", "v11"), ("lan", "ian"),
        ("carl", "card"), ("team5", "teams"), ("star-net", "stamet"), ("zoe", "2oe"),
    ],
)  # fmt: skip
def test_ordinary_names_stay_apart(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    "text",
    ["Zoë Müller", "Анна Каренина", "Ζωή", "李伟 Wei", "山田 太郎 タロウ", "김민준 Kim", "नमस्ते",
     "Đặng Thị", "O'Neil, Jr. (3rd)", "José 🎉 ❤️", "ﬁne", "", "محمد", "ㄅㄆ 汉 Han"],
)  # fmt: skip
def test_what_people_are_called_passes(text: str) -> None:
    assert not mixes_scripts(text)
    assert not hides_letters(text)


@pytest.mark.parametrize(
    "text", ["Аnna", "Ivan Петров", "αlpha", "Microsоft", "Ꭺpple", "김Анна", "ｍicrosоft"]
)
def test_scripts_that_nobody_writes_together_are_mixed(text: str) -> None:
    assert mixes_scripts(text)


@pytest.mark.parametrize(
    "text",
    ["ad\u200bmin", "\u202enimda", "a\u2066b", "x\u3164", "\u2800", "a\u034fb", "a\ufe0fb",
     "Z\u0337\u0337\u0322\u0321\u031b", "a\u200db", "tab\there", "\ue000"],
)  # fmt: skip
def test_what_is_not_seen_is_found(text: str) -> None:
    assert hides_letters(text)


def test_a_long_text_is_judged_in_no_time() -> None:
    """No pattern goes back over what it has read."""
    assert mixes_scripts("a" * 100_000 + "а")
    assert not mixes_scripts("漢a" * 50_000)
