"""Task sets of named arrays: roles, parts, images, kinds of targets, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from scipy import io

from mtl_core.data.preprocessing import prepare
from mtl_core.data.splits import split
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks.arrays import Arrays
from tests.mtl_core.data.formats.test_idx import idx

DRAW = np.random.default_rng(0)
NUMBERS = DRAW.normal(size=(80, 3)).astype(np.float32)
IMAGES = DRAW.integers(0, 256, size=(80, 6, 5, 3)).astype(np.uint8)
CLASSES = DRAW.integers(0, 3, size=80)
SUMS = NUMBERS.sum(axis=1)


def built(folder: Path, arrays: dict[str, Any], **options: Any) -> TaskSet:
    np.savez(folder / "t.npz", **arrays)
    return Arrays(path=folder / "t.npz", **options).build()


def test_every_format_is_the_same_task_set(tmp_path: Path) -> None:
    arrays = {"x": NUMBERS, "y_a": SUMS, "y_b": CLASSES}
    np.savez_compressed(tmp_path / "t.npz", **arrays)
    save_file(arrays, tmp_path / "t.safetensors")
    io.savemat(tmp_path / "t.mat", arrays)
    for folder in ("npy", "idx"):
        (tmp_path / folder).mkdir()
    for name, array in arrays.items():
        np.save(tmp_path / "npy" / f"{name}.npy", array)
        wide = array.astype("f8" if array.dtype.kind == "f" else "i4")
        (tmp_path / "idx" / f"{name}.idx.gz").write_bytes(gzip.compress(idx(wide)))
    names = ("t.npz", "t.safetensors", "t.mat", "npy", "idx")
    found = {Arrays(path=tmp_path / name, kinds={"y_b": "multiclass"}).build().fingerprint() for name in names}
    assert len(found) == 1


def test_parts_are_the_splits(tmp_path: Path) -> None:
    rows = {"train": slice(0, 50), "valid": slice(50, 60), "test": slice(60, 80)}
    arrays = {f"x_{part}": NUMBERS[own] for part, own in rows.items()}
    arrays |= {f"y_sum_{part}": SUMS[own] for part, own in rows.items()}
    arrays |= {f"y_{part}": CLASSES[own] for part, own in rows.items()}
    task_set = built(tmp_path, arrays)
    assert [task.name for task in task_set.tasks] == ["y_sum", "y"]
    assert torch.equal(task_set.test.inputs, torch.from_numpy(NUMBERS[60:]))
    assert not task_set.test_is_drawn
    assert split(task_set.development, 7)[1].tolist() == list(range(50, 60))


@pytest.mark.parametrize("layout", ["last", "first", "grey"])
def test_images_keep_their_shape_and_have_one_scale_a_channel(layout: str, tmp_path: Path) -> None:
    images = {"last": IMAGES, "first": np.moveaxis(IMAGES, 3, 1), "grey": IMAGES[..., 0]}[layout]
    task_set = built(tmp_path, {"X": images, "y_a": CLASSES, "Y_b": SUMS})
    pool = task_set.development
    channels = 1 if layout == "grey" else 3
    assert pool.image == (channels, 6, 5)
    fitted = prepare(pool, 0)
    shift, scale = (values.reshape(channels, 30) for values in (fitted.input_shift, fitted.input_scale))
    assert (shift == shift[:, :1]).all()
    assert (scale == scale[:, :1]).all()
    train = pool.examples.inputs[fitted.train].reshape(-1, channels, 30)
    scaled = (train - shift) * scale
    assert torch.allclose(scaled.mean(dim=(0, 2)), torch.zeros(channels), atol=1e-5)
    assert torch.allclose(scaled.square().mean(dim=(0, 2)), torch.ones(channels), atol=1e-4)


def test_targets_are_of_the_kinds_that_a_table_would_have(tmp_path: Path) -> None:
    half = np.where(np.arange(80) % 2, SUMS, np.nan)
    words = np.where(CLASSES > 0, "up", "down")
    labels = np.where(np.arange(80) % 5, CLASSES, -1)
    arrays = {"x": NUMBERS, "y_half": half, "y_word": words, "y_coded": labels, "y_pair": NUMBERS[:, :2] * 2}
    task_set = built(tmp_path, arrays, missing=(-1,), metrics={"y_half": "mae"})
    kinds = {task.name: (task.kind, task.num_targets) for task in task_set.tasks}
    assert kinds == {
        "y_half": ("regression", 1),
        "y_word": ("binary", 1),
        "y_coded": ("multiclass", 1),
        "y_pair": ("regression", 2),
    }
    counted = task_set.development.labels.sum(dim=0) + (~task_set.test.targets[:, [0, 1, 2, 4]].isnan()).sum(dim=0)
    assert counted.tolist() == [40, 80, 64, 80]
    assert task_set.tasks[0].metric == "mae"


def test_groups_stay_whole(tmp_path: Path) -> None:
    groups = np.arange(80) // 8
    task_set = built(tmp_path, {"x": NUMBERS, "y_a": SUMS, "y_b": CLASSES, "groups": groups})
    apart = [set(part.groups.tolist()) for part in (task_set.development.examples, task_set.test)]  # pyright: ignore[reportOptionalMemberAccess]
    assert not apart[0] & apart[1]


GOOD = {"x": NUMBERS, "y_a": SUMS, "y_b": CLASSES}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no inputs": ({"images": NUMBERS, "y_a": SUMS}, r"no inputs \(x\). There is: images \[80, 3\], y_a \[80\]"),
    "no targets": ({"x": NUMBERS, "labels": SUMS}, r"no targets"),
    "lengths": (GOOD | {"y_b": CLASSES[1:]}, r"y_b: has shape \(79,\), and x has 80 examples"),
    "a part lacks targets": (
        {"x_train": NUMBERS, "x_test": NUMBERS, "y_a_train": SUMS, "y_a_test": SUMS, "y_b_train": CLASSES},
        "of y_b there is y_b_train",
    ),
    "whole and parts": (GOOD | {"x_test": NUMBERS}, "and x in parts as well"),
    "validation without test": (
        {"x_train": NUMBERS, "x_valid": NUMBERS, "y_train": SUMS, "y_valid": SUMS},
        "no x_test",
    ),
    "twice": (GOOD | {"X": NUMBERS}, "there are two arrays"),
    "few": ({name: values[:20] for name, values in GOOD.items()}, "20 examples"),
    "flat inputs": (GOOD | {"x": SUMS}, r"has shape \(80,\)"),
    "words as inputs": (GOOD | {"x": np.full((80, 2), "a")}, "values of type <U1"),
    "complex inputs": (GOOD | {"x": NUMBERS * 1j}, "complex"),
    "five dimensions": (GOOD | {"x": np.ones((80, 2, 2, 2, 2))}, "has shape"),
    "unclear channels": (GOOD | {"x": np.ones((80, 3, 5, 3))}, "channels: first"),
    "infinite": (GOOD | {"x": np.where(NUMBERS > 2, np.inf, NUMBERS)}, "holds inf"),
    "hardly different": (GOOD | {"x": NUMBERS.astype(float) + 1e12}, "differ by little"),
    "no columns": (GOOD | {"x": np.ones((80, 0))}, "0 numbers an example"),
    "labels in columns": (GOOD | {"y_a": np.ones((80, 4), int)}, "array of its own"),
    "dates": (GOOD | {"y_a": np.zeros(80, "datetime64[D]")}, "datetime64"),
    "other shapes in parts": (
        {
            "x_train": NUMBERS,
            "x_test": NUMBERS[:, :2],
            **{f"y{t}_{p}": SUMS for t in ("", "_b") for p in ("train", "test")},
        },
        "different shapes",
    ),
    "a group in both": (
        {
            **{f"x_{part}": NUMBERS for part in ("train", "test")},
            **{f"{name}_{part}": CLASSES for name in ("y_a", "groups") for part in ("train", "test")},
        },
        "splits 3 groups",
    ),
}


@pytest.mark.parametrize(("arrays", "found"), REFUSED.values(), ids=REFUSED.keys())
def test_unsound_arrays_are_refused(arrays: dict[str, Any], found: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=found):
        built(tmp_path, arrays)


def test_unknown_targets_and_folders_without_arrays_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="y_z"):
        built(tmp_path, GOOD, targets=("y_z",))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no arrays"):
        Arrays(path=tmp_path / "empty").build()
    with pytest.raises(UserError, match="no such file"):
        Arrays(path=tmp_path / "none.npz").build()
