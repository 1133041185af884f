"""`@name` and `#12` in prose."""

import time

import pytest

from strata.lib.markdown.render import marks_in, render


def linked(text: str) -> str:
    return render(text, resolve_link=lambda address, _: address, refer=lambda m: f"/{m[1:]}").html


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("@ana and @bob-2, see #12.", ("@ana", "@bob-2", "#12")),
        ("(@a_b) **@bold** > @quoted", ("@a_b", "@bold", "@quoted")),
        ("@ana @ana #1 #1", ("@ana", "#1")),
        ("# Title for @ana", ("@ana",)),
        ("- one #3\n- two", ("#3",)),
        ("me@example.com, x/@y, a.@b, &#39; ##4 #0 #1234567890 @", ()),
        ("`@code` and\n\n    @block #5\n\n```\n@fence\n```", ()),
        ("[@bob](/x) <a href='/y'>@eve #6</a> https://example.com/@who#7", ()),
        ("@end.", ("@end",)),
        ("@中文 @ok", ("@ok",)),
    ],
)
def test_marks_are_found_in_prose_only(text: str, marks: tuple[str, ...]) -> None:
    assert marks_in(text) == marks


def test_marks_become_links_where_they_mean_something() -> None:
    html = render(
        "@ana, @zoe: #1 & `#1`",
        resolve_link=lambda address, _: f"/hub{address}",
        refer={"@ana": "/ana", "#1": "/r/discussions/1"}.get,
    ).html
    assert html == (
        '<p><a href="/hub/ana" rel="nofollow noopener">@ana</a>, @zoe: '
        '<a href="/hub/r/discussions/1" rel="nofollow noopener">#1</a> &amp; '
        "<code>#1</code></p>\n"
    )


def test_nothing_is_linked_unless_asked_for() -> None:
    assert render("@ana #1", resolve_link=lambda address, _: address).html == "<p>@ana #1</p>\n"


@pytest.mark.parametrize(
    "piece", ["@a ", "@", "#1", "@a.", "<a href=x>@b", "[@a](", "</a>@a ", "@a_b*"]
)
def test_hostile_texts_take_their_time_in_line(piece: str) -> None:
    began = time.perf_counter()
    linked((piece * 65_536)[:65_536])
    assert time.perf_counter() - began < 3
