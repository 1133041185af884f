"""Fields for passwords mask, and take what is pasted or filled in; scripts keep nothing."""

import re
from pathlib import Path
from typing import Final

from strata.migrations.schema import metadata
from strata.web.pages.frame import assets

PAGES: Final = Path(assets.__file__).parents[1]
TEMPLATES: Final = {
    file.relative_to(PAGES).as_posix(): file.read_text("utf-8")
    for file in (PAGES / "templates").rglob("*.html")
}
SCRIPTS: Final = {
    file.name: file.read_text("utf-8") for file in (PAGES / "static" / "js").glob("*.js")
}
_CALL: Final = re.compile(r"\{\{ password\((.+?)\) }}")


def test_passwords_are_masked_and_known_to_their_managers() -> None:
    (macro,) = re.findall(
        r'<input id="strata-\{\{ name }}"[^>]*type="password"[^>]*>',
        TEMPLATES["templates/parts/forms.html"],
    )
    assert 'autocomplete="{{ autocomplete }}"' in macro
    calls = [(name, call) for name, text in TEMPLATES.items() for call in _CALL.findall(text)]
    assert len(calls) >= 4
    for name, call in calls:
        fresh = "new-password" in call or "checklist=" in call
        assert fresh is ("'new-password'" in call), name  # else a manager fills in the old one
    plain = [
        (name, field)
        for name, text in TEMPLATES.items()
        for field in re.findall(r"<input[^>]*name=\"[a-z_]*password[a-z_]*\"[^>]*>", text)
        if 'type="password"' not in field and 'type="hidden"' not in field
    ]
    assert plain == []


def test_nothing_stands_in_the_way_of_pasting() -> None:
    for name, text in (TEMPLATES | SCRIPTS).items():
        assert "onpaste" not in text, name
        fields = re.findall(r"<(?:input|form)[^>]*autocomplete=\"off\"[^>]*>", text)
        assert [one for one in fields if "password" in one or one.startswith("<form")] == [], name
    listening = {
        name for name, text in SCRIPTS.items() if re.search(r'"(paste|drop|beforeinput)"', text)
    }
    assert listening <= {"discussions.js"}  # where pasted pictures become attachments


def test_there_are_no_hints_and_no_secret_questions() -> None:
    columns = {
        f"{table}.{column.name}"
        for table, held in metadata.tables.items()
        for column in held.columns
    }
    assert [name for name in columns if re.search(r"hint|secret_?(question|answer)", name)] == []


def test_scripts_keep_nothing_in_the_browser() -> None:
    stores = re.compile(r"localStorage|sessionStorage|indexedDB|caches\.open|serviceWorker")
    assert [name for name, text in SCRIPTS.items() if stores.search(text)] == []
    cookies = {name for name, text in SCRIPTS.items() if "document.cookie" in text}
    # A look; and the reason of a dialog, which the script takes away (ADR 20).
    assert cookies <= {"theme.js", "proof.js"}
