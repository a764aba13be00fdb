"""What a run directory must not hold: links, pipes and devices."""

from __future__ import annotations

import os
from pathlib import Path

from mtl_core.errors import UserError


def refuse_links(directory: Path) -> None:
    """Refuse a run directory that holds anything but files and folders.

    A link would lead writing and removing out of the directory; a pipe or a device would be waited for without an end.
    The directory itself may be a link.

    Raises:
        UserError: naming the first link, pipe or device.
    """
    with os.scandir(directory) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_symlink():
                found = "this is a link, and a study writes and removes files in its own directory alone."
                raise UserError(entry.path, found, "Put what it points to in its place.")
            if not entry.is_file() and not entry.is_dir():
                found = "this is neither a file nor a folder."
                raise UserError(entry.path, found, "Remove it, and put the study's own file in its place.")
