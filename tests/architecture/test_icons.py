"""The icons of the sprite and those that pages show are the same ones: every page carries them."""

import re
from pathlib import Path

import strata
from strata.web.pages.frame.assets import icon_names

PAGES = Path(strata.__file__).parent / "web" / "pages"
LITERAL = re.compile(
    r"""\bicon\(\s*["']([a-z0-9-]+)["']|\b(?:picture|opener_icon)=["']([a-z0-9-]+)["']"""
)
# Not what is compared with, nor another attribute's value: `kind == 'file'`, `type="file"`.
WORD = re.compile(r"""(?<![=!]= )(?<!(?<!\bpicture)(?<!\bopener_icon)=)["']([a-z0-9-]+)["']""")
# Of the modules, these alone name icons; in others such a word is of a protocol or a setting.
GIVERS = ("frame/labels.py", "inbox/words.py", "words/scopes.py")


def test_every_icon_is_shown_somewhere_and_exists() -> None:
    templates = "".join(path.read_text("utf-8") for path in PAGES.glob("templates/**/*.html"))
    said = templates + "".join((PAGES / path).read_text("utf-8") for path in GIVERS)

    shown = {first or second for first, second in LITERAL.findall(templates)}

    assert icon_names() - set(WORD.findall(said)) == set(), "take them out of static/icons.svg"
    assert shown - icon_names() == set(), "draw them in static/icons.svg"
