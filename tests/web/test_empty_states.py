"""Where there is nothing, a sentence, something to do, and a chapter that tells more (§2.0)."""

import re
from pathlib import Path

import strata.web.pages

TEMPLATES = Path(strata.web.pages.__file__).parent / "templates"
_CALL = re.compile(r"empty_state\((?!text).*?\) [%}]\}")


def _told(template: str) -> str:
    return (TEMPLATES / template).read_text()


def test_every_empty_list_leads_to_a_chapter_of_the_help_that_is_there() -> None:
    calls = [call for one in TEMPLATES.rglob("*.html") for call in _CALL.findall(one.read_text())]
    assert len(calls) > 40
    named = [re.search(r"docs='([a-z]+)'", call) for call in calls]
    assert [call for call, chapter in zip(calls, named, strict=True) if chapter is None] == []
    chapters = set(re.findall(r'<h2 id="([a-z]+)"', _told("repos/docs.html"))) | {"start"}
    assert {chapter[1] for chapter in named if chapter} <= chapters


def test_the_list_of_chapters_names_them_all_in_their_order() -> None:
    page = _told("repos/docs.html")
    listed = re.findall(
        r"\('([a-z]+)', ", page.partition("{% for anchor, text in [")[2].split("]")[0]
    )
    assert listed == re.findall(r'<h2 id="([a-z]+)"', page)
