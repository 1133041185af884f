"""The header of a GGUF file: facts by name, then what each tensor is.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Long lists (a vocabulary) are passed
over; what is kept is bounded, whatever the file declares.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from strata.lib.weights.source import BadHeader, Source

MAX_HEADER_BYTES: Final = 64 * 1024 * 1024
MAX_FACTS: Final = 10_000
MAX_TENSORS: Final = 100_000
MAX_TEXT: Final = 1024 * 1024  # bytes of one text that is kept
_MAX_NAME: Final = 65_535
_MAX_DIMENSIONS: Final = 8
_MAX_NESTING: Final = 4
_MAX_TOTAL: Final = 2**63 - 1

Fact = str | int | float | bool

_STRING, _ARRAY = 8, 9
_NUMBERS: Final[Mapping[int, str]] = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_TOKENS: Final = "tokenizer.ggml.tokens"
_MAX_TOKENS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says; lists are left out of the facts."""

    version: int
    facts: dict[str, Fact] = field(default_factory=dict)
    total: int = 0  # numbers of all tensors
    tokens: list[bytes] = field(default_factory=list)  # empty when the vocabulary is too large

    @property
    def architecture(self) -> str | None:
        found = self.facts.get("general.architecture")
        return found if isinstance(found, str) else None

    def of_architecture(self, name: str) -> int | None:
        """A whole number among the facts of the architecture, such as `context_length`."""
        found = self.facts.get(f"{self.architecture}.{name}")
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def token(self, name: str) -> str | None:
        """The text of a special token, such as `bos`."""
        number = self.facts.get(f"tokenizer.ggml.{name}_token_id")
        if isinstance(number, int) and 0 <= number < len(self.tokens):
            return self.tokens[number].decode("utf-8", "replace")
        return None


class _Reader:
    """Numbers and texts in the byte order of the file."""

    def __init__(self, source: Source, order: str) -> None:
        self._source = source
        self._order = order

    def number(self, code: str) -> int | float | bool:
        size = struct.calcsize(code)
        value: int | float | bool = struct.unpack(self._order + code, self._source.take(size))[0]
        return value

    def whole(self, code: str) -> int:
        return int(self.number(code))

    def text(self, most: int) -> bytes:
        length = self.whole("Q")
        if length > most:
            raise BadHeader("A text is longer than it may be.")
        return self._source.take(length)

    def skip_text(self) -> None:
        self._source.skip(self.whole("Q"))

    def skip(self, size: int) -> None:
        self._source.skip(size)


def read(source: Source) -> Header:
    """Read the header of a file.

    Raises:
        BadHeader: it is no GGUF file of version 2 or 3, or it declares what it does not hold.
    """
    if source.take(4) != b"GGUF":
        raise BadHeader("This is no GGUF file.")
    raw = source.take(4)
    order = "<" if raw[0] or raw[1] else ">"
    reader = _Reader(source, order)
    (version,) = struct.unpack(f"{order}I", raw)
    if version not in (2, 3):
        raise BadHeader(f"GGUF of version {version} is not known.")
    tensors, facts = reader.whole("Q"), reader.whole("Q")
    if tensors > MAX_TENSORS or facts > MAX_FACTS:
        raise BadHeader("The header declares more than a header may hold.")
    header = Header(version)
    for _ in range(facts):
        _read_fact(reader, header)
    return Header(version, header.facts, _total(reader, tensors), header.tokens)


def _read_fact(reader: _Reader, header: Header) -> None:
    name = reader.text(_MAX_NAME).decode("utf-8", "replace")
    kind = reader.whole("I")
    if kind in _NUMBERS:
        number = reader.number(_NUMBERS[kind])
        if not isinstance(number, float) or math.isfinite(number):
            header.facts[name] = number
    elif kind == _STRING:
        header.facts[name] = reader.text(MAX_TEXT).decode("utf-8", "replace")
    elif kind == _ARRAY:
        _pass_over(reader, header.tokens.append if name == _TOKENS else None)
    else:
        raise BadHeader(f"The fact {name[:80]!r} is of no known kind.")


def _pass_over(
    reader: _Reader, keep: Callable[[bytes], object] | None = None, depth: int = 0
) -> None:
    """Go over a list; its texts are kept when somebody wants them and they are not too many."""
    kind, count = reader.whole("I"), reader.whole("Q")
    if kind in _NUMBERS:
        reader.skip(struct.calcsize(_NUMBERS[kind]) * count)
    elif kind == _STRING and keep is not None and count <= _MAX_TOKENS:
        for _ in range(count):
            keep(reader.text(MAX_TEXT))
    elif kind == _STRING:
        for _ in range(count):  # each takes eight bytes at least, so the budget ends this
            reader.skip_text()
    elif kind == _ARRAY and depth < _MAX_NESTING:
        for _ in range(count):
            _pass_over(reader, None, depth + 1)
    else:
        raise BadHeader("A list holds what no list may hold.")


def _total(reader: _Reader, tensors: int) -> int:
    total = 0
    for _ in range(tensors):
        reader.text(_MAX_NAME)
        dimensions = reader.whole("I")
        if dimensions > _MAX_DIMENSIONS:
            raise BadHeader("A tensor has more dimensions than it may have.")
        total += math.prod([reader.whole("Q") for _ in range(dimensions)])
        reader.skip(4 + 8)  # its type, its offset
        if total > _MAX_TOTAL:
            raise BadHeader("The tensors hold more numbers than there can be.")
    return total
