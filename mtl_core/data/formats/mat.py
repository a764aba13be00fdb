"""MATLAB's files, up to version 7."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.data.formats import ArrayFormat
from mtl_core.data.reading.size_limit import refuse_beyond_memory
from mtl_core.errors import UserError

if TYPE_CHECKING:
    import numpy as np

BYTES = 8
OLD = "Save it with MATLAB's -v7, or as .npz."


class Mat(ArrayFormat):
    """MATLAB's .mat files of versions 4 to 7, through scipy; a column or a row becomes one dimension.

    Source: https://docs.scipy.org/doc/scipy/reference/generated/scipy.io.loadmat.html.
    """

    suffixes = (".mat",)

    def arrays(self, path: Path) -> dict[str, np.ndarray]:
        """Return the arrays of the file; those whose name begins with two underscores are about the file.

        Raises:
            UserError: when it is of version 7.3, or scipy cannot read it.
        """
        from scipy import io

        try:
            claimed = sum(BYTES * math.prod(shape) for _, shape, _ in io.whosmat(path, appendmat=False))
            refuse_beyond_memory(str(path), claimed)
            found = io.loadmat(path, appendmat=False, chars_as_strings=True)
        except NotImplementedError:
            raise UserError(str(path), "it is of MATLAB's version 7.3, which is HDF5.", OLD) from None
        except (UserError, OSError, MemoryError):
            raise
        except Exception as error:  # a file that is none, or is damaged, raises whatever the parser stumbles over
            reason = f"{type(error).__name__}: {str(error)[:150]}"
            raise UserError(str(path), f"it cannot be read as .mat ({reason}).", OLD) from None
        return {name: _plain(value) for name, value in found.items() if not name.startswith("__")}


def _plain(value: np.ndarray) -> np.ndarray:
    """Return an array without the second dimension that MATLAB gives to columns and rows, and sparse ones as full."""
    dense = value.toarray() if hasattr(value, "toarray") else value  # pyright: ignore[reportAttributeAccessIssue]
    return dense.reshape(-1) if dense.ndim == 2 and 1 in dense.shape else dense
