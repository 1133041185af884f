"""Values confirmed with the official client: any drift from them breaks every upload."""

import hashlib
import itertools
import random

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.xet import crc, hash as xet_hash
from strata.lib.xet.chunk import chunk_lengths

SAMPLE = hashlib.shake_256(b"xet-vector").digest(1_000_000)
LENGTHS = [
    *(20358, 110813, 61425, 131072, 90902, 93283, 49589),
    *(40276, 33571, 49435, 131072, 81887, 106317),
]
COUNTING = bytes(range(32))


def leaves_of(content: bytes) -> list[tuple[bytes, int]]:
    ends = list(itertools.accumulate(chunk_lengths(content)))
    pieces = [content[a:b] for a, b in itertools.pairwise([0, *ends])]
    return [(xet_hash.chunk_hash(piece), len(piece)) for piece in pieces]


LEAVES = leaves_of(SAMPLE)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "e0f2cf784e7e5f10c34f84af150e9a5ff9664216debad915364d741049870f67"),
        (b"a", "a4d4ed80fcb2fe5177fc59321d3e6f90faf23e35a48d58303114bf073f34178a"),
        (b"hello world", "4e39378b9d359f118190557a1f44130219a54e5fcfa07bd96cf50b466fe651b1"),
        (bytes(65536), "949007ab06e71557f3426c039da9706141a00dcd6b9e2e840a380bea4657158e"),
    ],
)
def test_chunk_hash_matches_the_client(raw: bytes, expected: str) -> None:
    assert xet_hash.to_hex(xet_hash.chunk_hash(raw)) == expected


def test_hash_text_swaps_each_group_of_eight_bytes() -> None:
    text = "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
    assert xet_hash.to_hex(COUNTING) == text
    assert xet_hash.from_hex(text) == xet_hash.from_hex(text.upper()) == COUNTING


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_hash_text_reads_back(raw: bytes) -> None:
    assert xet_hash.from_hex(xet_hash.to_hex(raw)) == raw


@pytest.mark.parametrize(
    "text", ["", "0" * 63, "0" * 65, "0" * 63 + "g", " " + "0" * 63, "0" * 64 + "\n", "\u0660" * 64]
)
def test_anything_but_64_digits_is_no_hash(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        xet_hash.from_hex(text)


def test_a_short_raw_hash_is_not_printed() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        xet_hash.to_hex(b"\0" * 31)


def test_sample_is_the_one_the_values_were_taken_from() -> None:
    digest = "b231b73c0aaefbc435fba27c843072950ce677cd893019a349f8d6f2bdc2c50e"
    assert hashlib.sha256(SAMPLE).hexdigest() == digest


def test_sample_is_cut_where_the_client_cuts() -> None:
    assert list(chunk_lengths(SAMPLE)) == LENGTHS


def test_first_chunks_of_the_sample() -> None:
    assert [xet_hash.to_hex(child) for child, _ in LEAVES[:2]] == [
        "e41f1a7a2b8916d695b0557966ca2f5813e9cb92a68877fb63fd8ff3e62d3e61",
        "c079b3f3427b84cc8418104cf05ea119cf0efecdb346e973d12b304562399700",
    ]


def test_xorb_hash_of_the_sample() -> None:
    expected = "d158d61690b48345381e35a68edbf8328d827ab3d604eb90ef5e8f532bd8ec7e"
    assert xet_hash.to_hex(xet_hash.merkle_root(LEAVES)) == expected


def test_file_hash_of_the_sample() -> None:
    expected = "09e14b00009935d98179ed07d104864af6c7771c19de4d41cc597b3c0d3a1a79"
    assert xet_hash.to_hex(xet_hash.file_hash(LEAVES)) == expected


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        (bytes(1 << 20), "1e671fe124cea355"),
        (bytes(131072), "7a7c18448d7ae35c"),
        (b"a", "49a7fffaf5f34109"),
        (b"", "0" * 64),
    ],
)
def test_file_hash_of_simple_files(content: bytes, begins: str) -> None:
    assert xet_hash.to_hex(xet_hash.file_hash(leaves_of(content))).startswith(begins)


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (13, "755a08c28a132dab61e3eb93faa16fb59a22589c098b7b1cac6953fcf518d42e"),
        (3, "d2a746d0ae9df7d5f11eca97ce2fbab7e4014c9dfaeb2f1c181c75d7ab83e13d"),
    ],
)
def test_range_hash_of_the_sample(stop: int, expected: str) -> None:
    concatenated = b"".join([child for child, _ in LEAVES[:stop]])
    assert xet_hash.to_hex(xet_hash.range_hash(concatenated)) == expected


def test_keyed_hash_of_the_first_chunk() -> None:
    expected = "03941fb058105d112ddb9d440f3d655e604022f8a9cfe2bef80ba1342c749482"
    assert xet_hash.to_hex(xet_hash.keyed(LEAVES[0][0], COUNTING)) == expected


def test_node_hash_of_the_specifications_example() -> None:
    children = [
        ("1f6a2b8e9d3c4075a2e8c5fd4f0b763e6f3c1d7a9b2e6487de3f91ab7c6d5401", 10000),
        ("7c94fe2a38bdcf9b4d2a6f7e1e08ac35bc24a7903d6f5a0e7d1c2b93e5f748de", 20000),
        ("cfd18a92e0743bb09e56dbf76ea2c34d99b5a0cf271f8d429b6cd148203df061", 25000),
        ("e38d7c09a21b4cf8d0f92b3a85e6df19f7c20435e0b1c78a9d635f7b8c2e4da1", 64000),
    ]
    root = xet_hash.node([(xet_hash.from_hex(text), length) for text, length in children])
    expected = "649b032540f645eb28eea76696f2b55d4d596bf09ffcbf3f77e529029454defa"
    assert xet_hash.to_hex(root) == expected


def test_sha256_is_stored_with_swapped_groups() -> None:
    stored = xet_hash.sha256_to_shard(hashlib.sha256(b"").hexdigest())
    assert stored.hex() == "141cfc9842c4b0e324b96f99c8f4fb9a4c939b64e441ae2755b852781b9995a4"
    assert xet_hash.sha256_from_shard(stored) == hashlib.sha256(b"").hexdigest()


def test_tree_of_one_chunk_is_that_chunk_and_of_none_is_zero() -> None:
    assert xet_hash.merkle_root(LEAVES[:1]) == LEAVES[0][0]
    assert xet_hash.merkle_root([]) == xet_hash.file_hash([]) == bytes(32)


def test_dedup_candidates_have_ten_zero_bits() -> None:
    assert xet_hash.dedup_candidate(b"\xff" * 24 + (1024 * 77).to_bytes(8, "little"))
    assert not xet_hash.dedup_candidate(b"\0" * 24 + (1024 * 77 + 512).to_bytes(8, "little"))


def plain_lengths(content: bytes, gear: list[int]) -> list[int]:
    """The specification's loop, byte by byte."""
    lengths, size, rolling = [], 0, 0
    for octet in content:
        size += 1
        rolling = (rolling << 1) + gear[octet] & 0xFFFFFFFFFFFFFFFF
        if size == 131072 or (size >= 8192 and rolling >> 48 == 0):
            lengths.append(size)
            size = rolling = 0
    return [*lengths, size] if size else lengths


def test_cuts_equal_the_byte_by_byte_loop_for_repetitive_content(gear: list[int]) -> None:
    rng = random.Random(5)
    words = [rng.randbytes(rng.randrange(1, 400)) for _ in range(30)]
    content = b"".join(rng.choices(words, k=4000)) + bytes(300_000) + rng.randbytes(200_000)
    assert list(chunk_lengths(content)) == plain_lengths(content, gear)


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 32767, 32768, 32769, 131071, 131072, 131073])
def test_cuts_at_the_edges_of_blocks_and_limits(gear: list[int], size: int) -> None:
    for content in (bytes(size), SAMPLE[:size]):
        assert list(chunk_lengths(content)) == plain_lengths(content, gear)


@settings(deadline=None)
@given(st.lists(st.integers(0, 150_000), max_size=12))
def test_cuts_do_not_depend_on_how_the_file_arrives(sizes: list[int]) -> None:
    ends = [0, *[end for end in itertools.accumulate(sizes) if end < len(SAMPLE)], len(SAMPLE)]
    buffers = [SAMPLE[a:b] for a, b in itertools.pairwise(ends)]
    assert list(chunk_lengths(buffers)) == LENGTHS


def test_crc_check_value() -> None:
    assert crc.crc64(b"123456789") == 0xAE8B14860A799888


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 4095, 1 << 20, (1 << 20) + 12345])
def test_crc_equals_the_bitwise_definition(size: int) -> None:
    content = (SAMPLE * 2)[:size]
    state = (1 << 64) - 1
    table = [bitwise_step(octet) for octet in range(256)]
    for octet in content:
        state = state >> 8 ^ table[(state ^ octet) & 0xFF]
    assert crc.crc64(content) == state ^ (1 << 64) - 1


def bitwise_step(state: int) -> int:
    for _ in range(8):
        state = state >> 1 ^ (0x9A6C9329AC4BC9B5 if state & 1 else 0)
    return state


@settings(deadline=None)
@given(st.lists(st.integers(0, 5000), max_size=8))
def test_crc_is_the_same_in_pieces(sizes: list[int]) -> None:
    running = crc.Crc64()
    ends = [0, *itertools.accumulate(sizes)]
    for a, b in itertools.pairwise(ends):
        running.update(memoryview(SAMPLE)[a:b])
    assert running.value == crc.crc64(SAMPLE[: ends[-1]])
