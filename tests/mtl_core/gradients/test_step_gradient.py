"""Where a method takes its Gramian, against one backward pass for each task."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development
from mtl_core.gradients.batch_passes import Batch
from mtl_core.gradients.step_gradient import Direction, StepGradient
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe
from mtl_core.registry import find
from mtl_core.weighting import GramianWeighting, JacobianWeighting, Weighting
from tests.mtl_core.worlds import development, images, shared_columns

RECIPE = Recipe(sharing="hard", depth=2, stages=3, width=8, scale="native")


class _Noted(GramianWeighting):
    """Weighs by the largest inner product of a task, which tells Gramians apart, and keeps what it saw."""

    def weigh(self, step):
        self.seen = step.gramian
        return step.gramian.abs().amax(dim=2)


class _Logarithmic(JacobianWeighting):
    """Minimises something else than the losses, in private as well."""

    def own_factors(self, losses):
        return 1 / losses

    def combine(self, step):
        return (step.jacobians[0] / step.losses.unsqueeze(2)).sum(dim=1)


class _TwoBatches(JacobianWeighting):
    """Takes the mean gradient of two batches."""

    batches = 2

    def combine(self, step):
        return torch.stack(step.jacobians).mean(dim=(0, 2))


class World:
    """One step of two rows, and its parts by hand."""

    def __init__(self, recipe: Recipe, data: Development, method: type[Weighting] = _Noted) -> None:
        self.network = Network(recipe, data.tasks, data.shape)
        parts = self.network.layout.unpack(self.network.layout.initialise([0, 1]))
        self.theta: Theta = self.network.layout.theta(parts)
        self.loader = BatchLoader(data.examples, [prepare(data, seed) for seed in (0, 1)])
        self.method = method(data.tasks)
        self._step_gradient = StepGradient(recipe, self.network, self.theta, self.loader, self.method)

    def batch(self, examples: int, begin: int = 0) -> Batch:
        index = torch.arange(begin, begin + examples).expand(2, 1, -1)
        return Batch(
            index, torch.ones(2, len(self.network.tasks), dtype=torch.bool), lambda: ForwardContext(training=True)
        )

    def step(self, examples: int = 12) -> Direction:
        return self.steps(self.batch(examples))

    def steps(self, *batches: Batch) -> Direction:
        return self._step_gradient.direction(list(batches), self.method.start(2), Streams((0, 1), "weighting"))

    def losses(self, examples: int, begin: int = 0) -> Tensor:
        batch = self.batch(examples, begin)
        targets, _ = self.loader.targets(batch.index)
        outputs = self.network(self.theta, self.loader.inputs(batch.index), ForwardContext(training=True))
        return self.network.losses(outputs, targets).mean(dim=2)

    def shared_rows(self, examples: int) -> Tensor:
        """The tasks' gradients on the shared parameters, one backward pass each."""
        losses, leaves = self.losses(examples), [self.theta[slot] for slot in self.network.layout.trained]
        rows = [
            torch.autograd.grad(losses[:, task].sum(), leaves, retain_graph=True, materialize_grads=True)
            for task in range(losses.shape[1])
        ]
        flat = torch.stack([torch.cat([part.flatten(1) for part in row], dim=1) for row in rows], dim=1)
        return flat[:, :, shared_columns(self.network.layout)]

    def shared_of(self, found: Direction) -> Tensor:
        return torch.cat(found.gradients, dim=1)[:, shared_columns(self.network.layout)]


def test_by_default_it_is_that_of_the_shared_parameters() -> None:
    world = World(RECIPE, development())
    found, rows = world.step(), world.shared_rows(12)
    torch.testing.assert_close(world.method.seen, rows @ rows.mT)
    torch.testing.assert_close(world.shared_of(found), torch.einsum("rt,rtp->rp", found.weights, rows))


def test_at_the_last_stage_it_is_that_of_its_parameters() -> None:
    world = World(replace(RECIPE, gradients="last_stage"), development())
    found, rows = world.step(), world.shared_rows(12)
    second = 12 * 8 + 8  # behind the first stage's weights and biases
    assert rows.shape[2] == second + 8 * 8 + 8
    torch.testing.assert_close(world.method.seen, rows[:, :, second:] @ rows[:, :, second:].mT)
    torch.testing.assert_close(world.shared_of(found), torch.einsum("rt,rtp->rp", found.weights, rows))


def test_at_the_representation_it_is_that_of_the_cotangents() -> None:
    """MGDA-UB of Sener and Koltun: the Gramian of ∂L_i/∂z, whose weights then combine the gradients."""
    world = World(replace(RECIPE, gradients="representation"), development())
    found, rows = world.step(), world.shared_rows(12)
    batch = world.batch(12)
    z = world.network.represent(world.theta, world.loader.inputs(batch.index), ForwardContext(training=True)).detach()
    z.requires_grad_()
    targets, _ = world.loader.targets(batch.index)
    losses = world.network.losses(world.network.finish(world.theta, z, ForwardContext(training=True)), targets).mean(
        dim=2
    )
    cotangents = torch.stack(
        [torch.autograd.grad(loss.sum(), z, retain_graph=True)[0].flatten(1) for loss in losses.T], dim=1
    )
    torch.testing.assert_close(world.method.seen, cotangents @ cotangents.mT)
    torch.testing.assert_close(world.shared_of(found), torch.einsum("rt,rtp->rp", found.weights, rows))


def test_an_estimate_looks_at_the_first_rows_and_steps_by_all() -> None:
    world = World(replace(RECIPE, gramian_rows=4), development())
    found, some, rows = world.step(), world.shared_rows(4), world.shared_rows(12)
    torch.testing.assert_close(world.method.seen, some @ some.mT)
    torch.testing.assert_close(world.shared_of(found), torch.einsum("rt,rtp->rp", found.weights, rows))
    torch.testing.assert_close(found.losses, world.losses(12).detach())


def test_an_estimate_does_not_count_for_running_statistics() -> None:
    recipe = replace(RECIPE, backbone="resnet", depth=1, stages=2, width=4)
    statistics = []
    for rows in (None, 4):
        world = World(replace(recipe, gramian_rows=rows), images())
        world.step()
        statistics.append([world.theta[slot].clone() for slot in world.network.layout.buffers])
    assert all(torch.equal(*pair) for pair in zip(*statistics, strict=True))
    assert any(value.abs().max() > 0 for value in statistics[0])


@pytest.mark.parametrize(
    "elsewhere", [{"gradients": "last_stage"}, {"gradients": "representation"}, {"gramian_rows": 4}], ids=str
)
def test_private_parameters_take_the_step_of_their_own_loss(elsewhere: dict) -> None:
    usual, other = World(RECIPE, development()), World(replace(RECIPE, **elsewhere), development())
    alone = torch.ones(sum(part.shape[1] for part in usual.step().gradients), dtype=torch.bool)
    alone[shared_columns(usual.network.layout)] = False
    private = [torch.cat(world.step().gradients, dim=1)[:, alone] for world in (usual, other)]
    torch.testing.assert_close(*private)


def test_a_method_may_minimise_something_else_in_private_too() -> None:
    world = World(RECIPE, development(), _Logarithmic)
    found = torch.cat(world.step().gradients, dim=1)
    leaves = [world.theta[slot] for slot in world.network.layout.trained]
    expected = torch.autograd.grad(world.losses(12).log().sum(), leaves)
    torch.testing.assert_close(found, torch.cat([part.flatten(1) for part in expected], dim=1))


@pytest.mark.parametrize("scale", ["native", "matched"])
def test_private_parameters_take_the_mean_of_their_gradients_on_all_batches(scale: str) -> None:
    """MoDo's step on the network is the mean over its two batches, on private parameters as on shared ones."""
    world = World(replace(RECIPE, scale=scale), development(), _TwoBatches)
    found = world.steps(world.batch(12), world.batch(12, 12))
    leaves = [world.theta[slot] for slot in world.network.layout.trained]
    objective = torch.stack([world.losses(12, begin).sum() for begin in (0, 12)]).mean()
    expected = torch.cat([part.flatten(1) for part in torch.autograd.grad(objective, leaves)], dim=1)
    shared, tasks = shared_columns(world.network.layout), len(world.network.tasks)
    own = torch.ones(expected.shape[1], dtype=torch.bool)
    own[shared] = False
    gradient = torch.cat(found.gradients, dim=1)
    torch.testing.assert_close(gradient[:, own], expected[:, own] / (1 if scale == "native" else tasks))
    torch.testing.assert_close(gradient[:, shared], expected[:, shared] / tasks)


@pytest.mark.parametrize("norm", [1e-3, 1e3])
@pytest.mark.parametrize("method", [_Noted, _Logarithmic])
def test_a_method_may_shorten_its_step_on_the_shared_parameters_alone(method: type[Weighting], norm: float) -> None:
    usual, limited = World(RECIPE, development(), method), World(RECIPE, development(), method)
    limited.method.max_norm = norm
    whole, shortened = usual.step(), limited.step()
    before, after = usual.shared_of(whole), usual.shared_of(shortened)
    expected = before * (norm / before.norm(dim=1, keepdim=True)).clamp(max=1)
    torch.testing.assert_close(after, expected)
    own = torch.ones(sum(part.shape[1] for part in whole.gradients), dtype=torch.bool)
    own[shared_columns(usual.network.layout)] = False
    assert torch.equal(torch.cat(shortened.gradients, dim=1)[:, own], torch.cat(whole.gradients, dim=1)[:, own])


def test_famo_shortens_its_step_like_the_authors_code_and_need_not() -> None:
    for options, largest in (({}, 1.0), ({"max_norm": 0.01}, 0.01), ({"max_norm": None}, None)):
        method = find("weighting", "famo").cls(development().tasks, **options)
        assert method.max_norm == largest
    with pytest.raises(ValueError, match="above 0"):
        find("weighting", "famo").cls(development().tasks, max_norm=-1.0)


class _Sum(JacobianWeighting):
    """Adds the gradients."""

    def combine(self, step):
        self.seen = step.jacobians[0]
        return step.jacobians[0].sum(dim=1)


class _SumOfSteps(_Sum):
    """Adds them, and says that they are steps already."""

    adaptive = True


def test_an_adaptive_method_sees_the_penalty_in_the_gradients_and_its_steps_are_averaged() -> None:
    """What it adds up must be the penalised objective; the penalty itself then reaches private parameters alone."""
    sluice = replace(RECIPE, sharing="sluice", sharing_options={"orthogonality": 0.3, "subspaces": 2})
    plain, adaptive = World(sluice, development(), _Sum), World(sluice, development(), _SumOfSteps)
    usual, found = plain.step(), adaptive.step()
    for one, other in zip(found.gradients, usual.gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert (adaptive.method.seen - plain.method.seen).abs().max() > 1e-3  # the penalty is seen
    mean = World(replace(sluice, scale="matched"), development(), _SumOfSteps)
    torch.testing.assert_close(mean.shared_of(mean.step()), adaptive.shared_of(found) / 3)


class _Seeing(GramianWeighting):
    """Weighs all tasks alike, and keeps the step that it saw."""

    def weigh(self, step):
        self.step = step
        return torch.ones_like(step.losses)


class _SeeingEverything(_Seeing):
    """Weighs private parameters as well."""

    weighs_everything = True


TREE = [[["price", "sold"], ["grade"]], [["price"], ["sold"], ["grade"]]]
LONE = Recipe(sharing="branch", stages=2, width=8, sharing_options={"tree": TREE})


@pytest.mark.parametrize("method", [_Seeing, _SeeingEverything])
def test_a_task_that_shares_nothing_is_hidden_from_the_method_and_has_its_share(method: type[Weighting]) -> None:
    world = World(LONE, development(), method)
    found = world.step()
    assert world.method.step.present.tolist() == [[True, True, False]] * 2
    assert (world.method.step.losses[:, 2] == 0).all()
    assert (found.losses > 0).all()
    torch.testing.assert_close(found.weights, torch.full((2, 3), 1 / 3))
    leaves = [world.theta[slot] for slot in world.network.layout.trained]
    expected = torch.autograd.grad(world.losses(12).mean(dim=1).sum(), leaves)
    for part, wanted in zip(found.gradients, expected, strict=True):
        torch.testing.assert_close(part, wanted.flatten(1))


def test_a_method_whose_weights_are_everybodys_does_not_see_a_gradient_that_vanishes() -> None:
    for method, seen in ((_Seeing, True), (_SeeingEverything, False)):
        world = World(replace(RECIPE, depth=3, scale="matched"), development(), method)
        with torch.no_grad():
            for slot in world.network.layout.trained:
                if slot.name.startswith("head.multiclass"):
                    world.theta[slot].zero_()
        found = world.step()
        assert world.method.step.gramian[:, 2, 2].tolist() == [0.0, 0.0]
        assert world.method.step.present[:, 2].tolist() == [seen, seen]
        torch.testing.assert_close(found.weights, torch.full((2, 3), 1 / 3))


def test_a_task_without_a_label_in_the_estimate_has_its_share_and_the_others_are_solved() -> None:
    data = development()
    data.examples.targets[:4, 0] = torch.nan
    found = World(replace(RECIPE, gramian_rows=4, scale="matched"), data, find("weighting", "mgda").cls).step()
    torch.testing.assert_close(found.weights[:, 0], torch.full((2,), 1 / 3))
    torch.testing.assert_close(found.weights[:, 1:].sum(dim=1), torch.full((2,), 2 / 3))


def test_a_task_takes_part_in_a_step_of_two_batches_if_it_is_present_in_both() -> None:
    world = World(replace(RECIPE, scale="matched"), development(), _TwoBatches)
    first, second = world.batch(12), world.batch(12, 12)
    there = torch.tensor([[True, True, True], [True, True, False]])
    found = world.steps(replace(first, present=there), replace(second, present=there.roll(1, dims=1)))
    assert found.present.tolist() == [[True, True, True], [False, True, False]]
    assert (found.losses > 0).equal(found.present)
    same = world.steps(first, replace(second, present=first.present))
    assert same.present is first.present
    alone = World(replace(RECIPE, scale="matched"), development(), _TwoBatches)
    only = torch.tensor([[True, True, True], [False, True, False]])
    expected = alone.steps(replace(first, present=only), replace(second, present=only))
    for one, other in zip(found.gradients, expected.gradients, strict=True):
        torch.testing.assert_close(one[1], other[1])
