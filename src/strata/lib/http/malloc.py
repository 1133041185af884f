"""Keep glibc from mapping and unmapping every large buffer in worker threads.

glibc hands buffers over 128 KiB straight back to the kernel; piece after piece of a large file then
costs page faults. See mallopt(3).
"""

import ctypes

_M_TRIM_THRESHOLD = -1  # numbers of <malloc.h>
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3
_MIB = 1024 * 1024


def tune_malloc() -> bool:
    """Raise glibc's mmap, trim and top-pad limits; False where there is no glibc.

    Call it once, before worker threads allocate. Memory given back late is the price, for each
    thread: so what a password hash takes (46 MiB) still goes straight back. For that the pad has
    to be smaller than a hash: a thread's heap begins with that much free, and what fits there is
    taken from there, never mapped, and never given back.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    mmap = mallopt(_M_MMAP_THRESHOLD, 40 * _MIB) or mallopt(_M_MMAP_THRESHOLD, 32 * _MIB)
    trim = mallopt(_M_TRIM_THRESHOLD, 2048 * _MIB - 1)
    pad = mallopt(_M_TOP_PAD, 16 * _MIB)
    return all(answer == 1 for answer in (mmap, trim, pad))  # older glibc takes at most 32 MiB
