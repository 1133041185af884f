"""What of a call is kept: no secret, and not too much."""

import pytest

from strata.events.webhooks.masks import KEPT, MASK, Masks, masked_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/in", "https://a.example/in"),
        ("https://a.example/in?secret=x", f"https://a.example/in?secret={MASK}"),
        ("https://a.example/?a=1&b=&c=x%3D", f"https://a.example/?a={MASK}&b=&c={MASK}"),
        ("https://a.example/?hush", f"https://a.example/?{MASK}"),
        ("https://a.example/?a=b=c#d", f"https://a.example/?a={MASK}#d"),
    ],
)
def test_a_shown_address_has_no_values(url: str, shown: str) -> None:
    assert masked_url(url) == shown


def test_an_echo_is_masked_in_every_spelling() -> None:
    masks = Masks("https://a.example/?k=se%63ret&x=1", {"X-Webhook-Secret": "secret-and-more"})

    assert masks.text("se%63ret secret secret-and-more") == f"{MASK} {MASK} {MASK}"
    assert masks.text("1 and 10") == "1 and 10"  # too short to be told from anything else
    assert masks.head("200", [("x-echo", "secret")]) == f"200\nx-echo: {MASK}"


def test_a_long_text_is_cut_after_it_was_masked() -> None:
    masks = Masks("https://a.example/", {"X-Webhook-Secret": "s" * 200})

    cut = masks.text("x" * (KEPT - 30) + "s" * 200 + "ö" * KEPT)
    assert len(cut.encode()) <= KEPT + len("…".encode())
    assert "s" not in cut
    assert masks.text("a\0b") == "a\N{REPLACEMENT CHARACTER}b"
