"""The head of a card is found, read strictly, and refused with the line that is wrong."""

import time

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.markdown.front_matter import MAX_CHARACTERS, BadFrontMatter, load, split


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("---\na: 1\n---\n# b", ("a: 1", "# b", 3)),
        ("---\r\na: 1\r\nb: 2\r\n---\r\nc", ("a: 1\r\nb: 2", "c", 4)),
        ("\n---\na: 1\n---", ("a: 1", "", 4)),
        ("---\n---\nb", ("", "b", 2)),
        ("\ufeff---\na: 1\n---\nb", ("a: 1", "b", 3)),
        ("# no block\n---\na: 1\n---\n", (None, "# no block\n---\na: 1\n---\n", 0)),
        ("---\nnever closed", (None, "---\nnever closed", 0)),
        ("---\na: x --- y\n---\nb", ("a: x --- y", "b", 3)),
        ("", (None, "", 0)),
    ],
)
def test_the_block_is_split_off(text: str, parts: tuple[str | None, str, int]) -> None:
    yaml_text, body, lines = split(text)

    assert (yaml_text, body) == parts[:2]
    if yaml_text is not None and body:
        assert lines == parts[2]


def test_values_are_those_of_yaml_1_2() -> None:
    text = """\
license: mit
language: [en, no, zh]
date: 2020-01-01
yes_word: on
flag: true
nothing:
tilde: ~
number: 12
negative: -3
float: 1.5e3
version: 1.10.2
octal: 0o17
leading: 007
quoted: "12"
huge: 123456789012345678901234567890
endless: .inf
time: 12:30:45
"merge": {<<: a}
12: key
"""

    assert load(text) == {
        "license": "mit",
        "language": ["en", "no", "zh"],
        "date": "2020-01-01",
        "yes_word": "on",
        "flag": True,
        "nothing": None,
        "tilde": None,
        "number": 12,
        "negative": -3,
        "float": 1500.0,
        "version": "1.10.2",
        "octal": "0o17",
        "leading": "007",
        "quoted": "12",
        "huge": "123456789012345678901234567890",
        "endless": ".inf",
        "time": "12:30:45",
        "merge": {"<<": "a"},
        "12": "key",
    }


def test_an_empty_block_is_an_empty_card() -> None:
    assert load("") == {}
    assert load("# only a comment") == {}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3", 4, "'a' is repeated"),
        ("a:\n  b: 1\n  b: 2", 4, "'b' is repeated"),
        ("a: &x 1\nb: 2", 2, "Anchors"),
        ("a: *x", 2, "Aliases"),
        ("a: 1\nb: !!python/object/apply:os.system [id]", 3, "Tags"),
        ("a: !local x", 2, "Tags"),
        ("- a\n- b", 2, "key: value"),
        ("just text", 2, "key: value"),
        ("a: 1\nb: [1, 2", 3, "not valid YAML"),
        ("a: 1\n\tb: 2", 3, "not valid YAML"),
        ("a: b: c", 2, "not valid YAML"),
        ("a: \x00", 2, "not valid YAML"),
        ("? [a, b]\n: c", 2, "plain text"),
        ("a: 1\n---\nb: 2", 3, "one YAML document"),
        ("a: " + "[" * 60 + "]" * 60, 2, "nested"),
        ("a: " + "[" * 50_000, 2, ""),
        ("a: [" + "1," * 60_000 + "]", 2, "more than"),
        ("a" * 2000 + ": 1", 2, ""),
        ("a: " + "x" * MAX_CHARACTERS, 2, "KiB"),
    ],
)
def test_a_bad_block_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(BadFrontMatter) as refused:
        load(text)

    assert message in refused.value.message
    assert refused.value.line == line


def test_a_bomb_is_refused_at_once() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9) if n else 'x'}]" for n in range(9)]
    started = time.process_time()

    with pytest.raises(BadFrontMatter):
        load("\n".join(levels))

    assert time.process_time() - started < 1


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-[]{},&*!?|>'\"#%@~ \n\t\x00é1.<"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = load(text)
    except BadFrontMatter as refused:
        value = {"refused at": refused.line}

    assert isinstance(value, dict)
    assert value.get("refused at") != 0
