"""Read files without making others wait for the disk.

What lies in the page cache is read at once; only what does not goes to a worker thread.
"""

import asyncio
import os


def in_page_cache(file: int, offset: int, count: int) -> bool:
    """Tell whether both ends of a stretch can be read without the disk.

    False where the filesystem cannot tell (`RWF_NOWAIT`, preadv2(2)). What lies between the ends
    is taken to be where they are: read-ahead brings neighbours together.
    """
    return _resident(file, offset) and (count <= 1 or _resident(file, offset + count - 1))


def _resident(file: int, offset: int) -> bool:
    try:
        os.preadv(file, (bytearray(1),), offset, os.RWF_NOWAIT)
    except (BlockingIOError, OSError):
        return False
    return True


async def read_stretch(file: int, offset: int, count: int) -> bytes:
    """Read up to `count` bytes, in a thread when the disk is needed; empty at the file's end.

    The descriptor must not be closed while this runs, cancelled or not: cancelling waits for the
    thread.
    """
    if in_page_cache(file, offset, count):
        return os.pread(file, count, offset)
    reading = asyncio.get_running_loop().run_in_executor(None, os.pread, file, count, offset)
    try:
        await asyncio.wait((reading,))
    except asyncio.CancelledError:
        await asyncio.wait((reading,))
        reading.exception()
        raise
    return reading.result()
