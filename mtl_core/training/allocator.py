"""Setting of the C library's memory allocator for training steps that request the same memory again and again."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # <malloc.h>
_LARGEST_MMAP_THRESHOLD = 32 * 2**20


@cache
def keep_freed_memory() -> bool:
    """Make the C library keep freed memory instead of returning it to the kernel after every operation.

    A step's temporaries are megabytes that would otherwise be mapped, page-faulted and unmapped each time, which costs
    up to a third of the step.

    Returns:
        Whether the allocator accepted the setting; nothing changes on other systems than Linux with glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return False
    trimmed = library.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    return bool(trimmed and library.mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD))
