"""Studies of which everything, or one side of the comparison, diverges: they end with a report that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import analysis
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training import trainer
from study.cli.run import report
from study.driver.run import run
from study.protocol.divergence import ends_here
from study.store import ledger
from study.store.archive import Entry
from tests.study import fake_engine
from tests.study.conftest import small_task_set, tiny
from tests.study.protocol.conftest import Opener

NOTHING = "nothing can be said about sharing."
Diverges = Callable[[Recipe, ReplicaConfig], bool]


def diverging(monkeypatch: pytest.MonkeyPatch, diverges: Diverges) -> None:
    """Let the fake engine's replicas diverge in their first epoch where ``diverges`` says so."""

    def fit(recipe: Recipe, development: Any, rows: Any, **options: Any) -> list[trainer.Outcome]:
        outcomes = fake_engine.fit(recipe, development, rows, **options)
        return [_diverged(one) if diverges(recipe, row) else one for one, row in zip(outcomes, rows, strict=True)]

    monkeypatch.setattr(trainer, "fit", fit)


def _diverged(outcome: trainer.Outcome) -> trainer.Outcome:
    curves = {name: np.full_like(curve[:1], np.nan) for name, curve in outcome.curves.items()}
    facts = {"status": "diverged", "reason": "a loss stopped being finite in epoch 1", "epochs": 1}
    return replace(outcome, **facts, curves=curves, selected_epoch=-1)


def events(out: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in ledger.read(out / ledger.NAME) if event["event"] == kind]


def test_a_study_whose_learning_rates_are_absurd_ends_with_a_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("study.planning.prepare.build_task_set", lambda spec: small_task_set())
    out = tmp_path / "run"
    for _ in range(2):  # the second time it is resumed, and comes to the same end
        run(tiny(tuning={"draws": 2, "learning_rate": 1e30}, training={"epochs": 4}), out=out, backend="inline")
        assert [event["phase"] for event in events(out, "ended")] == ["search"]
    report(out)
    assert f"No network trained to its end: {NOTHING}" in capsys.readouterr().out
    page = (out / "report.html").read_text()
    assert "learning_rate: {log_uniform: [0.0001, 0.01]}" in page
    assert "at every learning rate tried, 1e+30" in page
    assert "search is not finished" not in page
    assert (out / "figures" / "divergence.svg").is_file()
    assert "1e+30" in (out / "tables" / "divergence.csv").read_text()


@pytest.mark.parametrize(
    ("alone", "headline"),
    [
        (True, f"No single-task network of width 4 trained to its end on every task: {NOTHING}"),
        (False, f"No network that shares trained to its end: {NOTHING}"),
    ],
)
def test_one_side_that_diverges_leaves_nothing_to_compare(
    fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, alone: bool, headline: str
) -> None:
    shares = {"single_task": True, "independent": None}
    diverging(monkeypatch, lambda recipe, row: shares.get(recipe.sharing, False) is alone)
    out = run(tiny(), out=tmp_path / "run", backend="inline")
    analysis.write_report(out)
    assert analysis.verdict_text(out).headline == headline
    assert f"<h1>{headline}</h1>" in (out / "report.html").read_text()


def test_fresh_seeds_that_all_diverge_end_the_study(
    fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = tiny()
    diverging(monkeypatch, lambda recipe, row: row.seed >= spec.search.seeds)
    out = run(spec, out=tmp_path / "run", backend="inline")
    assert [event["phase"] for event in events(out, "ended")] == ["confirm"]
    assert analysis.verdict_text(out).headline == f"No network trained to its end on the fresh seeds: {NOTHING}"
    assert not events(out, "test_opened")


def test_only_divergence_ends_a_study(opened: Opener) -> None:
    context = opened()
    context.archive.entries = {"a": Entry("hard", "confirm", "failed", 0, "out of memory", "part")}
    assert not ends_here(context, "confirm")
    context.archive.entries["b"] = Entry("hard", "confirm", "diverged", 1, "", "part")
    context.archive.entries["c"] = Entry("soft", "confirm", "finished", 8, "", "part")
    assert not ends_here(context, "confirm", ["hard", "soft"])
    assert ends_here(context, "confirm", ["hard"])
