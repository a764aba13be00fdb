"""Gradient conflict: against closed forms, against a plain loop, and that training does not notice."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.probe_batch import probe_batch
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.gradients.conflict import STEPS_PER_PROBE, Probes, comparisons, probed_epochs
from mtl_core.layers.bank import Theta
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import tasks_sharing_stage
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import Case, shaken
from mtl_core.training import checkpoint
from mtl_core.training.trainer import Outcome, fit
from tests.mtl_core.sharing.cases import every_case
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, images, own_inputs, rows

SEEDS = (0, 1)
PLAIN = {"mlp", "convnet"}
CASES = [case for case in every_case() if case.network.layout.count_shared() and case.recipe.backbone in PLAIN]


def in_double(data: Development, preparation: Preparation) -> tuple[Development, Preparation]:
    names = ("input_shift", "input_scale", "target_shift", "target_scale")
    exact = replace(preparation, **{name: getattr(preparation, name).double() for name in names})
    examples = replace(data.examples, inputs=data.examples.inputs.double(), targets=data.examples.targets.double())
    return replace(data, examples=examples), exact


def measured(
    recipe: Recipe, data: Development, network: Network | None = None, theta: Theta | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Norms, cosines and cosines across halves, at the start or at ``theta``."""
    network = network or Network(recipe, data.tasks, data.shape)
    theta = theta or network.layout.theta(network.layout.unpack(network.layout.initialise(SEEDS)))
    preparations = [prepare(data, seed, recipe.train_fraction) for seed in SEEDS]
    if torch.get_default_dtype() == torch.float64:
        worlds, preparations = zip(*(in_double(data, preparation) for preparation in preparations), strict=True)
        data = worlds[0]
    return Probes(recipe, data, network, preparations, SEEDS).measure(theta, BatchLoader(data.examples, preparations))


# ---- what the numbers are


def regressions(angle: float, examples: int, noise: float) -> Development:
    """Two linear targets whose coefficients stand at ``angle``."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(examples, 6, generator=generator)
    targets = torch.stack([x[:, 0], math.cos(angle) * x[:, 0] + math.sin(angle) * x[:, 1]], dim=1)
    targets += noise * torch.randn(targets.shape, generator=generator)
    tasks = (Task("one", "regression", "mse"), Task("other", "regression", "mse"))
    return Development(tasks, Examples(x, targets), torch.ones(6, dtype=torch.bool))


LINEAR = Recipe(depth=1, stages=1, width=1, batch_size=4000, backbone_options={"activation": "identity"}, probes=1)


def at_rest(data: Development) -> tuple[Network, Theta]:
    """A linear network that says 0 whatever it sees: h = 0, y_i = h, so that g_i = −2 E[t_i (x, 1)]."""
    network = Network(LINEAR, data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise(SEEDS)))
    with torch.no_grad():
        for slot, value in theta.items():
            value.fill_(1.0 if slot.name.startswith("head") and slot.name.endswith("weight") else 0.0)
    return network, theta


@pytest.mark.parametrize("degrees", [0, 60, 90, 150])
def test_two_linear_regressions_have_the_cosine_of_their_coefficients(degrees: int) -> None:
    data = regressions(math.radians(degrees), 10_000, noise=0.3)
    _, cosine, across = measured(LINEAR, data, *at_rest(data))
    expected = math.cos(math.radians(degrees))
    assert cosine[:, 0, 0, 1].tolist() == pytest.approx([expected] * 2, abs=0.04)
    assert across[:, 0, 0, 1].tolist() == pytest.approx([expected] * 2, abs=0.04)


def test_two_halves_of_a_task_agree_the_more_the_larger_they_are() -> None:
    data = regressions(0.0, 10_000, noise=3.0)
    small, large = (
        measured(replace(LINEAR, batch_size=size), data, *at_rest(data))[2][:, 0].diagonal(dim1=1, dim2=2)
        for size in (8, 4000)
    )
    assert (large > 0.98).all()
    assert small.mean() < 0.9


def test_noise_pulls_the_cosine_between_equal_tasks_down_to_that_of_one_task() -> None:
    """Both tasks want the same, so that across halves they agree as the halves of one task do."""
    data = replace(regressions(0.0, 20_000, noise=2.0))
    found = [measured(replace(LINEAR, batch_size=size), data, *at_rest(data)) for size in range(20, 60)]
    across = torch.stack([values[2][:, 0] for values in found]).mean(dim=(0, 1))
    assert float(across[0, 1]) == pytest.approx(float(across.diagonal().mean()), abs=0.05)
    assert float(across[0, 1]) < 0.95


# ---- against a plain loop


def loop(
    case: Case, network: Network, theta: Theta, row: int, half: int
) -> tuple[list[dict[str, list[Tensor]]], list[int]]:
    """The gradient of every task's mean loss over its labels in one half, by stage; one backward pass for each task."""
    data, preparation = in_double(case.data, prepare(case.data, SEEDS[row]))
    half_size = min(case.recipe.batch_size, len(data.examples))
    index, real = probe_batch(data, preparation, SEEDS[row], half_size)
    loader = BatchLoader(data.examples, [preparation])
    own = {slot: value[row : row + 1].detach().clone() for slot, value in theta.items()}
    leaves = {slot: own[slot].requires_grad_() for slot in network.layout.trained}
    found, counts = [], []
    for place in range(len(network.tasks)):
        signal = place if case.data.own_inputs else 0
        chosen = index[half, signal][real[half, signal]]
        chosen = chosen[~data.examples.targets[chosen, place].isnan()]
        batch = chosen.view(1, 1, -1).expand(1, len(network.tasks) if case.data.own_inputs else 1, -1)
        targets, _ = loader.targets(batch.contiguous())
        losses = network.losses(network(own, loader.inputs(batch.contiguous())), targets)
        loss = losses[:, place].mean()
        gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, materialize_grads=True)
        stages: dict[str, list[Tensor]] = {}
        for slot, gradient in zip(leaves, gradients, strict=True):
            for number, copy in enumerate(slot.copies):
                if copy.users is None or len(copy.users) > 1:
                    stages.setdefault(slot.name.split(".")[0], []).append(gradient[0, number].flatten())
        found.append(stages)
        counts.append(len(chosen))
    return found, counts


LARGE = [
    replace(case, recipe=replace(case.recipe, batch_size=500)) for case in CASES if str(case).startswith("hard-1-mlp")
]
"""Half a batch is more than half the split."""


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("case", CASES + LARGE, ids=str)
def test_a_plain_loop_over_tasks_finds_the_same(case: Case) -> None:
    network = case.network
    theta = shaken(network, SEEDS)
    norm, cosine, across = measured(case.recipe, case.data, network, theta)
    together = tasks_sharing_stage(network.layout)
    for row in range(len(SEEDS)):
        (first, m), (second, n) = (loop(case, network, theta, row, half) for half in (0, 1))
        for place, stage in enumerate(first[0]):
            a, b = ([torch.cat(task[stage]) for task in half] for half in (first, second))
            whole = [(m[i] * a[i] + n[i] * b[i]) / (m[i] + n[i]) for i in range(len(a))]
            for i, j in together[place].nonzero().tolist():
                crossed = (_cosine(a[i], b[j]) + _cosine(a[j], b[i])) / 2
                assert float(across[row, place, i, j]) == pytest.approx(crossed, rel=1e-7, abs=1e-9, nan_ok=True)
                both = _cosine(whole[i], whole[j])
                assert float(cosine[row, place, i, j]) == pytest.approx(both, rel=1e-7, abs=1e-9, nan_ok=True)
            for i in together[place].diagonal().nonzero().flatten().tolist():
                assert float(norm[row, place, i]) == pytest.approx(float(whole[i].norm()), rel=1e-7, abs=1e-12)
            assert across[row, place][~together[place]].isnan().all()
            assert cosine[row, place][~together[place]].isnan().all()


@pytest.mark.usefixtures("double")
def test_a_task_that_predicts_a_vector_is_one_task() -> None:
    """Its columns of targets are more than there are tasks, and every example has a label."""
    data, random = development(("grade", "colour")), torch.Generator().manual_seed(3)
    vector = torch.randn(len(data.examples), 3, generator=random)
    examples = replace(data.examples, targets=torch.cat([data.examples.targets, vector], dim=1))
    whole = Task("whole", "regression", "mse", num_targets=3)
    case = Case(
        Recipe(depth=1, stages=2, width=6, batch_size=8), replace(data, tasks=(*data.tasks, whole), examples=examples)
    )
    network = case.network
    theta = shaken(network, SEEDS)
    norm, _, across = measured(case.recipe, case.data, network, theta)
    assert across.shape == (len(SEEDS), 1, 3, 3)
    for row in range(len(SEEDS)):
        (first, m), (second, n) = (loop(case, network, theta, row, half) for half in (0, 1))
        for task in range(3):
            a, b = (torch.cat(half[task]["stage0"]) for half in (first, second))
            together = (m[task] * a + n[task] * b) / (m[task] + n[task])
            assert float(norm[row, 0, task]) == pytest.approx(float(together.norm()), rel=1e-7)
            assert float(across[row, 0, task, task]) == pytest.approx(_cosine(a, b), rel=1e-7, abs=1e-9)


def _cosine(one: Tensor, other: Tensor) -> float:
    length = float(one.norm() * other.norm())
    return float(one @ other) / length if length > 0 else math.nan


# ---- labels


def test_a_task_without_labels_in_the_probe_batch_has_no_numbers() -> None:
    data = development()
    targets = data.examples.targets.clone()
    targets[:, 1] = torch.nan
    recipe = Recipe(depth=1, stages=2, width=8, batch_size=20, probes=1)
    norm, cosine, across = measured(recipe, replace(data, examples=replace(data.examples, targets=targets)))
    assert norm[:, :, 1].isnan().all()
    for values in (cosine, across):
        assert values[:, :, 1].isnan().all()
        assert values[:, :, :, 1].isnan().all()
        assert values[:, :, 0, 2].isfinite().all()
    assert norm[:, :, [0, 2]].isfinite().all()


def test_a_task_with_labels_in_one_half_has_a_norm_and_no_agreement_across_halves() -> None:
    data = development()
    recipe = Recipe(depth=1, stages=2, width=8, batch_size=20, probes=1)
    second = probe_batch(data, prepare(data, SEEDS[0]), SEEDS[0], 20)[0][1, 0]
    targets = data.examples.targets.clone()
    targets[second, 1] = torch.nan
    norm, cosine, across = measured(recipe, replace(data, examples=replace(data.examples, targets=targets)))
    assert norm[0].isfinite().all()
    assert cosine[0].isfinite().all()
    assert across[0, :, 1].isnan().all()
    assert across[0, :, 0, 2].isfinite().all()


# ---- moments


def test_moments_are_spread_from_the_first_epoch_to_the_last() -> None:
    recipe = Recipe(epochs=30, probes=8)
    found = probed_epochs(recipe, 1000)
    assert (found[0], found[-1], len(found)) == (0, 29, 8)
    assert set(np.diff(found)) == {4, 5} or set(np.diff(found)) == {4}
    assert probed_epochs(replace(recipe, probes=0), 1000) == []
    assert probed_epochs(replace(recipe, probes=1), 1000) == [29]
    assert probed_epochs(replace(recipe, epochs=3), 1000) == [0, 1, 2]


def test_a_short_training_is_probed_less_often() -> None:
    recipe = Recipe(epochs=10, probes=8)
    assert len(probed_epochs(recipe, 4 * STEPS_PER_PROBE // 10)) == 4
    assert probed_epochs(recipe, 1) == [0, 9]


# ---- training does not notice

RECIPES = {
    "hard": (Recipe(depth=2, stages=3, width=16, batch_size=32, epochs=3, weighting="uncertainty"), development()),
    "missing labels": (Recipe(depth=1, stages=2, width=16, batch_size=32, epochs=3), development(missing=0.6)),
    "batch norm": (Recipe(depth=2, stages=2, width=8, backbone="resnet", batch_size=20, epochs=2), images()),
    "gradients": (Recipe(depth=2, stages=2, width=16, weighting="pcgrad", batch_size=32, epochs=2), development()),
    "own inputs": (Recipe(depth=1, stages=2, width=16, batch_size=16, epochs=2, patience=1), own_inputs()),
    "noise": (Recipe(sharing="learned_branch", stages=2, width=8, batch_size=32, epochs=3), development()),
    "experts": (Recipe(sharing="mmoe", depth=1, stages=2, width=8, batch_size=32, epochs=2), development()),
}
every_recipe = pytest.mark.parametrize("name", RECIPES)


def trained(outcome: Outcome) -> Outcome:
    """Without what probes noted."""
    state = {name: value for name, value in outcome.state.items() if not name.startswith("conflict.")}
    return replace(outcome, state=state)


@every_recipe
def test_training_is_the_same_to_the_last_bit_with_and_without(name: str) -> None:
    recipe, data = RECIPES[name]
    everyone = rows(4, dropout=[0.0, 0.4])
    without, probed = (fit(replace(recipe, probes=number), data, everyone) for number in (0, 3))
    for one, other in zip(without, probed, strict=True):
        assert "conflict.norm" in other.state
        assert not any(key.startswith("conflict.") for key in one.state)
        assert same(one, trained(other))
    assert all(outcome.state["conflict.across"].isfinite().any() for outcome in probed)


@every_recipe
def test_what_a_row_notes_does_not_depend_on_its_array(name: str) -> None:
    recipe, data = RECIPES[name]
    everyone = rows(6, seeds=6, dropout=0.2)
    together = fit(replace(recipe, probes=3), data, everyone)
    for chosen in ([4], [5, 1], [2, 0, 3]):
        for i, outcome in zip(chosen, fit(replace(recipe, probes=3), data, [everyone[i] for i in chosen]), strict=True):
            assert same(outcome, together[i]), f"row {i} in {chosen}"


def test_rows_out_of_step_note_their_own_moments(tmp_path: Path) -> None:
    """Pausing, refilling and resuming in other arrays."""
    recipe = Recipe(depth=1, stages=2, width=16, batch_size=4, epochs=4, probes=3)
    data, everyone = development(), rows(5, seeds=5)
    straight = fit(recipe, data, everyone)
    assert straight[0].state["conflict.epoch"].tolist() == [0, 2, 3]
    narrow = fit(recipe, data, everyone, max_rows=2)
    paused = fit(recipe, data, everyone[1:], until=2)
    assert paused[0].state["conflict.epoch"].tolist() == [0, -1, -1]
    checkpoint.save(tmp_path / "states", {outcome.key: outcome.state for outcome in paused[:2]})
    resumed = fit(recipe, data, everyone, states=checkpoint.load(tmp_path / "states"), max_rows=3)
    for outcomes in (narrow, resumed):
        assert all(same(one, other) for one, other in zip(outcomes, straight, strict=True))


def test_a_row_that_diverges_keeps_what_it_noted_and_disturbs_nobody() -> None:
    recipe = Recipe(depth=1, stages=2, width=16, batch_size=8, epochs=4, optimiser="sgd", probes=4)
    data, everyone = development(), rows(3, learning_rate=[1e-3, 1e6, 2e-3])
    together = fit(recipe, data, everyone)
    assert [outcome.status for outcome in together] == ["finished", "diverged", "finished"]
    calm = fit(recipe, data, [everyone[0], everyone[2]])
    assert same(calm[0], together[0])
    assert same(calm[1], together[2])


# ---- as a list


def test_comparisons_name_epochs_stages_and_tasks() -> None:
    recipe = Recipe(sharing="cross_stitch", depth=2, stages=2, width=8, batch_size=16, epochs=3, probes=3)
    data = development()
    outcome = fit(recipe, data, rows(2), until=2)[0]
    network = Network(recipe, data.tasks, data.shape)
    found = list(comparisons(network, outcome.state))
    assert {one.epoch for one in found} == {0, 2} - {2}
    assert list(dict.fromkeys(one.stage for one in found)) == ["stage0", "stitch0", "stage1"]
    pairs = [(one.task, one.other) for one in found if one.stage == "stage1"]
    assert pairs == [
        ("price", "price"), ("price", "sold"), ("price", "grade"), ("sold", "sold"), ("sold", "grade"),
        ("grade", "grade"),
    ]  # fmt: skip
    for one in found:
        alone = one.task == one.other
        assert math.isnan(one.norm) != alone
        assert math.isnan(one.cosine) == alone
    expected = outcome.state["conflict.across"][0, 0, 0, 2]
    assert next(one for one in found if (one.task, one.other) == ("price", "grade")).across == float(expected)


def test_nothing_is_noted_where_nothing_is_shared() -> None:
    data, recipe = development(), Recipe(sharing="independent", stages=2, width=8, epochs=1, probes=2)
    outcome = fit(recipe, data, rows(2))[0]
    assert not any(name.startswith("conflict.") for name in outcome.state)
    assert not list(comparisons(Network(recipe, data.tasks, data.shape), outcome.state))
