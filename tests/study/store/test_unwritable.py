"""What is wrong with a disk, and what is not."""

from __future__ import annotations

import errno

import pytest

from study.store.unwritable import is_unwritable


@pytest.mark.parametrize(
    ("error", "is_so"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EIO, "Input/output error"), True),
        (PermissionError(errno.EPERM, "Operation not permitted"), True),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), False),
        (OSError("without a number"), False),
        (ValueError(errno.ENOSPC), False),
    ],
)
def test_only_errors_of_the_disk_are_the_disks(error: BaseException, is_so: bool) -> None:
    assert is_unwritable(error) == is_so
