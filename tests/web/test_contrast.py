"""The colours of tokens.css can be read, in every theme (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from itertools import product

import pytest

from strata.web.pages.frame.assets import assets

TEXT = 4.5
CONTROL = 3.0
HIGH_TEXT = 7.0
HIGH = ("high contrast light", "high contrast dark")
THEMES = ("light", "dark", "system dark", *HIGH)
GROUNDS = ("canvas", "surface", "sunken")
INKS = [
    "ink",
    "ink-2",
    "ink-3",
    "accent",
    "link",
    "warn",
    "danger",
    "ok",
    "info",
    "model",
    "dataset",
    "space",
    "kernel",
    "bucket",
]
PAIRS = [
    *product(INKS, GROUNDS),
    *((name, f"{name}-soft") for name in ("accent", "ok", "warn", "danger", "info")),
    *(("ink", f"{name}-soft") for name in ("accent", "ok", "warn", "danger", "info")),
    ("ink-2", "accent-soft"),
    ("link", "ok-soft"),
    ("ink-3", "warn-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-danger", "danger"),
]


def themes() -> dict[str, dict[str, str]]:
    sheet = assets().by_name["css/tokens.css"].body.decode()
    blocks = re.findall(r"([^{}]+)\{([^{}]*--canvas[^{}]*)\}", sheet)
    values = [dict(re.findall(r"--([a-z0-9-]+): (#[0-9A-F]{6});", body)) for _, body in blocks]
    return dict(zip(THEMES, values, strict=True))


def code_themes() -> dict[str, dict[str, str]]:
    """Give the colours of code by theme of the page; `var(--…)` is looked up there."""
    sheet = assets().by_name["css/tokens.css"].body.decode()
    blocks = re.findall(r"([^{}]+)\{([^{}]*--code-keyword[^{}]*)\}", sheet)
    values = [dict(re.findall(r"--code-([a-z]+): ([^;]+);", body)) for _, body in blocks]
    page, warm, warm_dark, warm_system, ink = values
    assert warm_dark == warm_system
    found = {f"warm {name}": colours for name, colours in (("light", warm), ("dark", warm_dark))}
    for theme in ("light", "dark", *HIGH):
        for name, colours in (("page", page), ("ink", ink)):
            known = themes()[theme]
            found[f"{name} {theme}"] = {
                part: known[value.removeprefix("var(--").removesuffix(")")]
                for part, value in colours.items()
            }
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_agrees_with_known_pairs() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_every_ground(theme: str) -> None:
    colours = themes()[theme]

    weak = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in PAIRS
        if contrast(colours[pair[0]], colours[pair[1]]) < TEXT
    }

    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("line", ["line-strong", "focus"])
def test_lines_of_controls_can_be_seen(theme: str, line: str) -> None:
    colours = themes()[theme]

    assert all(
        contrast(colours[line], colours[ground]) >= CONTROL for ground in ("surface", "canvas")
    )


@pytest.mark.parametrize("theme", HIGH)
def test_high_contrast_is_seven_to_one(theme: str) -> None:
    colours = themes()[theme]

    weak = {pair for pair in PAIRS if contrast(colours[pair[0]], colours[pair[1]]) < HIGH_TEXT}
    lines = {
        (line, ground)
        for line, ground in product(("line", "line-strong", "focus"), ("surface", "canvas"))
        if contrast(colours[line], colours[ground]) < TEXT
    }

    assert (weak, lines) == (set(), set())
    assert set(colours) == set(themes()["light"])


@pytest.mark.parametrize("name", sorted(code_themes()))
def test_code_can_be_read_in_each_of_its_colours(name: str) -> None:
    colours = code_themes()[name]
    theme = name.partition(" ")[2]
    least = HIGH_TEXT if theme in HIGH else TEXT
    grounds = ("surface", "canvas", "sunken", "warn-soft", "ok-soft", "danger-soft")

    weak = {
        (part, ground): round(contrast(colour, themes()[theme][ground]), 2)
        for (part, colour), ground in product(colours.items(), grounds)
        if contrast(colour, themes()[theme][ground]) < least
    }

    assert weak == {}
    assert colours["keyword"] != colours["comment"]


def test_the_systems_dark_is_the_chosen_dark() -> None:
    assert themes()["system dark"] == themes()["dark"]
