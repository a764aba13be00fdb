"""States on disk: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError, safe_open

from mtl_core.network.replica_state import join, separate
from mtl_core.recipe import Recipe
from mtl_core.training import checkpoint
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import development, rows

OLD = {"a": {"x": torch.arange(3)}, "b": {"x": torch.tensor([7])}}
NEW = {"c": {"x": torch.zeros(2)}}


def _metadata(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}


def test_states_come_back_bit_for_bit(tmp_path: Path) -> None:
    recipe = Recipe(depth=1, stages=2, width=8, epochs=2, weighting="uncertainty")
    states = {outcome.key: outcome.state for outcome in fit(recipe, development(), rows(3), until=1)}
    checkpoint.save(tmp_path / "states.safetensors", states, {"engine": "1"})
    loaded = checkpoint.load(tmp_path / "states.safetensors")
    assert loaded.keys() == states.keys()
    for key, state in states.items():
        assert loaded[key].keys() == state.keys()
        for name, value in state.items():
            assert loaded[key][name].dtype == value.dtype
            assert loaded[key][name].shape == value.shape
            assert loaded[key][name].numpy().tobytes() == value.numpy().tobytes(), name
    assert _metadata(tmp_path / "states.safetensors") == {"engine": "1"}


def test_views_and_leaves_are_stored_by_value(tmp_path: Path) -> None:
    base = torch.arange(6.0).view(2, 3).requires_grad_()
    checkpoint.save(tmp_path / "file", {"k": {"column": base[:, 1], "turned": base.T, "leaf": base}})
    loaded = checkpoint.load(tmp_path / "file")["k"]
    assert loaded["column"].tolist() == [1, 4]
    assert loaded["turned"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert loaded["leaf"].tolist() == base.tolist()


def test_a_key_may_be_any_text(tmp_path: Path) -> None:
    keys = ["hard/d2 equal", "größe", "a.b", "/", ""]
    checkpoint.save(tmp_path / "file", {key: {"x": torch.tensor([i])} for i, key in enumerate(keys)})
    loaded = checkpoint.load(tmp_path / "file")
    assert {key: state["x"].item() for key, state in loaded.items()} == {key: i for i, key in enumerate(keys)}
    assert _metadata(tmp_path / "file") == {}


@pytest.mark.parametrize("step", ["encode", "os.fsync", "os.replace"])
def test_a_crash_on_the_way_leaves_the_old_file(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "states"
    checkpoint.save(path, OLD)

    def crash(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(f"mtl_core.training.checkpoint.{step}", crash)
    with pytest.raises(OSError, match="no space"):
        checkpoint.save(path, NEW)
    monkeypatch.undo()
    assert checkpoint.load(path).keys() == OLD.keys()
    checkpoint.save(path, NEW)
    assert checkpoint.load(path).keys() == NEW.keys()


def test_a_file_is_complete_and_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "states", []
    fsync, replace = checkpoint.os.fsync, checkpoint.os.replace
    monkeypatch.setattr(checkpoint.os, "fsync", lambda descriptor: (seen.append("synced"), fsync(descriptor)))

    def watched(source: Path, target: Path) -> None:
        seen.append("named")
        assert source.parent == target.parent, "a rename is atomic within one folder"
        assert checkpoint.load(source).keys() == OLD.keys()
        assert not target.exists()
        replace(source, target)

    monkeypatch.setattr(checkpoint.os, "replace", watched)
    checkpoint.save(path, OLD)
    assert seen == ["synced", "named"]
    assert list(tmp_path.iterdir()) == [path]


def test_damage_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "states"
    with pytest.raises(OSError, match="No such file"):
        checkpoint.load(path)
    checkpoint.save(path, OLD)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(SafetensorError):
        checkpoint.load(path)


def test_join_and_separate_are_inverse_and_share_no_memory() -> None:
    states = [{"x": torch.tensor([1.0, 2.0]), "n": torch.tensor(i)} for i in range(3)]
    stacked = join(states)
    assert stacked["x"].shape == (3, 2)
    parts = separate(stacked)
    stacked["x"].zero_()
    assert [part["n"].item() for part in parts] == [0, 1, 2]
    assert all(part["x"].tolist() == [1.0, 2.0] for part in parts)
