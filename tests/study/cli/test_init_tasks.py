"""``init`` for arrays: the file is the study of the arrays alone, with what they were taken for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from safetensors.numpy import save_file
from typer.testing import CliRunner

from study.cli.app import app
from study.config.load import load_spec

CHANCE = np.random.default_rng(0)
IMAGES = CHANCE.integers(0, 256, size=(120, 6, 6, 3)).astype(np.uint8)
NUMBERS = CHANCE.normal(size=(150, 5)).astype(np.float32)
LABELS = {"y_sum": NUMBERS.sum(axis=1), "y_left": (NUMBERS[:, 0] < 0).astype(np.int64)}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(data: str) -> tuple[str, dict[str, Any]]:
    """The file that ``init`` writes for the data, and the options of its task set, which is that of the data alone."""
    result = CliRunner().invoke(app, ["init", data, "--out", "study.yaml"])
    assert result.exit_code == 0, result.output
    own, plain = load_spec("study.yaml"), load_spec(data)
    assert own.model_copy(update={"tasks": plain.tasks, "name": plain.name}) == plain
    checked = CliRunner().invoke(app, ["check", "study.yaml"])
    assert checked.exit_code == 0, checked.output
    assert own.tasks.set == "arrays"
    return Path("study.yaml").read_text(), own.tasks.options


def test_images_vectors_and_where_reasons_are_said() -> None:
    rgb = CHANCE.normal(size=(120, 3))
    np.savez("data.npz", x=IMAGES, y_red=IMAGES[..., 0].mean(axis=(1, 2)), y_on=IMAGES[:, 0, 0, 0] > 127, y_rgb=rgb)
    text, options = written("data.npz")
    assert options["targets"] == ["y_red", "y_on", "y_rgb"]
    assert options["kinds"] == {"y_red": "regression", "y_on": "binary"}
    assert options["metrics"] == {"y_red": "mse", "y_on": "accuracy"}
    assert "# 120 examples, images of 6 × 6 pixels and 3 channels, 3 tasks." in text
    assert "y_on: binary  # true or false" in text
    assert "# y_rgb: vectors of 3 numbers, one task" in text
    assert "backbone: [mlp]  # or convnet, resnet" in text


def test_parts_of_safetensors_and_of_mat_files_and_folders_of_arrays() -> None:
    parts = {f"{name}_{part}": values[rows] for part, rows in (("train", slice(100)), ("test", slice(100, 150)))
             for name, values in {"x": NUMBERS, **LABELS}.items()}  # fmt: skip
    save_file({name: np.ascontiguousarray(values) for name, values in parts.items()}, "data.safetensors")
    scipy.io.savemat("data.mat", {"x": NUMBERS, **LABELS})
    Path("folder").mkdir()
    for name, values in {"x": NUMBERS, **LABELS}.items():
        np.save(f"folder/{name}.npy", values)
    for data in ("data.safetensors", "data.mat", "folder"):
        text, options = written(data)
        assert set(options["targets"]) == {"y_sum", "y_left"}, data
        assert options["kinds"] == {"y_sum": "regression", "y_left": "binary"}, data
        assert "# 150 examples, 5 inputs, 2 tasks." in text
        assert "backbone" not in text
        Path("study.yaml").unlink()


def test_files_of_mnists_format() -> None:
    Path("digits").mkdir()
    for part, number in (("train", 80), ("t10k", 40)):
        images = CHANCE.integers(0, 256, size=(number, 5, 5)).astype(np.uint8)
        write_idx(f"digits/{part}-images-idx3-ubyte", images)
        for task, labels in (("", images[:, 0, 0] % 3), ("dark-", (images.mean(axis=(1, 2)) < 127).astype(np.uint8))):
            write_idx(f"digits/{part}-{task}labels-idx1-ubyte", labels)
    text, options = written("digits")
    assert options["kinds"] == {"y": "multiclass", "y_dark": "binary"}
    assert "images of 5 × 5 pixels and 1 channel" in text


def write_idx(path: str, values: np.ndarray) -> None:
    head = bytes([0, 0, 8, values.ndim]) + b"".join(length.to_bytes(4, "big") for length in values.shape)
    Path(path).write_bytes(head + values.tobytes())
