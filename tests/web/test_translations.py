"""Every sentence of the pages has a Chinese translation that can be shown."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from strata.web.pages.repo.settings.general import told
from strata.web.pages.words.language import (
    LANGUAGES,
    catalogue,
    choose_language,
    choose_theme,
    marks,
    translated,
)
from strata.web.pages.words.phrases import ERRORS

ROOT = Path(__file__).parents[2]


def run_check(script: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, script, "check"], capture_output=True, text=True, check=False
    )


def test_every_marked_sentence_is_translated_and_keeps_its_placeholders() -> None:
    checked = run_check(ROOT / "scripts" / "translations")

    assert checked.stdout == ""
    assert checked.returncode == 0, checked.stderr


def test_no_template_writes_the_space_between_sentences_itself() -> None:
    """Chinese has none; `{{ gap }}` knows."""
    own = re.compile(r"\.'[^{}]*\) \}\}(\{%[^%]*%\})* +(\{%[^%]*%\})*(\{\{ (_|n?gettext)\(|<a )")
    templates = (ROOT / "src/strata/web/pages/templates").rglob("*.html")

    assert [one.name for one in templates if own.search(one.read_text(encoding="utf-8"))] == []


def test_no_module_writes_the_space_between_sentences_itself() -> None:
    """As templates: `sentences` knows."""
    own = re.compile(r"""["'] ["']\.join\(\s*(_sentence|phrase|translated)\(""")
    modules = (ROOT / "src/strata/web").rglob("*.py")

    assert [one.name for one in modules if own.search(one.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "li is taken. li is reserved."), ("zh-CN", "li 已被占用。li 为保留名称。")],
)
def test_what_is_wrong_with_a_field_is_told_as_the_language_writes_it(
    language: str, said: str
) -> None:
    faults = told(language, {"new_name": "li"}, {"new_name": ("name.taken", "name.reserved")})

    assert faults == {"new_name": said}


def test_every_language_has_its_marks() -> None:
    assert [marks(language).colon.strip() for language in LANGUAGES] == [":", "："]  # noqa: RUF001 — Chinese


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("", "'A new one' has no zh_CN translation"),
        ('msgid "A new one"\nmsgstr ""\n', "'A new one' is empty"),
        ('#, fuzzy\nmsgid "A new one"\nmsgstr "新"\n', "'A new one' is fuzzy"),
        ('msgid "Of %(t)s"\nmsgstr "%(x)s"\n', "other placeholders"),
        ('msgid "An old one"\nmsgstr "旧"\n', "'An old one' is said nowhere"),
        ('msgctxt "verb"\nmsgid "A new one"\nmsgstr "新"\n', "'A new one' is said nowhere"),
    ],
)
def test_the_check_finds_what_is_wrong(tmp_path: Path, entry: str, complaint: str) -> None:
    pages = tmp_path / "src" / "strata" / "web" / "pages"
    folder = pages / "translations" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (pages / "templates").mkdir()
    (pages / "templates" / "a.html").write_text("{{ _('A new one') }}")
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (folder / "a.po").write_text(header + entry, "utf-8")
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "translations"
    script.write_bytes((ROOT / "scripts" / "translations").read_bytes())

    checked = run_check(script)

    assert complaint in checked.stdout
    assert checked.returncode == 1


def test_shared_sentences_have_chinese() -> None:
    known = catalogue("zh-CN")

    missing = [text for text in ERRORS.values() if not known.get(text)]

    assert missing == []


def test_sentences_are_filled_in_the_readers_language() -> None:
    assert translated("en", ERRORS["name.taken"], name="li") == "li is taken."
    assert translated("zh-CN", ERRORS["name.taken"], name="li") == "li 已被占用。"
    assert translated("zh-CN", "No sentence of ours") == "No sentence of ours"


@pytest.mark.parametrize(
    ("query", "cookie", "header", "default", "chosen"),
    [
        ("zh-CN", "en", "en", "en", "zh-CN"),
        ("fr", "zh-CN", "en", "en", "zh-CN"),
        ("", "", "fr, zh-TW;q=0.8, en;q=0.7", "en", "zh-CN"),
        ("", "", "en-GB;q=0.5, zh;q=0.4", "zh-CN", "en"),
        ("", "", "zh;q=0, fr", "en", "en"),
        ("", "", "zh;q=x, ;;,,=", "en", "en"),
        ("", "", "", "zh-CN", "zh-CN"),
        ("", "", "*", "", "en"),
    ],
)
def test_language_comes_from_query_then_cookie_then_browser_then_site(
    query: str, cookie: str, header: str, default: str, chosen: str
) -> None:
    assert choose_language(query, cookie, header, default) == chosen


def test_theme_comes_from_query_then_cookie() -> None:
    assert choose_theme("dark", "light") == "dark"
    assert choose_theme("pink", "light") == "light"
    assert choose_theme("", '"><script>') == "system"


def test_pages_say_you_as_to_a_friend_and_documents_do_not() -> None:
    """Product §5.8: 你 on pages, 您 in legal documents; the mails are asked by `test_notices`."""
    source = ROOT / "src" / "strata"
    pages = sorted((source / "web/pages/translations/zh_CN/LC_MESSAGES").glob("*.po"))
    assert pages
    assert [path.name for path in pages if "您" in path.read_text("utf-8")] == []
    documents = sorted((source / "accounts/legal/texts").glob("*.zh-CN.md"))
    assert documents
    assert [path.name for path in documents if "你" in path.read_text("utf-8")] == []


def test_one_module_alone_knows_which_languages_there_are() -> None:
    """Others ask it for what a language does: its marks, its scale, its locale."""
    modules = (ROOT / "src/strata/web").rglob("*.py")

    assert [one.name for one in modules if "zh-CN" in one.read_text("utf-8")] == ["language.py"]
