"""What the pages of the project name is there: files, headings, decisions."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "strata"
PAGES = (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md"))
DECISIONS = ROOT / "docs" / "adr"


def anchors(page: Path) -> set[str]:
    """The headings of a page as a link names them."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text("utf-8"))
    bare = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in bare}


def dead_links(page: Path) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if ":" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield f"{page.relative_to(ROOT)}: {link}"


def test_no_link_is_dead() -> None:
    assert [dead for page in PAGES for dead in dead_links(page)] == []


def test_modules_that_pages_name_are_there() -> None:
    named = {
        (page.name, path)
        for page in PAGES
        if page.parent != DECISIONS  # which tell of their day
        for path in re.findall(r"`(?:src/strata/)?([a-z_]+/[\w/]+\.py)`", page.read_text("utf-8"))
    }
    assert len(named) > 100
    homes = (SOURCE, SOURCE / "web" / "pages", ROOT, ROOT / "tests")
    assert {one for one in named if not any((home / one[1]).exists() for home in homes)} == set()


def test_every_decision_has_its_number_its_status_and_its_line_in_the_index() -> None:
    decisions = sorted(path.name for path in DECISIONS.glob("0*.md"))
    index = (DECISIONS / "README.md").read_text("utf-8")

    assert [int(name[:4]) for name in decisions] == list(range(1, len(decisions) + 1))
    for number, name in enumerate(decisions, 1):
        title, _, status = (DECISIONS / name).read_text("utf-8").splitlines()[:3]
        assert title.startswith(f"# {number}. "), name
        assert status.startswith("Status: binding, "), name
        assert f"| {number} | [{title.partition('. ')[2]}]({name}) |" in index, name
