"""What js/proof.js and js/once.js count on: every form is sent by the browser itself, and once."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from strata.web.pages.frame.render import Frame, Viewer, page

PAGES = Path(str(files("strata.web.pages")))
BY_SCRIPT = ("target=", "formaction", "formmethod", "formenctype", "onsubmit", 'method="dialog"')


def posting() -> Iterator[tuple[str, str]]:
    """Each form that writes, as its template has it."""
    for file in sorted((PAGES / "templates").rglob("*.html")):
        for tag in re.findall(r"<form\b[^>]*>", file.read_text("utf-8")):
            if 'method="post"' in tag:
                yield str(file.relative_to(PAGES)), tag


def test_every_form_that_writes_is_sent_once() -> None:
    """A passkey may be asked for again when nobody had one at hand."""
    found = list(posting())
    assert len(found) > 100
    assert [one for one in found if not re.search(r"data-(once|passkey)\b", one[1])] == []


def test_no_form_is_sent_otherwise_than_by_the_browser() -> None:
    assert [one for one in posting() if any(way in one[1] for way in BY_SCRIPT)] == []
    for file in sorted((PAGES / "templates").rglob("*.html")):
        assert not re.search(r"\bform(action|method|enctype|target)=", file.read_text("utf-8")), (
            file
        )
    scripts = {file.name: file.read_text("utf-8") for file in (PAGES / "static/js").glob("*.js")}
    sending = {name for name, text in scripts.items() if re.search(r"body(:| =).*FormData", text)}
    assert sending == {"proof.js"}  # the forms of its own dialog


@pytest.mark.parametrize("base", ["https://hub.example", "https://hub.example/prefix"])
def test_pages_of_a_session_know_where_a_proof_is_taken(base: str) -> None:
    context = {
        "status": 404,
        "message": "",
        "wait": "",
        "request_id": "",
        "gate_path": "",
        "told_whole": False,
        "onward": None,
    }
    shown = [
        page("page_error.html", Frame("Hub", base, "1", viewer=viewer), **context)
        for viewer in (Viewer("ana"), None)
    ]
    place = f'data-prove="{base.removeprefix("https://hub.example")}/settings/confirm-access"'
    assert [place in text for text in shown] == [True, False]
    assert all("js/strata.js" in text for text in shown)
    assert "startProofs();" in (PAGES / "static/js/strata.js").read_text("utf-8")
