"""IDX files, the format of MNIST and its family."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.data.formats import ArrayFormat
from mtl_core.data.reading.compression import file_bytes, without_compression
from mtl_core.data.reading.size_limit import refuse_beyond_memory
from mtl_core.errors import UserError

if TYPE_CHECKING:
    import numpy as np

NAME = re.compile(r"(?P<stem>.+?)[.-](?:idx[1-9](?:-\w+)?|idx)", re.IGNORECASE)
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
PARTS = {"train": "_train", "t10k": "_test", "test": "_test", "valid": "_valid", "validation": "_valid"}
WORDS = {"images": "x", "image": "x", "labels": "y", "label": "y"}


class Idx(ArrayFormat):
    """IDX: one array a file, such as ``train-images-idx3-ubyte``; a folder of them is a data set.

    Source: Y. LeCun, C. Cortes & C. Burges, "The MNIST database of handwritten digits", 1998.
    """

    suffixes = (".idx", "-idx1-ubyte", "-idx3-ubyte")
    may_be_compressed = True

    def stem(self, name: str) -> str | None:
        """Return the array's name: ``x_train`` of train-images-idx3-ubyte; other files keep theirs without suffix."""
        match = NAME.fullmatch(name)
        return None if match is None else _array_name(match["stem"])

    def arrays(self, path: Path) -> dict[str, np.ndarray]:
        """Return the array of the file, under the name that :meth:`stem` gives it.

        Raises:
            UserError: when the bytes are not those of an IDX file, or not as many as its header says.
        """
        import numpy as np

        content = file_bytes(path)
        if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
            raise UserError(str(path), "it does not begin as IDX files do.", "Name an IDX file, or write it anew.")
        start = 4 + 4 * content[3]
        shape = tuple(int.from_bytes(content[place : place + 4]) for place in range(4, min(start, len(content)), 4))
        stored = np.dtype(TYPES[content[2]])
        claimed = stored.itemsize * math.prod(shape)
        if len(content) - start != claimed:
            found = f"its header says {claimed:,} bytes, and it holds {max(len(content) - start, 0):,}."
            raise UserError(str(path), found, "Fetch or write the file anew.")
        refuse_beyond_memory(str(path), claimed)
        array = np.frombuffer(content, stored, offset=start).reshape(shape)
        name = self.stem(without_compression(path.name)) or path.stem
        return {name: array.astype(stored.newbyteorder("="))}


def _array_name(stem: str) -> str:
    """Return the name of an array by the words in a file's name; one that holds none of them is kept."""
    words = stem.split("-")
    known = [word for word in words if word.lower() in WORDS]
    part = next((PARTS[word.lower()] for word in words if word.lower() in PARTS), "")
    if len(known) != 1:
        return stem
    rest = "_".join(word for word in words if word not in known and word.lower() not in PARTS)
    what = WORDS[known[0].lower()]
    return f"{what}_{rest}{part}" if what == "y" and rest else f"{what}{part}"
