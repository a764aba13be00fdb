"""IDX files: their arrays, and the names that the files of MNIST and its family give to them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from mtl_core.data.files.by_name import format_of, stem_of
from mtl_core.data.formats.idx import Idx
from mtl_core.errors import UserError

CODES = {"u1": 8, "i4": 0x0C, "f8": 0x0E}


def idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file."""
    stored = array.astype(array.dtype.newbyteorder(">"))
    head = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim])
    return head + b"".join(length.to_bytes(4) for length in array.shape) + stored.tobytes()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("train-images-idx3-ubyte", "x_train"),
        ("train-images-idx3-ubyte.gz", "x_train"),
        ("t10k-labels-idx1-ubyte", "y_test"),
        ("t10k-labels.idx1-ubyte", "y_test"),
        ("emnist-letters-test-images-idx3-ubyte.gz", "x_test"),
        ("emnist-letters-test-labels-idx1-ubyte.gz", "y_emnist_letters_test"),
        ("y_parity_train.idx.gz", "y_parity_train"),
    ],
)
def test_a_file_is_called_as_its_name_says(file: str, name: str) -> None:
    assert isinstance(format_of(file), Idx)
    assert stem_of(file) == name


@pytest.mark.parametrize("kind", ["u1", "i4", "f8"])
def test_numbers_of_every_type_are_read(kind: str, tmp_path: Path) -> None:
    array = np.arange(24).reshape(4, 3, 2).astype(kind)
    (tmp_path / "x.idx").write_bytes(idx(array))
    (tmp_path / "x.idx.gz").write_bytes(gzip.compress(idx(array)))
    for name in ("x.idx", "x.idx.gz"):
        found = Idx().arrays(tmp_path / name)["x"]
        assert found.dtype == array.dtype
        assert (found == array).all()


@pytest.mark.parametrize("content", [b"", b"PK\3\4", idx(np.zeros(9, "u1"))[:-1], idx(np.zeros((2, 2), "f8")) + b"!"])
def test_bytes_that_are_none_or_not_as_many_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.idx").write_bytes(content)
    with pytest.raises(UserError, match=r"does not begin|its header says"):
        Idx().arrays(tmp_path / "x.idx")
