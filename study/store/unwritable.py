"""Errors of the operating system that say that files cannot be written: no fault of a replica, nor of the program."""

from __future__ import annotations

import errno

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE})
"""Their numbers: a full disk or quota, a lock, a device that fails, a network file system that went away."""


def is_unwritable(error: BaseException) -> bool:
    """Return whether ``error`` says that a file cannot be written, and somebody has to act."""
    return isinstance(error, OSError) and error.errno in UNWRITABLE
