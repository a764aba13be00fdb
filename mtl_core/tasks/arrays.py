"""Task sets from the user's own arrays."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.data.arrays.array_options import ArrayOptions
from mtl_core.data.arrays.task_set_of_arrays import task_set_of_arrays
from mtl_core.data.files.by_name import format_of, holds_arrays, stem_of, suffixes
from mtl_core.data.formats import ArrayFormat
from mtl_core.data.row_parts import EveryRowJudges, holdout
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks import TaskSource

if TYPE_CHECKING:
    import numpy as np


@dataclass(kw_only=True, eq=False)
class Arrays(ArrayOptions, TaskSource):
    """The user's own arrays: ``x`` holds the inputs, ``y_…`` the targets of each task; images keep their shape.

    Where examples are for testing or validating, arrays have a suffix: ``x_train, y_age_train, x_test, y_age_test`` and
    ``x_valid, y_age_valid``.  An array ``groups`` says which examples no split divides.  Numbers that are missing are
    NaN.  Columns of numbers are standardised, those of 0 and 1 are not; images are standardised by channel.  Kinds of
    targets are inferred as those of a table are; an array ``[n, k]`` of fractions is one target with k numbers.

    Source: the user's file.

    Args:
        path: of a file of arrays (``mtl-study list formats``), or of a folder whose files hold an array each, such as
            the four files of MNIST.
        others: as for every task set of arrays, see :class:`mtl_core.data.arrays.array_options.ArrayOptions`.
    """

    path: Path

    def __post_init__(self) -> None:
        super().__post_init__()
        self.path = Path(self.path)

    def build(self) -> TaskSet:
        """Return the task set of the file or folder.

        Raises:
            UserError: when a file, an array or an option cannot be used; it names the place and the remedy.
        """
        return self.build_for(holdout)

    def build_for(self, design: EveryRowJudges) -> TaskSet:
        """Return the same examples, with metrics and remarks of all rows where ``design`` lets all rows judge."""
        return self.of(read_arrays(self.path), design)

    def of(self, arrays: Mapping[str, np.ndarray], design: EveryRowJudges = holdout) -> TaskSet:
        """Return the task set of arrays that are in memory, as of a file that holds them.

        Raises:
            UserError: when an array or an option cannot be used.
        """
        return task_set_of_arrays(arrays, self, self.path.name, stem_of(self.path), design)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file, or of all files of a folder, by name.

    Raises:
        UserError: when there is no such file, it is not of its format, or a name is there twice.
    """
    if "\0" in str(path) or not path.exists():
        raise UserError(repr(str(path)), "there is no such file.", "Check the path.")
    files = sorted(entry for entry in path.iterdir() if holds_arrays(entry)) if path.is_dir() else [path]
    if not files:
        known = ", ".join(suffixes(ArrayFormat))
        raise UserError(str(path), "this folder holds no arrays.", f"Known are {known}.")
    arrays: dict[str, np.ndarray] = {}
    for file in files:
        for name, array in _arrays_of(file).items():
            if name in arrays:
                raise UserError(str(file), f"another file holds an array {name!r}, too.", "Keep one of them.")
            arrays[name] = array
    return arrays


def _arrays_of(file: Path) -> dict[str, np.ndarray]:
    own = format_of(file)
    if not isinstance(own, ArrayFormat):
        known = ", ".join(suffixes(ArrayFormat))
        raise UserError(str(file), f"nothing reads {file.suffix or 'no suffix'} as arrays.", f"Known are {known}.")
    if file.stat().st_size == 0:
        raise UserError(str(file), "the file is empty.", "Write arrays into it.")
    try:
        return own.arrays(file)
    except UserError:
        raise
    except (OSError, ValueError, EOFError, KeyError, zlib.error, zipfile.BadZipFile) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise UserError(str(file), f"it cannot be read as {file.suffix}: {reason}.", "Write the file anew.") from None
