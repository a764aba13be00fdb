"""What every weighting method promises, and what each one is known to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core import checkpoint
from mtl_core.data.task import Task
from mtl_core.recipe import Recipe, Row
from mtl_core.registry import entries, find
from mtl_core.space import Range, Simplex
from mtl_core.streams import Streams
from mtl_core.trainer import fit
from mtl_core.weighting import LossWeighting, scaled
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import TASKS, development, rows

METHODS = list(entries("weighting"))
ALL = tuple(TASKS.values())
LOSSES = torch.tensor([[1.0, 0.5, 2.0, 0.1], [0.3, 0.3, 0.3, 0.3], [4.0, 1e-3, 0.7, 1.0]])
EVERYBODY = torch.ones(3, 4, dtype=torch.bool)
STREAMS = Streams(range(3), "weighting")


def drawn(range_: Range, num_tasks: int, place: int) -> Any:
    """A value of a range that differs from row to row."""
    settled = range_.sized(num_tasks) if isinstance(range_, Simplex) else range_
    return settled.at([(0.37 * (place + 1) + 0.21 * i) % 1 for i in range(settled.dimensions)])


def method(name: str, tasks: Sequence[Task] = ALL, replicas: int = 3) -> LossWeighting:
    """A method whose hyperparameters differ by row; a weight belongs to a task's name, not to its place."""
    entry, columns = find("weighting", name), {}
    for dial, range_ in entry.tuned.items():
        column = torch.tensor([drawn(range_, len(ALL), row) for row in range(replicas)]).view(replicas, -1)
        if isinstance(range_, Simplex):
            column = column[:, [ALL.index(task) for task in tasks]]
        columns[dial] = column
    return entry.cls(tasks, **columns)


def steps(
    weighting: LossWeighting, losses: Sequence[Tensor], present: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """The last of several steps' weights, and the state after it."""
    state = weighting.start(len(losses[0]))
    for step, loss in enumerate(losses):
        here = torch.ones_like(loss, dtype=torch.bool) if present is None else present
        weights = weighting.weigh(loss, here, state, STREAMS.at([step] * len(loss)))
    return weights, state


@pytest.mark.parametrize("name", METHODS)
def test_weights_have_a_row_per_replica_and_a_column_per_task(name: str) -> None:
    weighting = method(name)
    assert all(len(value) == 3 for value in weighting.start(3).values())
    weights, _ = steps(weighting, [LOSSES] * 3)
    assert weights.shape == (3, 4)
    assert weights.dtype == LOSSES.dtype
    assert not weights.requires_grad


@pytest.mark.parametrize("size", [0.0, 1e-30, 1e-8, 1e8, 1e15])
@pytest.mark.parametrize("name", METHODS)
def test_weights_and_memory_stay_finite_at_extreme_losses(name: str, size: float) -> None:
    weights, state = steps(method(name), [torch.full((3, 4), size), size * LOSSES, torch.full((3, 4), size), LOSSES])
    assert all(value.isfinite().all() for value in (weights, *state.values()))
    assert (weights >= 0).all()


@pytest.mark.parametrize("name", METHODS)
def test_a_replica_without_a_finite_loss_is_alone_with_it(name: str) -> None:
    wild = LOSSES.clone()
    wild[1] = torch.nan
    calm_weights, calm_state = steps(method(name), [LOSSES, LOSSES])
    weights, state = steps(method(name), [LOSSES, wild])
    for row in (0, 2):
        assert torch.equal(weights[row], calm_weights[row])
        assert all(torch.equal(value[row], calm_state[key][row]) for key, value in state.items())


@pytest.mark.parametrize("name", METHODS)
def test_permuting_the_tasks_permutes_the_weights(name: str) -> None:
    order = [2, 0, 3, 1]
    sequence = [LOSSES, 2 * LOSSES.flip(0), LOSSES.square()]
    weights, _ = steps(method(name), sequence)
    permuted, _ = steps(method(name, [ALL[i] for i in order]), [losses[:, order] for losses in sequence])
    torch.testing.assert_close(permuted, weights[:, order])


@pytest.mark.parametrize("name", METHODS)
def test_an_absent_task_keeps_its_memory_and_weighs_nothing(name: str) -> None:
    weighting = method(name)
    state = weighting.start(3)
    weighting.weigh(LOSSES, EVERYBODY, state, STREAMS)
    before = {key: value.clone() for key, value in state.items()}
    present = torch.tensor([[True, False, True, True], [False, False, True, False], [True] * 4])
    weights = weighting.weigh(torch.where(present, LOSSES, 0.0), present, state, STREAMS)
    for key, value in state.items():
        if value.shape == present.shape:
            assert torch.equal(value[~present], before[key][~present]), key
            assert not torch.equal(value, before[key]), f"{key}: nothing was learnt, nothing was tested"
    for scale in ("native", "matched"):
        kept = scaled(weights, present, scale)
        assert (kept[~present] == 0).all()
        assert (kept[present] > 0).all()


@pytest.mark.parametrize("name", METHODS)
def test_matched_weights_add_up_to_one_over_the_present_tasks(name: str) -> None:
    weights, _ = steps(method(name), [LOSSES] * 3)
    for present in (EVERYBODY, torch.tensor([[True, False, True, True]] * 3)):
        torch.testing.assert_close(scaled(weights, present, "matched").sum(dim=1), torch.ones(3))
    assert (scaled(weights, torch.zeros_like(EVERYBODY), "matched") == 0).all()
    assert torch.equal(scaled(weights, EVERYBODY, "native"), weights)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("task", ALL, ids=lambda task: task.name)
def test_one_task_under_matched_is_plain_training(name: str, task: Task) -> None:
    weighting = find("weighting", name).cls([task])
    weights, _ = steps(weighting, [LOSSES[:, :1], LOSSES[:, 1:2], LOSSES[:, 2:3]])
    assert (scaled(weights, EVERYBODY[:, :1], "matched") == 1).all()


@pytest.mark.parametrize("name", METHODS)
def test_defaults_lie_inside_their_ranges(name: str) -> None:
    for dial in find("weighting", name).dials.values():
        assert not dial.required
        if dial.range is not None and not isinstance(dial.range, Simplex):
            assert dial.range.holds(dial.default), dial.name


@pytest.mark.parametrize("scale", ["native", "matched"])
@pytest.mark.parametrize("name", METHODS)
def test_a_run_that_is_stored_in_the_middle_resumes_to_the_same_bits(name: str, scale: str, tmp_path) -> None:
    recipe = Recipe(depth=1, stages=2, width=8, batch_size=32, epochs=4, weighting=name, scale=scale)
    data = development(missing=0.3)
    tuned = find("weighting", name).tuned
    everyone = rows(3, dropout=0.1, **{dial: [drawn(tuned[dial], 3, row) for row in range(3)] for dial in tuned})
    straight, paused = fit(recipe, data, everyone), fit(recipe, data, everyone, until=2)
    checkpoint.save(tmp_path / "states", {outcome.key: outcome.state for outcome in paused})
    resumed = fit(recipe, data, everyone, states=checkpoint.load(tmp_path / "states"))
    assert all(same(*pair) for pair in zip(straight, resumed, strict=True))


def test_rows_of_one_array_do_not_lose_their_weights_to_a_neighbour_without_any() -> None:
    recipe = Recipe(depth=1, stages=2, width=8, epochs=1, weighting="fixed")
    common = {"learning_rate": 1e-3}
    with pytest.raises(KeyError, match="weights"):
        fit(recipe, development(), [Row("a", 0, common | {"weights": (0.8, 0.1, 0.1)}), Row("b", 0, common)])


def test_equal() -> None:
    weights, state = steps(method("equal"), [LOSSES])
    assert state == {}
    assert (weights == 1).all()
    assert (scaled(weights, EVERYBODY, "matched") == 0.25).all()


def test_fixed_weights_are_what_was_asked_for_times_the_number_of_tasks() -> None:
    asked = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.25] * 4, [1.0, 0.0, 0.0, 0.0]])
    weights, _ = steps(find("weighting", "fixed").cls(ALL, weights=asked), [LOSSES])
    torch.testing.assert_close(weights, 4 * asked)
    torch.testing.assert_close(scaled(weights, EVERYBODY, "matched"), asked)


@pytest.mark.parametrize("scale", ["native", "matched"])
def test_fixed_with_uniform_weights_trains_what_equal_trains(scale: str) -> None:
    data, settings = development(), {"weights": [(1 / 3, 1 / 3, 1 / 3)]}
    results = [
        fit(Recipe(depth=1, stages=2, width=8, epochs=3, weighting=name, scale=scale), data, rows(3, **settings))
        for name in ("equal", "fixed")
    ]
    assert all(same(*pair) for pair in zip(*results, strict=True))


def test_uncertainty_settles_where_every_weighted_loss_is_one_half() -> None:
    """ds_i = ½ − w_i L_i vanishes at w_i = 1/(2 L_i), whatever the kind of task; that is, at s_i = log(2 c_i L_i)."""
    weighting = find("weighting", "uncertainty").cls(ALL, step_size=torch.full((3, 1), 1e-2))
    weights, state = steps(weighting, [LOSSES] * 6000)
    torch.testing.assert_close(weights, 1 / (2 * LOSSES), rtol=1e-3, atol=0)
    precision = torch.tensor([0.5, 1.0, 1.0, 1.0])
    torch.testing.assert_close(state["log_variance"], (2 * precision * LOSSES).log(), rtol=0, atol=1e-3)


def test_uncertainty_follows_adam_on_its_objective() -> None:
    """The paper's objective, differentiated by autograd and stepped by ``torch.optim.Adam``."""
    s = torch.zeros(3, 4, requires_grad=True)
    adam = torch.optim.Adam([s], lr=0.05)
    weighting, precision = find("weighting", "uncertainty").cls(ALL, step_size=0.05), torch.tensor([0.5, 1.0, 1.0, 1.0])
    state = weighting.start(3)
    for step in range(25):
        losses = LOSSES * (1 + step % 3)
        weights = weighting.weigh(losses, EVERYBODY, state, STREAMS)
        torch.testing.assert_close(weights, (precision * (-s).exp()).detach(), rtol=1e-4, atol=1e-6)
        adam.zero_grad()
        (precision * losses * (-s).exp() + s / 2).sum().backward()
        adam.step()


GOLDEN: Mapping[str, list[float]] = {
    "equal": [1.0, 1.0, 1.0, 1.0],
    "fixed": [0.4, 0.8, 1.2, 1.6],
    "uncertainty": [0.5037345886, 1.0074691772, 0.9844800830, 1.0194869041],
}


@pytest.mark.parametrize("name", METHODS)
def test_golden_values(name: str) -> None:
    """Weights of the first version after three steps: a change of them must raise ENGINE_VERSION."""
    asked = {"weights": torch.tensor([[0.1, 0.2, 0.3, 0.4]])} if name == "fixed" else {}
    weights, _ = steps(find("weighting", name).cls(ALL, **asked), [LOSSES[:1], LOSSES[1:2], LOSSES[2:]])
    assert weights[0].tolist() == pytest.approx(GOLDEN[name], rel=1e-5)
