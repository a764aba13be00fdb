"""A study packed on a card that is none: its records are those of any other packing, and memory that runs out is noted.

The card stands in for memory and time alone; replicas train on the CPU.
"""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Mapping, Sequence
from functools import partial
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
from study.driver.dataset import prepare_with_data
from study.driver.run import run_prepared
from study.execution.backend import CardNotReached
from study.execution.heartbeat import Heartbeats
from study.execution.inline import Inline
from study.jobs import train
from study.jobs.job import Data
from study.planning import prepare
from study.planning.cards import cards_here
from study.planning.cards.cards_here import measured_before
from study.planning.cards.measuring import Findings, Wanted, measured
from study.planning.prepare import Prepared, prepare_run
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

    for place in (cards_here, card_packing):
        monkeypatch.setattr(place, "measured_here", measured_here)
        monkeypatch.setattr(place, "card_here", lambda: card.card)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    let_gpus_train(monkeypatch, there=True)


def let_gpus_train(monkeypatch: pytest.MonkeyPatch, *, there: bool) -> None:
    """Let studies be packed on GPUs of this machine, or not; whatever is said, processors train here."""
    for place in (prepare, card_packing):
        monkeypatch.setattr(place, "trains_on_gpu", lambda device: there)


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
        let_gpus_train(patch, there=False)
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
        let_gpus_train(patch, there=False)
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
    let_gpus_train(monkeypatch, there=False)
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


def test_the_forecast_of_a_study_on_a_card_is_what_was_measured_there(
    sizes: list[int], card: StandInCard, tmp_path: Path
) -> None:
    """It is the same before anything trains, in the ledger, and when it is resumed; nothing is tried on a CPU."""
    prepared = prepare_run(tiny(**MANY), tmp_path / "run")
    assert (prepared.forecast.device, prepared.trials) == ("cuda", None)
    run(tmp_path / "run")
    tried = len(card.tried)
    (planned,) = events(tmp_path / "run", "planned")
    assert planned["forecast"]["search"] == prepared.forecast.search
    assert planned["work"]["search"]["seconds"] == prepared.forecast.search
    assert [event["event"] for event in ledger.read(tmp_path / "run" / ledger.NAME)].index("packed") > 0
    again = prepare_run(tiny(**MANY), tmp_path / "run")
    assert again.forecast.search == prepared.forecast.search
    assert again.cards is not None
    assert again.cards.is_settled
    assert len(card.tried) == tried
    with pytest.MonkeyPatch.context() as patch:
        let_gpus_train(patch, there=False)
        assert prepare_run(tiny(**MANY), tmp_path / "other").forecast.device == "cpu"


def test_a_command_says_that_a_card_is_measured_once(
    fake: Path, card: StandInCard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for screen in (None, "json"):
        prepare_with_data(tiny(tuning={"draws": 2}), tmp_path / "silent", screen)
    assert "packing" not in capsys.readouterr().err
    for _ in range(2):
        prepare_with_data(tiny(**MANY), tmp_path / "told", "auto")
    assert capsys.readouterr().err == "packing: how many replicas fill the card?  up to 20 s\n"


def test_a_budget_on_a_card_is_spent_by_what_was_measured_there(
    fake: Path, card: StandInCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What leaves a study whole on one card cuts it on one that is slower; the budget is of the card's hours."""
    needed = prepare_run(tiny(**MANY, budget="1000 GPU-hours"), tmp_path / "whole").forecast.work
    hours = f"{1.01 * needed / 3600:.9f} GPU-hours"
    assert prepare_run(tiny(**MANY, budget=hours), tmp_path / "run").plan.shrunk == ()
    slow = StandInCard(name="T4", host=0.013, row_seconds=0.013 / 8)
    put(monkeypatch, slow)
    cut = prepare_run(tiny(**MANY, budget=hours), tmp_path / "slow")
    assert cut.plan.spec.tuning.draws < 24
    assert cut.forecast.work <= 1.01 * needed


def test_no_card_is_measured_where_there_is_none_or_a_cluster_trains(
    fake: Path, card: StandInCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "trains_on_gpu", lambda device: device != "cpu")
    assert prepare_run(tiny(), tmp_path).cards is not None
    tried = len(card.tried)
    for where in ({"device": "cpu"}, {"address": "10.0.0.1:6379"}, {"device": "cuda", "address": "10.0.0.1:6379"}):
        assert prepare_run(tiny(**MANY), tmp_path, **where).cards is None
    assert len(card.tried) == tried


@pytest.mark.parametrize(("backend", "cards", "arrays"), [("inline", 1, 1), ("ray", 1, 4), ("ray", 4, 1)])
def test_a_plan_says_what_a_card_here_would_be_given(
    fake: Path,
    card: StandInCard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    cards: int,
    arrays: int,
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    spec = tiny(tuning={"draws": 2}, search={"seeds": 1, "rungs": []}, backend=backend, workers=4)
    found = prepare_run(spec, tmp_path).cards
    assert found is not None
    assert (found.arrays, found.number) == (arrays, cards)


class Cluster(Inline):
    """A cluster with cards, which are asked for over an address."""

    kinds: Mapping[str, int] = {"": 1}
    cards: Mapping[str, StandInCard] = {}
    asked = closed = 0

    def gpus(self, data: Any) -> Mapping[str, int]:
        return self.kinds

    def on_card(self, work: Any, data: Any, kind: str) -> Any:
        self.asked += 1
        if self.asked > 9:
            raise KeyboardInterrupt
        if kind not in self.cards:
            raise CardNotReached("the worker died")
        with pytest.MonkeyPatch.context() as patch:
            put(patch, self.cards[kind])
            if work is card_packing_card_here:
                return self.cards[kind].card
            return partial(card_packing.measured_here, *work.args)()

    def close(self) -> None:
        self.closed += 1


card_packing_card_here = card_packing.card_here


def packed_on(cluster: Cluster, prepared: Prepared, book: Ledger, **options: Any) -> card_packing.Packed:
    """What a cluster is packed like, with what its ledger is then told."""
    found = card_packing._packed(cluster, prepared, book, RunOptions(address="10.0.0.1:6379", **options))
    found.tell(book)
    return found


def cluster_of(tmp_path: Path, **cards: StandInCard) -> Cluster:
    found = Cluster(Heartbeats(tmp_path / "beats"))
    found.kinds, found.cards = {name: number for number, name in enumerate(cards, start=2)}, cards
    return found


@pytest.fixture
def planned(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """A study that a cluster is to train."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return prepare_run(tiny(**MANY), tmp_path / "run", address="10.0.0.1:6379")


def test_of_unlike_cards_each_kind_is_measured_and_the_one_that_holds_fewest_decides(
    planned: Prepared, tmp_path: Path
) -> None:
    large, small = (
        StandInCard(host=0.01, row_seconds=0.01 / 16),
        StandInCard(name="T4", host=0.01, row_seconds=0.01 / 8),
    )
    cluster = cluster_of(tmp_path, H100=large, T4=small)
    with Ledger(tmp_path) as book:
        found = packed_on(cluster, planned, book)
        assert found.cards is not None
        assert [(kind.packing.card.name, kind.number) for kind in found.cards.kinds] == [("H100", 2), ("T4", 3)]
        assert large.tried
        assert small.tried
        told = book.of("packed")
        assert [(event["card"], event["cards"]) for event in told] == [("H100", 2), ("T4", 3)]
        rows = [{shape["replicas_a_shard"] for shape in event["shapes"]} for event in told]
        assert (min(rows[0]), rows[1]) == (16, {8})
        assert rows_of(found, planned) == {8}
        assert found.prepared.forecast.device == "cuda"
        alone = dataclasses.replace(found.cards, kinds=found.cards.kinds[1:])
        slower = prepare.with_cards(planned, alone, alone.places, "ray").forecast
        assert found.prepared.forecast.training < slower.training, "two more cards help"
        tried = len(large.tried) + len(small.tried)
        again = packed_on(cluster_of(tmp_path), planned, book)
        assert rows_of(again, planned) == {8}
        assert len(book.of("packed")) == 2
        assert len(large.tried) + len(small.tried) == tried, "a study that goes on measures and asks nothing"


def rows_of(packed: card_packing.Packed, prepared: Prepared) -> set[int]:
    assert packed.cards is not None
    study = prepared.forecaster().measurable(prepared.plan)
    return {packed.cards.rows(one.recipe, tuple(task.name for task in one.view.tasks)) for one in study.networks}


def test_a_cluster_is_measured_before_its_study_is_forecast(
    planned: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches goes by what its cards take, and not by processors of this machine."""
    assert planned.forecast.device == "cpu"
    card, out = StandInCard(host=0.01, row_seconds=0.01 / 8), tmp_path / "run"
    monkeypatch.setattr("study.driver.run.choose_backend", lambda *rest: cluster_of(tmp_path, H100=card))
    run_prepared(planned, out=out, options=RunOptions(address="10.0.0.1:6379", insecure=True))
    told = ledger.read(out / ledger.NAME)
    (plan,), (pack,) = (events(out, kind) for kind in ("planned", "packed"))
    assert told.index(plan) < told.index(pack)
    assert plan["forecast"]["device"] == "cuda"
    assert plan["work"]["search"]["seconds"] == plan["forecast"]["search"] != planned.forecast.search
    started = next(event for event in told if event["event"] == "started")
    assert len(started["replicas"]) <= 8


def test_kinds_of_ray_that_are_one_card_are_one_kind(planned: Prepared, tmp_path: Path) -> None:
    card = StandInCard()
    with Ledger(tmp_path) as book:
        found = packed_on(cluster_of(tmp_path, A=card, B=card), planned, book)
    assert found.cards is not None
    assert [kind.number for kind in found.cards.kinds] == [5]


def test_cards_on_which_nothing_can_be_done_are_told(planned: Prepared, tmp_path: Path) -> None:
    with Ledger(tmp_path) as book:
        cluster = cluster_of(tmp_path, H100=StandInCard())
        cluster.kinds = {"H100": 1, "T4": 1}
        found = packed_on(cluster, planned, book)
        assert found.cards is not None
        assert [kind.packing.card.name for kind in found.cards.kinds] == ["H100"]
        (event,) = book.of("unpacked")
        assert "of the kind T4 was not: the worker died" in event["reason"]
    (tmp_path / "other").mkdir()
    with Ledger(tmp_path / "other") as book:
        cluster.kinds = {"": 1}
        assert packed_on(cluster, planned, book).cards is None
        (event,) = book.of("unpacked")
        assert "a GPU was not: the worker died" in event["reason"]


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
    planned: Prepared, tmp_path: Path, events: list[str], device: str, mix: bool, found: int
) -> None:
    """A finished study that processors have trained must not wait for a cluster that may be gone."""
    cluster = cluster_of(tmp_path, H100=StandInCard())
    with Ledger(tmp_path) as book:
        for name in events:
            book.append("device", device=name)
        cards = packed_on(cluster, planned, book, device=device, mix_devices=mix).cards
        assert (cards is not None, cluster.asked > 0) == (bool(found), bool(found))


def test_memory_that_runs_out_on_one_of_unlike_cards_is_kept_for_the_kind_that_decides(
    planned: Prepared, tmp_path: Path
) -> None:
    small = StandInCard(name="T4", host=0.01, row_seconds=0.01 / 8)
    with Ledger(tmp_path) as book:
        found = packed_on(cluster_of(tmp_path, H100=StandInCard(), T4=small), planned, book)
        assert found.cards is not None
        study = planned.forecaster().measurable(planned.plan)
        network = study.networks[0]
        tasks = tuple(task.name for task in network.view.tasks)
        found.cards.lower(network.recipe, tasks, 4)
        assert found.cards.rows(network.recipe, tasks) == 4
        last = book.of("packed")[-1]
        assert (last["card"], [shape["at_most"] for shape in last["shapes"]]) == ("T4", [4])
        known = found.cards.kinds[1].packing.known_of(network.recipe, tasks)
        assert measured_before(study, small.card).of(dataclasses.replace(known, at_most=None)).at_most == 4


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
