"""Compiled templates, which the environments of all languages and prefixes share.

What differs between them is asked for when a page is made. Compiling took most of the time of the
first pages of a hub: of each process, since nothing was kept. It is kept where Python keeps what it
compiled of this module, on the same terms: beside the program, when that may be written to.
"""

import hashlib
import marshal
import os
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType
from typing import Final

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket, bc_magic
from typing_extensions import override

__all__ = ["COMPILED", "Compiled"]

FOLDER: Final = Path(cache_from_source(__file__)).parent / "templates"


class Compiled(BytecodeCache):
    """The code of each template as long as its source is, in this process and in a folder.

    Args:
        folder: of what processes before this one have compiled; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._codes: dict[tuple[str, str], CodeType] = {}

    @override
    def load_bytecode(self, bucket: Bucket) -> None:
        key = bucket.key, bucket.checksum
        if key not in self._codes:
            found = self._kept(bucket)
            if found is None:
                return
            self._codes[key] = found
        bucket.code = self._codes[key]

    @override
    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is None:
            return
        self._codes[bucket.key, bucket.checksum] = bucket.code
        if not sys.dont_write_bytecode:
            with suppress(OSError):  # the program of most hubs belongs to somebody else
                self._keep(bucket, bucket.code)

    def _kept(self, bucket: Bucket) -> CodeType | None:
        """What was compiled of this source as it would be now."""
        try:
            held = marshal.loads((self._folder / bucket.key).read_bytes())  # noqa: S302 -- as Python's own
            made_by, checksum, code = held
        except (OSError, EOFError, ValueError, TypeError):
            return None
        known = made_by == _compiler() and checksum == bucket.checksum
        return code if known and isinstance(code, CodeType) else None

    def _keep(self, bucket: Bucket, code: CodeType) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        written = self._folder / f"{bucket.key}.{os.getpid()}"
        written.write_bytes(marshal.dumps((_compiler(), bucket.checksum, code)))
        written.replace(self._folder / bucket.key)


@cache
def _compiler() -> bytes:
    """All that makes other code of the same template: Python, Jinja, and what we ask of it."""
    options = hashlib.sha256(Path(__file__).with_name("render.py").read_bytes()).digest()
    return bc_magic + version("jinja2").encode() + options


COMPILED: Final = Compiled(FOLDER)
