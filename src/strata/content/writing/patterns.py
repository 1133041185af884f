"""Patterns of `.gitattributes` and `.gitignore`, matched in linear time.

The texts come from strangers, so nothing here backtracks: a pattern is cut at its stars into pieces
of fixed length, and the leftmost place of each piece is right if any place is. Rules: gitignore(5),
gitattributes(5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_POSIX = {
    "alnum": "A-Za-z0-9",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "A-Fa-f0-9",
}
_CLASS = re.compile(r"\[(?P<not>[!^]?)(?P<members>\]?(?:\[:\w+:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_MEMBER = re.compile(r"\[:(\w+):\]|\\(.)|(.)", re.DOTALL)


_SPECIAL = re.compile(r"[*?/]")


class BadPattern(ValueError):
    """Text that is no pattern; git ignores such lines too."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """One part of a path pattern: what stands between its stars."""

    pieces: tuple[re.Pattern[str], ...]
    lengths: tuple[int, ...]  # characters each piece takes

    def matches(self, name: str) -> bool:
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return first.fullmatch(name) is not None
        position, end = self.lengths[0], len(name) - self.lengths[-1]
        if end < position or not first.match(name) or not last.match(name, end):
            return False
        for piece in self.pieces[1:-1]:
            found = piece.search(name, position, end)
            if found is None:
                return False
            position = found.end()
        return True


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern over whole paths: groups of segments with any number of folders between."""

    groups: tuple[tuple[_Segment, ...], ...]
    literal: str  # stands in every path that matches; most paths are ruled out by it alone

    def matches(self, names: Sequence[str]) -> bool:
        """Whether a path, given as its parts, matches."""
        first, last = self.groups[0], self.groups[-1]
        if len(self.groups) == 1:
            return len(first) == len(names) and _at(first, names, 0)
        position, end = len(first), len(names) - len(last)
        if end < position or not _at(first, names, 0) or not _at(last, names, end):
            return False
        for group in self.groups[1:-1]:
            place = range(position, end - len(group) + 1)
            start = next((at for at in place if _at(group, names, at)), None)
            if start is None:
                return False
            position = start + len(group)
        return True


def compile_glob(pattern: str) -> Glob:
    """Read a pattern without its trailing slash; without an inner slash it matches anywhere.

    Raises:
        BadPattern: an unfinished class or escape.
    """
    if "/" not in pattern:
        return Glob(((), (_segment(pattern),)), _literal(pattern))
    words = _words(pattern.removeprefix("/"))
    groups: list[list[_Segment]] = [[]]
    for index, word in enumerate(words):
        if word != "**":
            groups[-1].append(_segment(word))
        elif index == len(words) - 1:  # `a/**`: everything inside, not `a` itself
            groups.append([_segment("*")])
        else:
            groups.append([])
    return Glob(tuple(tuple(group) for group in groups), _literal(pattern))


def _words(pattern: str) -> list[str]:
    """Cut at the slashes; one inside a class is a member of it, an escaped one is a slash."""
    words, position = [""], 0
    while position < len(pattern):
        if pattern[position] == "/":
            words.append("")
            position += 1
            continue
        if pattern.startswith("\\/", position):
            position += 1
            continue
        end = _token(pattern, position)[1]
        words[-1] += pattern[position:end]
        position = end
    return words


def _literal(pattern: str) -> str:
    """The longest run of characters that stand for themselves; none where classes or escapes do."""
    if "[" in pattern or "\\" in pattern:
        return ""
    return max(_SPECIAL.split(pattern), key=len)


def _at(group: Sequence[_Segment], names: Sequence[str], start: int) -> bool:
    return all(
        segment.matches(name)
        for segment, name in zip(group, names[start : start + len(group)], strict=True)
    )


def _segment(text: str) -> _Segment:
    pieces, current, length, position = [], "", 0, 0
    lengths = []
    while position < len(text):
        if text[position] == "*":
            pieces.append(current)
            lengths.append(length)
            current, length = "", 0
            position += 1
            continue
        token, position = _token(text, position)
        current += token
        length += 1
    compiled = tuple(re.compile(piece, re.DOTALL) for piece in [*pieces, current])
    return _Segment(compiled, (*lengths, length))


def _token(text: str, position: int) -> tuple[str, int]:
    """Translate what stands for one character; the position behind it."""
    char = text[position]
    if char == "?":
        return "[^/]", position + 1
    if char == "\\":
        if position + 1 == len(text):
            raise BadPattern(text)
        return re.escape(text[position + 1]), position + 2
    if char == "[":
        return _class(text, position)
    return re.escape(char), position + 1


def _class(text: str, position: int) -> tuple[str, int]:
    found = _CLASS.match(text, position)
    if found is None:
        raise BadPattern(text)
    members = _members(found["members"])
    if found["not"]:
        return f"[^/{members}]", found.end()
    return f"(?!/)[{members}]", found.end()


def _members(text: str) -> str:
    """Translate the inside of a class; a range whose ends are swapped holds nothing."""
    parts: list[tuple[str, bool]] = []  # what it says; whether it is one plain character
    for name, escaped, plain in _MEMBER.findall(text):
        if name and name not in _POSIX:
            raise BadPattern(text)
        parts.append((_POSIX[name], False) if name else (escaped or plain, True))
    translated, index = "", 0
    while index < len(parts):
        word, single = parts[index]
        ranged = single and index + 2 < len(parts) and parts[index + 1] == ("-", True)
        if ranged and parts[index + 2][1]:
            low, high = word, parts[index + 2][0]
            translated += f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""
            index += 3
            continue
        translated += re.escape(word) if single else word
        index += 1
    return translated or r"\Z\A"
