"""Where replicas go on: a twin's state is as good as their own, up to where the two part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.testing.replicas import differences
from mtl_core.training import checkpoint, trainer
from study.jobs.job import Data
from study.jobs.shard import Shard, Twin, shards_of
from study.jobs.states import states_of
from study.jobs.train import TrainingJob
from study.planning.arm import Arm
from study.planning.packing import Packing
from study.planning.replica import Replica
from study.store.archive import CHECKPOINTS, Archive
from study.store.storage import LocalStorage
from tests.study.conftest import small_task_set
from tests.study.jobs.test_train import SETTINGS, silent

ARM = Arm("hard", 1, 2, 4, weighting="scheduled")
DATA = Data(small_task_set().development)
PARTIAL = f"{CHECKPOINTS}/partial.safetensors"
GOES_ON = {"own": 1, "new": 2}
BEFORE, AFTER = [0, 0.5, 0.5], [0.5, 0.9, 0.1]


def shard(pieces: dict[str, Any], until: int, **facts: Any) -> Shard:
    """Replicas of one seed by their schedules."""
    replicas = {
        key: Replica(ARM, draw, 0, "search", {"learning_rate": 0.1, "weight_decay": 0.0, "pieces": own})
        for draw, (key, own) in enumerate(pieces.items())
    }
    (found,) = shards_of(replicas, ("rain", "sun"), Packing(DATA.development), until=until, settings=SETTINGS)
    return replace(found, **facts)


def stored(tmp_path: Path, stem: str, **epochs: int) -> LocalStorage:
    storage = LocalStorage(tmp_path)
    states = {key: {"epoch": torch.tensor(epoch), "of": torch.tensor(len(stem))} for key, epoch in epochs.items()}
    storage.write(f"{CHECKPOINTS}/{stem}.safetensors", checkpoint.encoded(states))
    return storage


def epochs(states: Any) -> dict[str, int]:
    return {key: int(state["epoch"]) for key, state in states.items()}


def going_on(twins: dict[str, Twin], sources: Sequence[str] = ("part",)) -> Shard:
    return shard({"own": [BEFORE], "new": [BEFORE]}, 4, sources=tuple(sources), twins=twins)


@pytest.mark.parametrize(
    ("shared", "expected"), [(2, {"own": 1, "new": 2}), (3, {"own": 1, "new": 2}), (1, {"own": 1})]
)
def test_a_twins_state_counts_up_to_where_they_part(tmp_path: Path, shared: int, expected: dict[str, int]) -> None:
    storage = stored(tmp_path, "part", own=1, twin=2, stranger=3)
    assert epochs(states_of(going_on({"new": Twin("twin", shared)}), storage, PARTIAL)) == expected


def test_a_replicas_own_state_counts_before_its_twins_and_its_snapshot_before_both(tmp_path: Path) -> None:
    storage = stored(tmp_path, "part", new=2, twin=1)
    work = going_on({"new": Twin("twin", 2)})
    assert epochs(states_of(work, storage, PARTIAL)) == {"new": 2}
    stored(tmp_path, "snapshot", new=3)
    assert epochs(states_of(work, storage, f"{CHECKPOINTS}/snapshot.safetensors")) == {"new": 3}


def test_what_is_missing_or_damaged_is_trained_anew(tmp_path: Path) -> None:
    storage = stored(tmp_path, "part", twin=1)
    (tmp_path / CHECKPOINTS / "part.safetensors").write_bytes(b"torn")
    assert states_of(going_on({"new": Twin("twin", 2)}, ["part", "gone"]), storage, PARTIAL) == {}


def test_a_copy_is_the_training_from_scratch_to_the_last_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The promise that makes a population repeatable, kept by real training."""
    archive, kept = Archive(tmp_path), []
    fit = trainer.fit

    def noted(*args: Any, **settings: Any) -> list[trainer.Outcome]:
        kept.append((epochs(settings["states"]), fit(*args, **settings)))
        return kept[-1][1]

    monkeypatch.setattr(trainer, "fit", noted)
    for work in (
        TrainingJob(shard({"parent": [BEFORE, [0.5, *BEFORE[1:]]]}, 2)),
        TrainingJob(shard({"child": [BEFORE, AFTER]}, 4, twins={"child": Twin("parent", 2)})),
        TrainingJob(shard({"child": [BEFORE, AFTER]}, 4)),
    ):
        going = work.keeping(list(work.replicas), archive)
        assert going.run(DATA, LocalStorage(tmp_path), silent).outcome == "recorded"
        assert archive.add(going.name)
    (_, _), (begun, (copied,)), (nothing, (scratch,)) = kept
    assert (begun, nothing) == ({"child": 2}, {})
    assert not differences(copied, scratch)
