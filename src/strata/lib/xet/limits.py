"""What the Xet formats allow: sizes, counts and record widths.

Limits are those of the reference reader (huggingface/xet-core) and of the public protocol text
(https://huggingface.co/docs/xet). All sizes are bytes.
"""

from mmap import mmap
from typing import TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview | mmap

HASH_BYTES = 32

CHUNK_MIN = 8 * 1024  # smallest cut the chunker makes; the last chunk may be shorter
CHUNK_MAX = 128 * 1024  # raw bytes of one chunk
CHUNK_STORED_MAX = 256 * 1024  # payload bytes of one chunk

XORB_CHUNKS_MAX = 8192
XORB_RAW_MAX = 64 * 1024 * 1024
XORB_STORED_MAX = (
    66 * 1024 * 1024
)  # chunk headers and an old client's footer come on top of the raw

SHARD_MAX = 64 * 1024 * 1024
