"""Marks that must not run where they are shown."""

import re
from html.parser import HTMLParser

SCRIPTED = re.compile(r"\s*(javascript|data|vbscript):", re.IGNORECASE)


class Marks(HTMLParser):
    """Collects what could run or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(  # type: ignore[explicit-override]  # the standard library has no override in 3.11
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        named = {name: value or "" for name, value in attrs}
        ours = tag == "script" and named.get("src", "").startswith("/static/")
        runs = tag in {"iframe", "object", "embed", "style", "base"} or (
            tag == "script" and not ours
        )
        handlers = any(name.startswith("on") or name == "style" for name in named)
        targets = [named[name] for name in ("href", "src", "action", "poster") if name in named]
        scripted = any(SCRIPTED.match(target) for target in targets)
        loads = named.get("src", "").startswith(("http:", "https:", "//"))
        if runs or handlers or scripted or loads:
            self.found.append(self.get_starttag_text() or tag)
