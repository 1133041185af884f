"""The icons of the sprite and those that pages show are the same ones: every page carries them."""

import re
from pathlib import Path

import strata
from strata.web.pages.frame.assets import icon_names

WEB = Path(strata.__file__).parent / "web"
PAGES = WEB / "pages"
LITERAL = re.compile(
    r"""\bicon\(\s*["']([a-z0-9-]+)["']|\b(?:picture|opener_icon)=["']([a-z0-9-]+)["']"""
)


def test_every_icon_is_shown_somewhere_and_exists() -> None:
    templates = "".join(path.read_text("utf-8") for path in PAGES.glob("templates/**/*.html"))
    others = [*WEB.glob("**/*.py"), *PAGES.glob("static/js/*.js")]
    said = templates + "".join(path.read_text("utf-8") for path in others)

    quoted = set(re.findall(r"""["']([a-z0-9-]+)["']""", said))
    shown = {first or second for first, second in LITERAL.findall(templates)}

    assert icon_names() - quoted == set(), "take them out of static/icons.svg"
    assert shown - icon_names() == set(), "draw them in static/icons.svg"
