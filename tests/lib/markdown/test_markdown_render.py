"""Markdown is rendered in GitHub's dialect, with a card's addresses resolved."""

import pytest

from strata.lib.markdown.addresses import AddressKind
from strata.lib.markdown.highlight import highlight_code
from strata.lib.markdown.render import Heading, render


def resolve(address: str, kind: AddressKind) -> str:
    if "://" in address:
        return address
    return f"/o/r/{'blob' if kind is AddressKind.LINK else 'resolve'}/main/{address}"


def html_of(text: str) -> str:
    return render(text, resolve_link=resolve).html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("~~a~~", "<s>a</s>"),
        ("|a|\n|:-:|\n|b|", '<td align="center">b</td>'),
        ("- [x] a", '<li class="task-list-item"><input '),
        ("- [x] do **it**", 'aria-label="do it"'),
        ("<img src=a.png>", 'alt=""'),
        ("see https://e.example/a.", ' href="https://e.example/a"'),
        ("(https://e.example/a)", ' href="https://e.example/a"'),
        ("www.e.example", 'href="http://www.e.example"'),
        ("> [!WARNING]\n> a", '<div class="markdown-alert markdown-alert-warning">'),
        ("a[^1]\n\n[^1]: b", '<section class="footnotes">'),
        ("[a](b.md)", 'href="/o/r/blob/main/b.md"'),
        ("![a](b.png)", ' src="/o/r/resolve/main/b.png"'),
        ('<p align="center"><img src="b.png" width="60%"></p>', 'width="60%"'),
        ("<video src=v.mp4></video>", ' src="/o/r/resolve/main/v.mp4"'),
        ("<details><summary>a</summary>b</details>", "<details><summary>a</summary>b</details>"),
        ("![logo](https://e.example/l.png)", ' href="https://e.example/l.png"'),
        ("[![b](https://e.example/l.png)](c)", '<span class="external-media">b</span></a>'),
        ("[a](#uses)", 'href="#uses"'),
        ("# A", '<h2 id="a">'),
        ("```python\nx = 1\n```", '<span class="n">x</span>'),
        ("```nonsense\n<b>\n```", '<pre class="highlight"><code>&lt;b&gt;\n</code></pre>'),
        ("<source srcset='a.webp 2x'>", 'srcset="/o/r/resolve/main/a.webp 2x"'),
    ],
)  # fmt: skip
def test_a_construct_is_shown(text: str, shown: str) -> None:
    assert shown in html_of(text)


def test_headings_are_numbered_and_listed() -> None:
    rendered = render("# Use `it`!\n\n## 快速开始\n\n## 快速开始", resolve_link=resolve)

    assert rendered.toc == (
        Heading(1, "use-it", "Use it!"),
        Heading(2, "快速开始", "快速开始"),
        Heading(2, "快速开始-1", "快速开始"),
    )
    assert '<h3 id="快速开始-1">' in rendered.html


def test_several_texts_can_share_a_page() -> None:
    rendered = render("# A\n\n[b](#a)", resolve_link=resolve, id_prefix="c7-")

    assert 'id="c7-a"' in rendered.html
    assert rendered.html.count('href="#c7-a"') == 2
    assert rendered.toc[0].anchor == "c7-a"


def test_code_can_stay_uncoloured() -> None:
    assert "<span" not in render("```py\nx\n```", resolve_link=resolve, highlight=False).html


def test_each_line_of_a_file_stands_alone() -> None:
    lines = highlight_code('"""a\nb<c\n"""\n\nx = 1\n', "a.py")

    assert len(lines) == 5
    assert all(line.count("<span") == line.count("</span>") for line in lines)
    assert lines[1] == '<span class="sd">b&lt;c</span>'


@pytest.mark.parametrize("name", ["a.unknown", "README", "a.min.js"])
def test_a_file_that_cannot_be_coloured_is_escaped(name: str) -> None:
    text = "<b>" * 4000

    assert highlight_code(text, name) == ["&lt;b&gt;" * 4000]
