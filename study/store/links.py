"""Links in a run directory: what is written or removed through one lies elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from mtl_core.errors import UserError


def refuse_links(directory: Path) -> None:
    """Refuse a run directory whose files or folders are links, which would lead writing and removing out of it.

    The directory itself may be a link.

    Raises:
        UserError: naming the first link.
    """
    with os.scandir(directory) as entries:
        links = sorted(entry.name for entry in entries if entry.is_symlink())
    if links:
        found = "this is a link, and a study writes and removes files in its own directory alone."
        raise UserError(str(directory / links[0]), found, "Put what it points to in its place.")
