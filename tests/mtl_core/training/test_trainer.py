"""The loop around the arrays: what is reported, kept and stopped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.recipe import Recipe
from mtl_core.testing.replicas import varied_replicas
from mtl_core.testing.small_tasks import MIXED, small_tasks
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import Progress, fit
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, rows

RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=64, epochs=4)


def test_an_outcome_tells_the_whole_run() -> None:
    outcomes = fit(RECIPE, development(), rows(3))
    assert [outcome.key for outcome in outcomes] == ["row 0", "row 1", "row 2"]
    for seed, outcome in enumerate(outcomes):
        prepared = prepare(development(), seed)
        assert (outcome.status, outcome.reason, outcome.epochs) == ("finished", "", 4)
        assert set(outcome.curves) == set(CURVES)
        assert all(curve.shape == (4, 3) and curve.dtype == np.float32 for curve in outcome.curves.values())
        assert outcome.trivial_metric.tolist() == prepared.trivial_metric.tolist()
        assert outcome.num_train.tolist() == [240] * 3
        assert outcome.num_validation.tolist() == [60] * 3
        assert outcome.seconds > 0


def test_the_selected_epoch_is_the_one_of_best_mean_validation_skill() -> None:
    everyone = rows(4, learning_rate=[0.1, 0.3, 0.03, 0.01])
    outcomes = fit(Recipe(depth=1, stages=2, width=8, epochs=8), development(), everyone)
    assert any(outcome.selected_epoch < 7 for outcome in outcomes), "every row was best at the end"
    for row, outcome in zip(everyone, outcomes, strict=True):
        best = int(outcome.curves["validation_skill"].mean(axis=1).argmax())
        assert outcome.selected_epoch == best
        shorter = fit(Recipe(depth=1, stages=2, width=8, epochs=8), development(), [row], until=best + 1)[0]
        assert torch.equal(outcome.selected, shorter.state["parameters"])


def test_patience_counts_epochs_without_a_better_one() -> None:
    recipe = Recipe(depth=1, stages=2, width=8, epochs=30, patience=3, schedule="constant")
    outcomes = fit(recipe, development(), rows(4, learning_rate=[0.3, 0.1]))
    assert all(outcome.status == "finished" for outcome in outcomes)
    stopped = [outcome for outcome in outcomes if outcome.epochs < 30]
    assert stopped
    assert all(outcome.epochs == outcome.selected_epoch + 1 + 3 for outcome in stopped)


def test_training_learns() -> None:
    recipe = Recipe(depth=1, stages=2, width=32, epochs=15)
    for outcome in fit(recipe, development(), rows(2, learning_rate=1e-2)):
        assert outcome.curves["validation_skill"][outcome.selected_epoch].mean() > 0.6


def test_progress_counts_epochs_and_remembers_rows_that_are_done() -> None:
    seen: list[Progress] = []
    everyone = rows(3, seeds=3, learning_rate=[3e-2, 1e-5, 1e-5])
    outcomes = fit(RECIPE, development(), everyone, max_rows=1, watch=seen.append)
    assert [progress.epochs_done for progress in seen] == list(range(1, 13))
    assert {progress.epochs_total for progress in seen} == {12}
    best = np.maximum.accumulate([progress.best for progress in seen])
    assert [progress.best for progress in seen] == best.tolist()
    everybodys = max(float(np.nanmax(outcome.curves["validation_skill"].mean(axis=1))) for outcome in outcomes)
    assert seen[-1].best == pytest.approx(everybodys)


def test_a_watch_may_abort() -> None:
    def watch(progress: Progress) -> None:
        if progress.epochs_done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(RECIPE, development(), rows(2), watch=watch)


def test_what_is_done_is_not_trained_again() -> None:
    done = fit(RECIPE, development(), rows(2))
    again = fit(RECIPE, development(), rows(2), states={outcome.key: outcome.state for outcome in done})
    assert all(same(*pair) for pair in zip(done, again, strict=True))
    assert [outcome.seconds for outcome in again] == [outcome.seconds for outcome in done]


def test_states_of_others_are_ignored_and_states_given_are_not_changed() -> None:
    paused = fit(RECIPE, development(), rows(2), until=2)
    states = {outcome.key: outcome.state for outcome in paused} | {"stranger": paused[0].state}
    before = {key: {name: value.clone() for name, value in state.items()} for key, state in states.items()}
    fit(RECIPE, development(), rows(2), states=states)
    for key, state in before.items():
        assert all(torch.equal(states[key][name].nan_to_num(), value.nan_to_num()) for name, value in state.items())


def test_no_rows_are_no_work() -> None:
    assert fit(RECIPE, development(), []) == []


def test_a_smaller_fraction_trains_on_fewer_examples_and_validates_on_the_same() -> None:
    whole, half = (
        fit(Recipe(depth=1, stages=1, width=4, epochs=1, train_fraction=f), development(), rows(1))[0]
        for f in (1.0, 0.5)
    )
    assert (whole.num_train == 2 * half.num_train).all()
    assert (whole.num_validation == half.num_validation).all()


def test_replicas_in_bf16_learn_what_others_learn_and_are_no_others() -> None:
    """A row of it does not depend on its array either; what is stored is float32."""
    recipe = Recipe(depth=1, stages=2, width=16, batch_size=16, epochs=8)
    data, rounded = small_tasks(MIXED, examples=96), replace(recipe, precision="bf16")
    rows = varied_replicas(recipe, len(MIXED), 3)
    exact, together = fit(recipe, data, rows), fit(rounded, data, rows)
    apart = [fit(rounded, data, [row])[0] for row in rows]
    for one, other, alone in zip(exact, together, apart, strict=True):
        assert other.selected.dtype is torch.float32
        assert torch.equal(other.selected, alone.selected)
        assert not torch.equal(one.selected, other.selected)
        for name in ("train_loss", "validation_loss"):
            first, second = one.curves[name][0], other.curves[name][0]
            np.testing.assert_allclose(second, first, rtol=0.02)
