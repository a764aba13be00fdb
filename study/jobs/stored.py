"""Files of the run directory that a job cannot do without."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from study.store.storage import Storage


def content_of(storage: Storage, path: str) -> bytes:
    """Return the content of the file at ``path``.

    Raises:
        FileNotFoundError: when it is missing.
    """
    content = storage.read(path)
    if content is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return content
