"""What `.gitattributes` and `.gitignore` say of a path.

Only the files at the root of the repo count, as for the public Hub's uploads. Rules that name a
file or an ending are kept in tables, because the hub itself appends one line per large file; other
rules are tried one by one, and those beyond `MAX_GLOBS` are not heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from strata.content.writing.patterns import BadPattern, Glob, compile_glob

ATTRIBUTES = ".gitattributes"
IGNORE = ".gitignore"
MAX_TEXT_BYTES = 4 * 1024 * 1024  # a longer file of rules is not read
MAX_GLOBS = 1000
RULE_STEPS = 20  # what it costs to try a rule, beside its characters
MAX_GLOB_CHARACTERS = 16 * 1024  # of all globs together: each path of a commit meets each of them

_PLAIN = re.compile(r"[^*?\[\\]+")
_ENDING = re.compile(r"\*([^*?\[\\/]+)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(.*)', re.DOTALL)
_BLANK = re.compile(r"[ \t\r]+")
_MACRO = "[attr]"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(slots=True)
class Attributes:
    """Which paths are large files by rule; the last rule that speaks of a path decides."""

    _names: dict[str, tuple[int, bool]] = field(default_factory=dict)  # anywhere
    _paths: dict[str, tuple[int, bool]] = field(default_factory=dict)  # from the root
    _endings: dict[str, tuple[int, bool]] = field(default_factory=dict)
    _globs: list[tuple[int, Glob, bool]] = field(default_factory=list)
    _glob_characters: int = 0

    def is_large(self, path: str) -> bool:
        """Whether the rules give this path to LFS."""
        names = path.split("/")
        name = names[-1]
        said = [self._names.get(name), self._paths.get(path)]
        said += [self._endings.get(name[start:]) for start in range(len(name) + 1)]
        best = max((one for one in said if one is not None), default=(-1, False))
        for turn, glob, large in reversed(self._globs):
            if turn <= best[0]:
                break
            if glob.literal in path and glob.matches(names):
                return large
        return best[1]

    def learn(self, turn: int, pattern: str, *, large: bool) -> None:
        """Take in one rule; the higher turn wins."""
        if _PLAIN.fullmatch(pattern):
            anchored = "/" in pattern
            table = self._paths if anchored else self._names
            table[pattern.removeprefix("/")] = (turn, large)
        elif ending := _ENDING.fullmatch(pattern):
            self._endings[ending[1]] = (turn, large)
        elif (
            len(self._globs) < MAX_GLOBS
            and self._glob_characters + len(pattern) <= MAX_GLOB_CHARACTERS
        ):
            self._glob_characters += len(pattern)
            self._globs.append((turn, compile_glob(pattern), large))


def read_attributes(text: str) -> Attributes:
    """Read the text of a `.gitattributes`; lines that git would not heed are skipped."""
    rules = Attributes()
    macros: dict[str, bool] = {}
    for turn, line in enumerate(_lines(text)):
        pattern, words = _parted(line)
        large = _filter_in(words, macros)
        if large is None:
            continue
        if pattern.startswith(_MACRO):
            macros[pattern.removeprefix(_MACRO)] = large
        elif pattern and not pattern.startswith("!") and not pattern.endswith("/"):
            try:
                rules.learn(turn, pattern, large=large)
            except BadPattern:
                continue
    return rules


def rule_for(path: str) -> str:
    """The line that gives exactly this path to LFS, as git-lfs writes it."""
    pattern = re.sub(r"([*?\[\\])", r"\\\1", path).replace(" ", "[[:space:]]")
    if pattern.startswith(("#", "!", '"')):
        pattern = f"[{pattern[0]}]{pattern[1:]}" if pattern[0] != "!" else f"\\{pattern}"
    return f"{pattern} filter=lfs diff=lfs merge=lfs -text"


def with_rules(text: str, paths: Iterable[str]) -> str:
    """Append a rule for each path."""
    closed = text if not text or text.endswith("\n") else f"{text}\n"
    return closed + "".join(f"{rule_for(path)}\n" for path in paths)


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """What `.gitignore` keeps out."""

    _rules: tuple[tuple[Glob, bool, bool], ...]  # pattern, negated, folders only
    characters: int  # of all patterns

    def effort(self, path: str) -> int:
        """What it costs at most to judge a path, in steps of some nanoseconds."""
        return (path.count("/") + 1) * (RULE_STEPS * len(self._rules) + self.characters)

    def ignores(self, path: str) -> bool:
        """Whether the path, or a folder above it, is ignored."""
        names = path.split("/")
        return any(
            self._last_word(names[:depth], folder=depth < len(names))
            for depth in range(1, len(names) + 1)
        )

    def _last_word(self, names: list[str], *, folder: bool) -> bool:
        for glob, negated, folders_only in reversed(self._rules):
            if (folder or not folders_only) and glob.matches(names):
                return not negated
        return False


def read_ignore(text: str) -> IgnoreRules:
    """Read the text of a `.gitignore`."""
    rules: list[tuple[Glob, bool, bool]] = []
    characters = 0
    for line in text[:MAX_TEXT_BYTES].split("\n"):
        pattern = _untrailed(line.removesuffix("\r"))
        if not pattern or pattern.startswith("#") or len(rules) >= MAX_GLOBS:
            continue
        if characters + len(pattern) > MAX_GLOB_CHARACTERS:
            continue
        negated = pattern.startswith("!")
        bare = pattern.removeprefix("!") if negated else pattern
        folders_only = bare.endswith("/")
        try:
            rules.append((compile_glob(bare.removesuffix("/")), negated, folders_only))
            characters += len(pattern)
        except BadPattern:
            continue
    return IgnoreRules(tuple(rules), characters)


def _untrailed(line: str) -> str:
    """Drop trailing spaces unless a backslash keeps them."""
    bare = line.rstrip(" ")
    return f"{bare} " if bare.endswith("\\") and len(bare) < len(line) else bare


def _lines(text: str) -> Iterator[str]:
    if len(text) > MAX_TEXT_BYTES:
        return
    for line in text.split("\n"):
        stripped = line.strip(" \t\r")
        if stripped and not stripped.startswith("#"):
            yield stripped


def _parted(line: str) -> tuple[str, list[str]]:
    """Split a line into its pattern and its attributes."""
    quoted = _QUOTED.fullmatch(line)
    if quoted:
        pattern = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted[1])
        return pattern, quoted[2].split()
    pattern, *words = _BLANK.split(line)
    return pattern, words


def _filter_in(words: Iterable[str], macros: dict[str, bool]) -> bool | None:
    """Whether the words turn LFS on or off; None when they do not speak of it."""
    said: bool | None = None
    for word in words:
        if word == "filter=lfs":
            said = True
        elif word.lstrip("-!").partition("=")[0] == "filter":
            said = False
        elif word in macros:
            said = macros[word]
    return said
