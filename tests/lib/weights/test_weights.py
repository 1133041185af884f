"""Headers of weights: what honest files say, and that no file can make us read or keep much."""

import json
import math
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.weights import gguf, safetensors
from strata.lib.weights.source import BadHeader, Source

NAMES = st.text(min_size=1, max_size=20)
SHAPES = st.lists(st.integers(0, 9), max_size=4)


def source_of(content: bytes, piece: int = 7) -> Source:
    pieces = (content[at : at + piece] for at in range(0, len(content), piece))
    return Source(pieces, safetensors.MAX_HEADER_BYTES)


def safetensors_of(shapes: dict[str, list[int]], **others: object) -> bytes:
    """Build a file of 32-bit floats; `others` falsify the header."""
    at, header = 0, dict[str, object]()
    for name, shape in shapes.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header | others).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def text_of(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def gguf_of(facts: list[tuple[str, bytes]], shapes: list[list[int]], order: str = "<") -> bytes:
    """Build the header of a file; each fact is a name and its encoded kind and value."""
    parts = [b"GGUF", struct.pack(f"{order}IQQ", 3, len(shapes), len(facts))]
    parts += [text_of(name) + value for name, value in facts]
    for shape in shapes:
        parts.append(text_of("t") + struct.pack(f"{order}I", len(shape)))
        parts.append(struct.pack(f"{order}{len(shape)}Q", *shape))
        parts.append(struct.pack(f"{order}IQ", 0, 0))
    return b"".join(parts)


def string(text: str) -> bytes:
    return struct.pack("<I", 8) + text_of(text)


def number(value: int) -> bytes:
    return struct.pack("<II", 4, value)


def strings(*texts: str) -> bytes:
    return struct.pack("<IIQ", 9, 8, len(texts)) + b"".join(text_of(text) for text in texts)


def settled(read: Callable[[], object]) -> None:
    """A header, or a refusal; whatever else a parser raises fails the test."""
    with suppress(BadHeader):
        read()


@pytest.mark.slow
@settings(deadline=None)
@given(st.dictionaries(NAMES.filter(lambda name: name != "__metadata__"), SHAPES, max_size=6))
def test_every_honest_safetensors_header_is_read(shapes: dict[str, list[int]]) -> None:
    content = safetensors_of(shapes, __metadata__={"format": "pt"})
    header = safetensors.read(source_of(content), len(content))
    assert {name: tensor.shape for name, tensor in header.tensors.items()} == shapes
    assert header.metadata == {"format": "pt"}
    assert sum(header.parameters.values()) == sum(math.prod(shape) for shape in shapes.values())


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_a_parser(content: bytes) -> None:
    for body in (content, struct.pack("<Q", len(content)) + content):
        settled(partial(safetensors.read, source_of(body + b"\0"), len(body)))
    settled(partial(gguf.read, source_of(b"GGUF" + content)))


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(0, 2**64 - 1))
def test_an_honest_gguf_file_with_a_lie_in_it_gives_a_header_or_a_refusal(
    noise: bytes, lie: int
) -> None:
    honest = gguf_of([("general.architecture", string("llama"))], [[2, 3]])
    for at in range(0, len(honest), 5):
        spoilt = honest[:at] + noise + struct.pack("<Q", lie) + honest[at:]
        settled(partial(gguf.read, source_of(spoilt)))


@pytest.mark.parametrize(
    ("shapes", "others"),
    [
        ({"a": [2]}, {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}),
        ({"a": [2]}, {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}),
        ({"a": [2]}, {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}),
        ({"a": [2]}, {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}),
        ({"a": [2]}, {"a": {"dtype": "F32", "shape": [2**40] * 33, "data_offsets": [0, 8]}}),
        ({"a": [2]}, {"a": {"dtype": "F32", "shape": "wide", "data_offsets": [0, 8]}}),
        ({"a": [2]}, {"a": [1, 2]}),
        ({"a": [2]}, {"__metadata__": {"a": 1}}),
    ],
)
def test_a_safetensors_header_that_lies_is_refused(
    shapes: dict[str, list[int]], others: dict[str, object]
) -> None:
    content = safetensors_of(shapes, **others)
    with pytest.raises(BadHeader):
        safetensors.read(source_of(content), len(content))


def test_a_gguf_header_tells_architecture_context_size_and_special_tokens() -> None:
    facts = [
        ("general.architecture", string("llama")),
        ("llama.context_length", number(4096)),
        ("tokenizer.ggml.bos_token_id", number(1)),
        ("tokenizer.ggml.eos_token_id", number(9)),
        ("tokenizer.chat_template", string("{{ messages }}")),
        ("tokenizer.ggml.tokens", strings("<unk>", "<s>", "</s>")),
        ("tokenizer.ggml.scores", struct.pack("<IIQ3f", 9, 6, 3, 0, 1, 2)),
    ]
    header = gguf.read(source_of(gguf_of(facts, [[2, 3], [5]])))
    assert (header.architecture, header.of_architecture("context_length")) == ("llama", 4096)
    assert header.total == 11
    assert (header.token("bos"), header.token("eos")) == ("<s>", None)
    assert header.facts["tokenizer.chat_template"] == "{{ messages }}"


def test_a_gguf_file_of_the_other_byte_order_is_read() -> None:
    body = b"GGUF" + struct.pack(">IQQ", 3, 1, 0)
    body += struct.pack(">Q", 1) + b"t" + struct.pack(">IQIQ", 1, 7, 0, 0)
    assert gguf.read(source_of(body)).total == 7


@pytest.mark.parametrize(
    "facts",
    [
        [("a", struct.pack("<IQ", 8, 2**62))],
        [("a", struct.pack("<IIQ", 9, 4, 2**62))],
        [("a", struct.pack("<IIQ", 9, 8, 2**62))],
        [("a", struct.pack("<I", 9) + struct.pack("<IQ", 9, 2**62) * 9)],
        [("a", struct.pack("<I", 77))],
    ],
)
def test_a_gguf_header_that_declares_what_is_not_there_is_refused(
    facts: list[tuple[str, bytes]],
) -> None:
    with pytest.raises(BadHeader):
        gguf.read(source_of(gguf_of(facts, [])))


def test_declared_lengths_cost_no_memory() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"\xff" * 65_536

    huge = gguf_of([("a", struct.pack("<IIQ", 9, 0, 2**60))], [])
    tracemalloc.start()
    for head in (struct.pack("<Q", 2**63), struct.pack("<Q", 24_000_000) + b'{"a":' * 1000):
        with pytest.raises(BadHeader):
            safetensors.read(source_of(head + b"\0" * 100), 200)
    with pytest.raises(BadHeader):
        gguf.read(Source([huge, b"x" * 9], 2**20))
    with pytest.raises(BadHeader):
        gguf.read(Source(endless(), 2**20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_deep_json_is_refused() -> None:
    text = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    content = struct.pack("<Q", len(text)) + text
    with pytest.raises(BadHeader):
        safetensors.read(source_of(content, 4096), len(content))
