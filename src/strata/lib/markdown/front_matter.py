"""The YAML block at the head of a card, read without trusting it.

The block is found as the public clients find it (huggingface_hub `repocard.py:REGEX_YAML_BLOCK`).
Scalars follow YAML 1.2's core schema, as the public Hub's own reader does: `no` and `on` are
words (Norwegian is a language), dates stay text, and only `true` and `false` are booleans.
Aliases, anchors, tags and repeated keys are refused, so a small text stays a small value.
"""

import re
from collections.abc import Iterator
from typing import Final

import yaml

MAX_CHARACTERS: Final = 512 * 1024
MAX_DEPTH: Final = 40
MAX_NODES: Final = 50_000
MAX_KEY_CHARACTERS: Final = 1024

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]

# The compiled parser is some ten times faster; it is missing where PyYAML was built without it.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_BLOCK: Final = re.compile(
    r"\A(\ufeff?\s*---[ \t]*(?:\r\n|\r|\n))(?:(.*?)(?:\r\n|\r|\n))??---[ \t]*(?:\r\n|\r|\n|\Z)",
    re.DOTALL,
)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT: Final = re.compile(
    r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}\.[0-9]{0,40})(?:[eE][-+]?[0-9]{1,2})?"
    r"|[-+]?[0-9]{1,40}[eE][-+]?[0-9]{1,2}"
)
_CONSTANTS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_TEXT_TAG: Final = "tag:yaml.org,2002:str"


class BadFrontMatter(Exception):
    """The block cannot be read. `line` counts from 1 in the file, `message` says what to do."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"Line {line}: {message}")
        self.line = line
        self.message = message


def split(text: str) -> tuple[str | None, str, int]:
    """Split a card into its YAML text, its body, and the lines that stand before the body.

    Without a closed block at the head the YAML text is `None` and the body is all of it.
    """
    found = _BLOCK.match(text)
    if found is None:
        return None, text, 0
    return found[2] or "", text[found.end() :], len(_LINE_END.findall(found[0]))


def load(yaml_text: str, first_line: int = 2) -> dict[str, Value]:
    """Read the block's YAML into plain values.

    Args:
        yaml_text: what `split` gave.
        first_line: the line of the file on which it begins; 2, below the opening `---`.

    Raises:
        BadFrontMatter: it is too large or deep, not a mapping, repeats a key, uses an alias,
            an anchor or a tag, or is not YAML.
    """
    root = load_any(yaml_text, first_line)
    if root is None:
        return {}
    if not isinstance(root, dict):
        raise BadFrontMatter(first_line, "Write the block as `key: value` lines.")
    return root


def load_any(yaml_text: str, first_line: int = 1) -> Value:
    """Read a YAML text of any shape, as strictly.

    Raises:
        BadFrontMatter: as `load`.
    """
    if len(yaml_text) > MAX_CHARACTERS:
        raise BadFrontMatter(first_line, f"Keep the block under {MAX_CHARACTERS // 1024} KiB.")
    try:
        return _Reader(first_line).read(yaml.parse(yaml_text, Loader=_LOADER))
    except yaml.MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        # A value left open is noticed on the line after the last.
        last = len(_LINE_END.findall(yaml_text))
        line = first_line + min(mark.line if mark else 0, last)
        raise BadFrontMatter(line, f"This is not valid YAML: {bad.problem or bad}.") from bad
    except yaml.YAMLError as bad:
        raise BadFrontMatter(first_line, f"This is not valid YAML: {bad}.") from bad


class _Reader:
    """Builds values from the parser's events, on a stack of its own instead of the call stack."""

    def __init__(self, first_line: int) -> None:
        self.first_line = first_line
        self.open: list[list[Value] | dict[str, Value]] = []
        self.keys: list[str | None] = []  # of each open mapping, the key that waits for a value
        self.nodes = 0
        self.root: list[Value] = []

    def read(self, events: Iterator[yaml.Event]) -> Value:
        for event in events:
            self._take(event)
        return self.root[0] if self.root else None

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise self._bad(event, "Aliases (*name) are not allowed. Write the value out.")
        if isinstance(event, yaml.NodeEvent):
            self._check(event)
        if isinstance(event, yaml.ScalarEvent):
            self._add(event, event.value if self._awaits_key() else _scalar(event))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
            self.keys.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and self.root:
            raise self._bad(event, "Write one YAML document only.")

    def _check(self, event: yaml.NodeEvent) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._bad(event, f"The block has more than {MAX_NODES} values.")
        if event.anchor is not None:
            raise self._bad(event, "Anchors (&name) are not allowed. Write the value out.")
        tag = getattr(event, "tag", None)
        if tag not in (None, "!", _TEXT_TAG):
            raise self._bad(event, "Tags (!name) are not allowed. Write the plain value.")

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise self._bad(event, f"Values are nested more than {MAX_DEPTH} deep.")
        if self._awaits_key():
            raise self._bad(event, "A key must be plain text, not a list or a mapping.")
        made: list[Value] | dict[str, Value] = (
            {} if isinstance(event, yaml.MappingStartEvent) else []
        )
        self._add(event, made)
        self.open.append(made)
        self.keys.append(None)

    def _awaits_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1], dict) and self.keys[-1] is None

    def _add(self, event: yaml.NodeEvent, value: Value) -> None:
        place = self.open[-1] if self.open else self.root
        if isinstance(place, list):
            place.append(value)
            return
        key = self.keys[-1]
        if key is None:
            self.keys[-1] = self._new_key(event, place, str(value))
            return
        place[key] = value
        self.keys[-1] = None

    def _new_key(self, event: yaml.NodeEvent, place: dict[str, Value], key: str) -> str:
        if key in place:
            raise self._bad(event, f"The key {key[:80]!r} is repeated. Keep one of them.")
        if len(key) > MAX_KEY_CHARACTERS:
            raise self._bad(event, f"Keep a key under {MAX_KEY_CHARACTERS} characters.")
        return key

    def _bad(self, event: yaml.Event, message: str) -> BadFrontMatter:
        mark = event.start_mark
        return BadFrontMatter(self.first_line + (mark.line if mark else 0), message)


def _scalar(event: yaml.ScalarEvent) -> Value:
    """Read a plain scalar by YAML 1.2's core schema; a quoted or tagged one is text.

    Numbers a JSON reader could not hold exactly (beyond 18 digits, infinities) stay text.
    """
    text = event.value
    if not event.implicit[0]:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
