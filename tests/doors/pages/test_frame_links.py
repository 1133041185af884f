"""Every address of the header, the footer and the failure page leads somewhere."""

import re
from collections.abc import Callable

import pytest

from doors.pages.visitors import Visitor, confirmed
from strata.core.hub import Hub

_LINK = re.compile(r'<(?:a|link)\b[^>]*?\bhref="([^"]+)"')
_SEARCH = re.compile(r'<form\b[^>]*?\baction="([^"]+)" method="get"')


def stranger(hub: Hub) -> Visitor:
    return Visitor(hub)


def person(hub: Hub) -> Visitor:
    return confirmed(hub, "li-wei")


def newcomer(hub: Hub) -> Visitor:
    """Give the browser of somebody who did not confirm their address yet."""
    visitor = Visitor(hub)
    visitor.join("li-wei")
    return visitor


def dead_ends(visitor: Visitor, path: str) -> list[tuple[str, int]]:
    """Open a page and every address of this site in it; those that lead nowhere."""
    text = visitor.open(path).text
    links = {*_LINK.findall(text), *_SEARCH.findall(text)}
    # A page leads to itself in other languages; of a failure that is a failure again.
    places = {link for link in links if link.startswith("/") and not link.startswith(f"{path}?")}
    assert {
        "/docs",
        "/models",
        "/search/full-text",
        "/terms-of-service",
        "/content-guidelines",
    } <= places
    answers = [(place, visitor.client.get(place, follow_redirects=True)) for place in places]
    return [(place, answer.status_code) for place, answer in answers if answer.status_code >= 400]


def test_the_header_leads_to_the_five_places_of_every_page(hub: Hub) -> None:
    """Brand, search, then these (product §2.0); on a phone they stand in the menu."""
    header = re.findall(r"<header.*?</header>", stranger(hub).open("/models").text, re.DOTALL)[0]
    places = ["/models", "/datasets", "/spaces", "/collections", "/docs"]
    lists = re.findall(r"<ul>(.*?)</ul>", header, re.DOTALL)
    assert [_LINK.findall(one) for one in lists].count(places) == 2


@pytest.mark.parametrize("visitor_of", [stranger, person, newcomer])
@pytest.mark.parametrize("path", ["/terms-of-service", "/li-wei/nothing"])
def test_every_link_of_the_frame_is_served(
    hub: Hub, path: str, visitor_of: Callable[[Hub], Visitor]
) -> None:
    assert dead_ends(visitor_of(hub), path) == []
