"""A study packed on a card that is none: its records are those of any other packing, and memory that runs out is noted.

The card stands in for memory and time alone; replicas train on the CPU.
"""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.training import trainer
from mtl_core.training.device_memory import DeviceMemory
from study.cli.status import lines_of
from study.cli.study_status import read_status
from study.driver import card_packing
from study.driver.backend_choice import RunOptions
from study.driver.card_packing import packing_here
from study.driver.run import run_prepared
from study.execution.backend import CardNotReached
from study.execution.heartbeat import Heartbeats
from study.execution.inline import Inline
from study.jobs import train
from study.jobs.job import Data
from study.planning.cards.measuring import Findings, Wanted, measured
from study.planning.prepare import prepare_run
from study.store import ledger
from study.store.ledger import Ledger
from tests.study import fake_engine
from tests.study.conftest import small_task_set, tiny
from tests.study.driver.test_run import tables
from tests.study.planning.cards.stand_in import StandInCard

pytestmark = pytest.mark.usefixtures("svg_alone")
MANY = {"tuning": {"draws": 24}, "search": {"rungs": []}}


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StandInCard:
    """A card on which 8 rows pay, since 16 are hardly faster."""
    found = StandInCard(host=0.01, row_seconds=0.01 / 8)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    put(monkeypatch, found)
    return found


def put(monkeypatch: pytest.MonkeyPatch, card: StandInCard) -> None:
    """Let studies find ``card`` where they look for one."""

    def measured_here(wanted: Sequence[Wanted]) -> Findings:
        return measured(wanted, card, card.sample)

    monkeypatch.setattr(card_packing, "measured_here", measured_here)
    monkeypatch.setattr(card_packing, "_card", lambda *rest: card.card)
    monkeypatch.setattr(Inline, "on_card", lambda self, work, data: work())


@pytest.fixture
def sizes(fake: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of every array that was trained."""
    found: list[int] = []

    def fit(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
        found.append(len(rows))
        return fake_engine.fit(recipe, development, rows, **options)

    monkeypatch.setattr(trainer, "fit", fit)
    return found


def run(out: Path, **changes: Any) -> Path:
    spec = tiny(**MANY | changes)
    return run_prepared(prepare_run(spec, out), out=out, options=RunOptions("inline"))


def events(out: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in ledger.read(out / ledger.NAME) if event["event"] == kind]


def test_packing_changes_the_shards_and_nothing_of_the_records(
    sizes: list[int], card: StandInCard, tmp_path: Path
) -> None:
    packed = run(tmp_path / "packed")
    assert max(sizes) == 8
    (event,) = events(packed, "packed")
    assert (event["card"], event["shards_a_card"]) == ("H100", 1)
    assert {shape["replicas_a_shard"] for shape in event["shapes"]} == {8}
    sizes.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card_packing, "_card", lambda *rest: None)
        plain = run(tmp_path / "plain")
    assert max(sizes) > 8
    assert not events(plain, "packed")
    assert tables(packed) == tables(plain)


@pytest.mark.slow
def test_real_networks_have_the_same_numbers_in_every_packing(
    card: StandInCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.planning.prepare.build_task_set", lambda spec: small_task_set())
    small = {"tuning": {"draws": 12}, "training": {"epochs": 2, "batch_size": 16}, "factors": {"depth": [1]}}
    packed = run(tmp_path / "packed", **small)
    assert events(packed, "packed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card_packing, "_card", lambda *rest: None)
        plain = run(tmp_path / "plain", **small)
    assert len(events(packed, "started")) > len(events(plain, "started"))
    assert tables(packed) == tables(plain)


def test_a_resumed_study_and_another_one_are_packed_without_measuring(
    sizes: list[int], card: StandInCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / "run")
    tried = len(card.tried)
    run(tmp_path / "run")
    assert len(events(tmp_path / "run", "packed")) == 1
    run(tmp_path / "other")
    assert len(card.tried) == tried
    other = StandInCard(host=0.01, row_seconds=0.01 / 4)
    put(monkeypatch, other)
    monkeypatch.setattr(StandInCard, "card", property(lambda self: dataclasses.replace(CARD, name="A100")))
    run(tmp_path / "run")
    assert other.tried, "another card is measured"
    assert [event["card"] for event in events(tmp_path / "run", "packed")] == ["H100", "A100"]


CARD = StandInCard().card


def test_memory_that_runs_out_halves_shards_of_this_study_and_of_the_next(
    sizes: list[int], card: StandInCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrays of more than three rows do not fit, whatever was measured: 8 are cut to 4, and these to 2."""
    noting = trainer.fit
    refused: list[int] = []

    def full(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
        if len(rows) > 3:
            refused.append(len(rows))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return noting(recipe, development, rows, **options)

    monkeypatch.setattr(trainer, "fit", full)
    run(tmp_path / "run")
    assert refused
    shapes = [shape for event in events(tmp_path / "run", "packed")[1:] for shape in event["shapes"]]
    assert {shape["at_most"] for shape in shapes} >= {2}
    assert {shape["limit"] for shape in shapes} == {"memory"}
    refused.clear()
    run(tmp_path / "next")
    assert refused == [], "the next study begins with what is known"
    assert not events(tmp_path / "next", "cut")
    monkeypatch.setattr(trainer, "fit", noting)
    monkeypatch.setattr(card_packing, "_card", lambda *rest: None)
    assert tables(tmp_path / "run") == tables(run(tmp_path / "plain"))


class StandInMemory:
    """What a shard takes of the card: 3 GB at the peak, beside 9 GB of others."""

    def __init__(self, device: Any) -> None:
        pass

    def begin(self) -> None:
        pass

    def taken(self) -> DeviceMemory:
        return DeviceMemory("H100", "a", 80 * 10**9, 3 * 2**30, 12 * 2**30)


def test_screens_and_status_tell_the_card_its_packing_and_its_memory(
    sizes: list[int],
    card: StandInCard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A session on a card that is none; eight replicas run out of its memory once."""
    noting = trainer.fit
    refused: list[int] = []

    def full(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
        if len(rows) > 7 and not refused:
            refused.append(len(rows))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return noting(recipe, development, rows, **options)

    def begin(self: Inline, data: Data) -> str:
        self.device = "cuda"
        return self.device

    monkeypatch.setattr(trainer, "fit", full)
    monkeypatch.setattr(train, "chosen_device", torch.device)
    monkeypatch.setattr(train, "WorkMemory", StandInMemory)
    monkeypatch.setattr(Inline, "begin", begin)
    out = tmp_path / "run"
    run_prepared(prepare_run(tiny(**MANY), out), out=out, options=RunOptions("inline", screen="json"))
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["device"] == "cuda"
    status = read_status(out)
    told = json.loads(json.dumps(status.facts()))
    names = ("packing", "cards", "out_of_memory", "precision")
    assert {name: last[name] for name in names} == {name: told[name] for name in names}
    (of_machine,) = told["cards"]
    assert (of_machine["machine"], of_machine["shards"]) == (socket.gethostname(), 20)
    assert told["out_of_memory"]["replicas"] == refused[0]
    lines = lines_of(out, status)
    assert "  device   cuda (H100, 74.5 GiB)" in lines
    assert "  memory   peak 3.0 GiB a shard, 12.0 of 74.5 GiB used" in lines
    assert sum(line.startswith("  memory   ran out ") for line in lines) == 1
    assert sum(line.startswith("  packing  1 shard a card, ") for line in lines) == 1


def test_a_processor_that_runs_out_of_memory_is_no_card(
    sizes: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = trainer.fit

    def full(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
        if len(rows) > 12:
            raise MemoryError
        return noting(recipe, development, rows, **options)

    monkeypatch.setattr(trainer, "fit", full)
    run(tmp_path / "run")
    assert events(tmp_path / "run", "cut")
    assert not events(tmp_path / "run", "packed")
    lines = [line for line in lines_of(tmp_path, read_status(tmp_path / "run")) if "memory" in line or "device" in line]
    assert lines[0] == "  device   cpu"
    assert [line[:19] for line in lines[1:]] == ["  memory   ran out "], "nothing else is known of its memory"


def test_a_card_on_which_nothing_can_be_done_is_told(
    sizes: list[int], card: StandInCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*rest: Any) -> Any:
        raise CardNotReached("the worker died")

    monkeypatch.setattr(Inline, "on_card", lost)
    run(tmp_path / "run")
    (event,) = events(tmp_path / "run", "unpacked")
    assert "the worker died" in event["reason"]
    assert max(sizes) > 8


def test_check_measures_no_card_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert packing_here(prepare_run(tiny(), tmp_path)) is None


@pytest.mark.parametrize(("backend", "cards", "arrays"), [("inline", 1, 1), ("ray", 1, 4), ("ray", 4, 1)])
def test_check_says_what_a_card_here_would_be_given(
    fake: Path,
    card: StandInCard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    cards: int,
    arrays: int,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    monkeypatch.setattr(card_packing, "card_here", lambda: card.card)
    spec = tiny(tuning={"draws": 2}, search={"seeds": 1, "rungs": []}, backend=backend, workers=4)
    packing = packing_here(prepare_run(spec, tmp_path))
    assert packing is not None
    assert packing.arrays == arrays


class Cluster(Inline):
    """A cluster with a card, which is asked for over an address."""

    asked = closed = 0

    def on_card(self, work: Any, data: Any) -> Any:
        self.asked += 1
        if self.asked > 9:
            raise KeyboardInterrupt
        return work()

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ("events", "device", "mix", "found"),
    [
        ([], "auto", False, 1),
        ([], "cpu", False, 0),
        (["cpu"], "auto", False, 0),
        (["cpu"], "auto", True, 1),
        (["cpu", "cuda"], "auto", False, 1),
    ],
)
def test_a_cluster_is_asked_for_its_card_where_the_study_may_train_on_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: list[str], device: str, mix: bool, found: int
) -> None:
    """A finished study that processors have trained must not wait for a cluster that may be gone."""
    monkeypatch.setattr(card_packing, "card_here", lambda: CARD)
    trainer = Cluster(Heartbeats(tmp_path / "beats"))
    options = RunOptions(address="10.0.0.1:6379", device=device, mix_devices=mix)
    with Ledger(tmp_path) as book:
        for name in events:
            book.append("device", device=name)
        card = card_packing._card(trainer, options, None, Data(small_task_set().development), book)
        assert (card, trainer.asked) == ((CARD, 1) if found else (None, 0))
        before = dataclasses.replace(CARD, name="A100")
        if found:
            assert card_packing._card(trainer, options, before, Data(small_task_set().development), book) == before


def test_a_back_end_is_closed_where_its_card_is_not_reached_for_an_error(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Cluster(Heartbeats(tmp_path / "beats"))
    trainer.asked = 9
    monkeypatch.setattr("study.driver.run.choose_backend", lambda *rest: trainer)
    spec, out = tiny(), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        run_prepared(prepare_run(spec, out), out=out, options=RunOptions(address="10.0.0.1:6379", insecure=True))
    assert trainer.closed == 1
