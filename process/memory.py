"""What a process has given up goes back to the machine: how the allocator of the C library is set."""

import ctypes
import os
from contextlib import suppress
from typing import Final

ARENAS: Final = 2
"""Heaps that threads share. On its own glibc has eight for each core, and each keeps what was free in it at its fullest: the
threads of Temporal's SDK, and those that make packets and papers, would leave a piece of theirs in every one.
"""
LARGE: Final = 128 * 1024
"""Bytes from which on a piece is the machine's own pages, which go back when it is given up. On its own glibc raises that with
the largest piece that was given up, to 32 MiB: a packet or a body would then be cut out of a heap that keeps what is around it.
"""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def settle() -> None:
    """Set it so, before there are threads; what the environment says (`MALLOC_ARENA_MAX` and so forth) stays. Another C library
    has no such setting.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for name, what, value in (
            ("MALLOC_ARENA_MAX", _M_ARENA_MAX, ARENAS),
            ("MALLOC_MMAP_THRESHOLD_", _M_MMAP_THRESHOLD, LARGE),
            ("MALLOC_TRIM_THRESHOLD_", _M_TRIM_THRESHOLD, LARGE),
        ):
            if name not in os.environ:
                mallopt(what, value)
