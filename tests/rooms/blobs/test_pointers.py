import pytest

from strata.blobs import pointer
from strata.blobs.pointer import Pointer
from strata.core.names import Oid

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
CANONICAL = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    b"size 12345\n"
)


def test_a_pointer_reads_back_what_was_written() -> None:
    made = Pointer(Oid(OID), 12345)
    assert pointer.text(made) == CANONICAL
    assert pointer.parse(CANONICAL) == made


@pytest.mark.parametrize(
    "content",
    [
        CANONICAL.replace(b"git-lfs.github.com", b"hawser.github.com"),
        CANONICAL.replace(b"\n", b"\r\n"),
        CANONICAL.rstrip(b"\n"),
        CANONICAL.replace(b"oid", b"ext-0-foo sha256:" + b"a" * 64 + b"\noid"),
    ],
)
def test_what_git_lfs_reads_is_a_pointer(content: bytes) -> None:
    assert pointer.parse(content) == Pointer(Oid(OID), 12345)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"version 1\n",
        CANONICAL.replace(b"sha256", b"sha512"),
        CANONICAL.replace(b"4d7a", b"4D7A"),
        CANONICAL.replace(b"12345", b"-1"),
        CANONICAL.replace(b"12345", b"012"),
        CANONICAL.replace(b"12345", b"9" * 40),
        CANONICAL.replace(b"size 12345\n", b""),
        CANONICAL + b"size 7\n",
        CANONICAL + b"\n\nand more text",
        b" " + CANONICAL,
        CANONICAL + b"x-" + b"a" * 1024 + b" b\n",
        b"version https://git-lfs.github.com/spec/v1\n" + bytes(200),
    ],
)
def test_anything_else_is_content(content: bytes) -> None:
    assert pointer.parse(content) is None
