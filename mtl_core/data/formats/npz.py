"""NumPy's archives of arrays, and single arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mtl_core.data.formats import ArrayFormat
from mtl_core.data.reading.compression import MOST_TIMES
from mtl_core.data.reading.size_limit import ALWAYS, refuse_beyond_memory
from mtl_core.errors import UserError

if TYPE_CHECKING:
    import numpy as np


class Npz(ArrayFormat):
    """NumPy's ``.npz``, with an array for each name, and ``.npy`` with one; nothing in them is unpickled.

    Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
    """

    suffixes = (".npz", ".npy")

    def arrays(self, path: Path) -> dict[str, np.ndarray]:
        """Return the arrays; the one of a ``.npy`` has the name of the file.

        Raises:
            UserError: when an array needs unpickling, or unpacks to far more than it is packed to.
        """
        import numpy as np

        _refuse_bombs(path)
        try:
            found = np.load(path, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return {path.stem: found}
            with found:
                return {name: found[name] for name in found.files}
        except ValueError as error:
            if "allow_pickle" not in str(error) and "pickled" not in str(error):
                raise
            why = "it holds Python objects, which only unpickling could read, and that runs code of the file"
            found = f"it cannot be read as {path.suffix}: {why}."
            raise UserError(str(path), found, "Save numbers, text or truth values.") from None


def _refuse_bombs(path: Path) -> None:
    """Refuse an archive that unpacks to far more than it is packed to, and arrays that claim more than they hold."""
    from numpy.lib import format as npy

    size = path.stat().st_size
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            _refuse_claims(npy, file, size, str(path))
        return
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > max(ALWAYS, MOST_TIMES * size):
            found = f"it unpacks to {unpacked:,} bytes, more than {MOST_TIMES} times its {size:,}."
            raise UserError(str(path), found, "If that is right, save the arrays without compression: np.savez.")
        refuse_beyond_memory(str(path), unpacked)
        for member in archive.infolist():
            with archive.open(member) as file:
                _refuse_claims(npy, file, member.file_size, f"{path}: {member.filename}")


def _refuse_claims(npy: Any, file: IO[bytes], size: int, where: str) -> None:
    version = npy.read_magic(file)
    reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, stored = reader(file)
    claimed = stored.itemsize
    for length in shape:
        claimed *= length
    if not stored.hasobject and claimed > size:
        raise UserError(where, f"its header says {claimed:,} bytes, and it holds {size:,}.", "Write the file anew.")
