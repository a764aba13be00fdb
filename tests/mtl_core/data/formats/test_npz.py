"""NumPy's files: read without unpickling, and refused where they claim or unpack to too much."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mtl_core.data.formats.npz import Npz
from mtl_core.errors import UserError


def test_arrays_have_their_names(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "t.npz", x=np.ones((3, 2)), y_a=np.arange(3))
    np.save(tmp_path / "x.npy", np.ones(3))
    found = Npz().arrays(tmp_path / "t.npz")
    assert {name: array.shape for name, array in found.items()} == {"x": (3, 2), "y_a": (3,)}
    assert list(Npz().arrays(tmp_path / "x.npy")) == ["x"]


class Planted:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple:
        return (print, ("unpickled",))


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_nothing_is_unpickled(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objects = np.array([Planted()], dtype=object)
    np.savez(tmp_path / "t.npz", x=objects)
    np.save(tmp_path / "t.npy", objects, allow_pickle=True)
    with pytest.raises(UserError, match="unpickling"):
        Npz().arrays(tmp_path / f"t{suffix}")
    assert capsys.readouterr().out == ""


def _header(shape: tuple[int, ...]) -> bytes:
    sink = io.BytesIO()
    np.lib.format.write_array_header_1_0(sink, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return sink.getvalue()


def test_a_header_that_claims_more_than_there_is_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("x.npy", _header((10**12,)))
    (tmp_path / "t.npy").write_bytes(_header((10**12,)))
    for name in ("t.npz", "t.npy"):
        with pytest.raises(UserError, match="its header says 8,000,000,000,000 bytes"):
            Npz().arrays(tmp_path / name)


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", _header((10**7,)) + bytes(8 * 10**7))
    with pytest.raises(UserError, match="more than 200 times"):
        Npz().arrays(tmp_path / "t.npz")
