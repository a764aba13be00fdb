"""MATLAB's files up to version 7."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import io, sparse

from mtl_core.data.formats.mat import Mat
from mtl_core.errors import UserError


def test_columns_and_rows_have_one_dimension_and_sparse_arrays_are_full(tmp_path: Path) -> None:
    held = {"x": np.eye(4), "y_a": np.arange(4)[:, None], "y_b": np.arange(4), "s": sparse.csc_matrix(np.eye(3))}
    io.savemat(tmp_path / "t.mat", held, do_compression=True)
    found = Mat().arrays(tmp_path / "t.mat")
    assert {name: array.shape for name, array in found.items()} == {"x": (4, 4), "y_a": (4,), "y_b": (4,), "s": (3, 3)}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400), "7.3"),
        (b"no such thing" * 40, "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_other_files_are_refused(content: bytes, found: str, tmp_path: Path) -> None:
    (tmp_path / "t.mat").write_bytes(content)
    with pytest.raises(UserError, match=found):
        Mat().arrays(tmp_path / "t.mat")
