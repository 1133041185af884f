"""Compiled templates, which the environments of all languages and prefixes share.

What differs between them is asked for when a page is made. Compiling took most of the time of the
first pages of a hub, for each language anew.
"""

from types import CodeType
from typing import Final

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from typing_extensions import override

__all__ = ["COMPILED"]


class Compiled(BytecodeCache):
    """The code of each template that this process has compiled, as long as its source is."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    @override
    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    @override
    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


COMPILED: Final = Compiled()
