"""Gradient conflict: the agreement of the tasks' gradients, measured after a few epochs without affecting the training.

Each replica has one probe batch of its training split, the same at every probe, divided into halves A and B without
common examples.  With g_i^A the gradient of task i's mean loss over its labels in half A, before a method weighs it, on
the parameters that tasks share in one stage, a probe records for every stage

    across_ij = (cos(g_i^A, g_j^B) + cos(g_j^A, g_i^B)) / 2,      within a task (i = j): cos(g_i^A, g_i^B),
    cosine_ij = cos(g_i, g_j)   and   norm_i = ‖g_i‖   with   g_i = (n_i^A g_i^A + n_i^B g_i^B) / (n_i^A + n_i^B),

n_i^A being the number of labels of task i in half A.  Sampling noise draws every cosine between independent halves
towards 0, that of a task with itself as well; so *across* of two tasks is compared with *within* of one task.  *cosine*
has both gradients from the same examples.

The network is in evaluation mode, as in validation: it draws no random number and updates no running statistic, and an
example's gradient does not depend on its half, so that g_i is the gradient of the whole probe batch.

Source: T. Yu et al., "Gradient surgery for multi-task learning", NeurIPS 2020, section 2.2 (the cosine).

Differs from the paper: cosines of independent halves, and a task's with itself beside them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.batch_sampler import steps_per_epoch
from mtl_core.data.preprocessing import Preparation
from mtl_core.data.probe_batch import probe_batch
from mtl_core.data.task_set import Development
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.gradients.agreement import agreement
from mtl_core.gradients.batch_losses import BatchLosses
from mtl_core.gradients.task_gradients import task_gradients
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.network import Network
from mtl_core.network.replica_state import ReplicaState, StackedStates
from mtl_core.network.shared_parameters import SharedParameters, shared_copy_users, shared_stages, tasks_sharing_stage
from mtl_core.recipe import Recipe

MEASURES = ("norm", "cosine", "across")
"""Names of the quantities that a probe records."""
_CONFLICT = "conflict."
_EPOCH = _CONFLICT + "epoch"
STEPS_PER_PROBE = 50
"""Least number of training steps per probe.  A probe takes as long as two to two and a half steps (FINDINGS.md), so
probes take about a twentieth of the training."""


def probed_epochs(recipe: Recipe, steps: int) -> list[int]:
    """Return the numbers of the epochs, from 0, at whose ends gradients are probed.

    They are evenly spread and include the first and the last epoch.

    Args:
        recipe: recipe with the number of probes; a short training has fewer, but not fewer than two.
        steps: number of steps of an epoch.
    """
    affordable = max(steps * recipe.epochs // STEPS_PER_PROBE, 2)
    number, last = min(recipe.probes, recipe.epochs, affordable), recipe.epochs - 1
    if number < 2:
        return [last] * number
    return [round(place * last / (number - 1)) for place in range(number)]


def start(recipe: Recipe, network: Network) -> StackedStates:
    """Return the entries of a replica's state that probes fill, as NaN; none where nothing is probed."""
    probes, tasks = min(recipe.probes, recipe.epochs), len(network.tasks)
    if not probes or not network.layout.count_shared():
        return {}
    per_task = (1, probes, len(shared_stages(network.layout)), tasks)
    shapes = {name: per_task if name == "norm" else (*per_task, tasks) for name in MEASURES}
    entries = {_CONFLICT + name: torch.full(shape, torch.nan) for name, shape in shapes.items()}
    return entries | {_EPOCH: torch.full((1, probes), -1)}


class Probes:
    """Measurement of gradient conflict in the replicas of a fused array.

    Args:
        recipe: recipe with the number of probes; half a probe batch is as large as a training batch.
        development: the examples, with their tasks.
        network: network of the replicas.
        preparations: split and standardisation of each replica's data.
        seeds: seed of each replica.
    """

    def __init__(
        self,
        recipe: Recipe,
        development: Development,
        network: Network,
        preparations: Sequence[Preparation],
        seeds: Sequence[int],
    ) -> None:
        self._network = only_shared_trained(network)
        moments = probed_epochs(recipe, steps_per_epoch(recipe, development))
        self._moments = moments if network.layout.count_shared() else []
        self._pools = [(development, preparation, seed) for preparation, seed in zip(preparations, seeds, strict=True)]
        self._half = min(recipe.batch_size, len(development.examples))

    def note(self, theta: Theta, loader: BatchLoader, state: StackedStates, epochs: Sequence[int]) -> None:
        """Measure gradient conflict if a replica is at a probed epoch, and record it in that replica's state.

        Args:
            theta: parameters of the replicas.
            loader: their examples.
            state: their states, updated in place.
            epochs: number of epochs that each has been trained.
        """
        due = [row for row, epoch in enumerate(epochs) if epoch in self._moments]
        if not due:
            return
        moments = torch.tensor([self._moments.index(epochs[row]) for row in due], device=loader.device)
        rows = torch.tensor(due, device=loader.device)
        state[_EPOCH][rows, moments] = state["epoch"][rows]
        for name, values in zip(MEASURES, self.measure(theta, loader), strict=True):
            entry = state[_CONFLICT + name]
            entry[rows, moments] = values[rows].to(entry)

    def measure(
        self, theta: Theta, loader: BatchLoader, searching: Bool[Tensor, " r"] | None = None
    ) -> tuple[Float[Tensor, "r s t"], Float[Tensor, "r s t t"], Float[Tensor, "r s t t"]]:
        """Return the gradients' norms, cosines on the whole probe batch, and cosines across its halves.

        Entries are for every replica, stage of :func:`mtl_core.network.shared_parameters.shared_stages` and pair of
        tasks; NaN for tasks that share no parameters of the stage.

        Args:
            theta: parameters of the replicas.
            loader: their examples.
            searching: which replicas search a structure; ``None``: none does.
        """
        context = ForwardContext(searching=searching)
        shared = set(self._network.layout.trained)
        theta = {slot: value if slot in shared else value.detach() for slot, value in theta.items()}
        (first, first_labels), (second, second_labels) = (
            self._half_of(theta, loader, half, context) for half in (0, 1)
        )
        labels = torch.stack([first_labels, second_labels], dim=1)
        by_stage = [agreement(_at(first, places), _at(second, places), labels) for places in self._stages.values()]
        norm, cosine, across = (torch.stack(values, dim=1) for values in zip(*by_stage, strict=True))
        sharing = torch.where(self._compared.at(loader.device), 0.0, torch.nan)
        return norm + sharing.diagonal(dim1=1, dim2=2), cosine + sharing, across + sharing

    def cosines(
        self, theta: Theta, loader: BatchLoader, searching: Bool[Tensor, " r"]
    ) -> dict[str, Float[Tensor, "r t t"]]:
        """Return the cosines of :meth:`measure` on the whole probe batch by the name of the stage; its arguments."""
        return dict(zip(self._stages, self.measure(theta, loader, searching)[1].unbind(1), strict=True))

    def _half_of(
        self, theta: Theta, loader: BatchLoader, half: int, context: ForwardContext
    ) -> tuple[Float[Tensor, "r t q"], Int[Tensor, "r t"]]:
        """The tasks' gradients on the shared parameters, and how many labels each rests on."""
        index, real = (part[half].to(loader.device) for part in self._batches)
        losses = BatchLosses(loader, index, real)
        assert losses.counted is not None
        losses_of = partial(losses.of, self._network)
        backward = task_gradients(self._network, theta, loader.inputs(index), context, losses_of, self._part)
        return backward.jacobian, losses.counted.sum(dim=2)

    @cached_property
    def _batches(self) -> tuple[Int[Tensor, "h r g b"], Bool[Tensor, "h r g b"]]:
        drawn = [probe_batch(*pool, self._half) for pool in self._pools]
        index, real = (torch.stack(parts, dim=1) for parts in zip(*drawn, strict=True))
        return index, real

    @cached_property
    def _part(self) -> SharedParameters:
        return SharedParameters(self._network.layout)

    @cached_property
    def _stages(self) -> dict[str, Int[Tensor, " n"]]:
        return shared_stages(self._network.layout)

    @cached_property
    def _compared(self) -> FixedTensor:
        return FixedTensor(tasks_sharing_stage(self._network.layout))


def _at(gradients: Float[Tensor, "r t q"], places: Int[Tensor, " n"]) -> Float[Tensor, "r t n"]:
    """The columns ``places`` of the gradients, as a view where they are contiguous."""
    begin, size = int(places[0]), len(places)
    contiguous = int(places[-1]) - begin == size - 1
    return gradients.narrow(2, begin, size) if contiguous else gradients.index_select(2, places.to(gradients.device))


@dataclass(frozen=True)
class Comparison:
    """Result of one probe for two tasks, or for a task with itself, in one stage.

    Args:
        epoch: number of the epoch, from 0, at whose end the probe was made.
        stage: name of the stage, see :func:`mtl_core.network.shared_parameters.shared_stages`.
        task, other: names of the tasks, in the order of the network's tasks; ``other`` may be ``task``.
        norm: norm of the task's gradient; NaN for two tasks.
        cosine: cosine of the gradients on the same examples; NaN for a task with itself.
        across: cosine of the gradients on different halves; for a task with itself it is below 1 by noise alone.
    """

    epoch: int
    stage: str
    task: str
    other: str
    norm: float
    cosine: float
    across: float


def comparisons(network: Network, state: ReplicaState) -> Iterator[Comparison]:
    """Yield the results of a replica's probes so far, for tasks that have parameters in common.

    Args:
        network: network of the replica.
        state: state of the replica.
    """
    if _EPOCH not in state:
        return
    tasks, pairs, nan = network.layout.tasks, tasks_sharing_stage(network.layout), float("nan")
    norm, cosine, across = (state[_CONFLICT + name].tolist() for name in MEASURES)
    for moment, epoch in enumerate(state[_EPOCH].tolist()):
        for place, stage in enumerate(shared_stages(network.layout) if epoch >= 0 else ()):
            for i, j in pairs[place].triu().nonzero().tolist():
                pair = cosine[moment][place][i][j] if i != j else nan
                length = norm[moment][place][i] if i == j else nan
                yield Comparison(epoch, stage, tasks[i], tasks[j], length, pair, across[moment][place][i][j])


def only_shared_trained(network: Network) -> Network:
    """Return a view of ``network`` in which only slots with shared parameters are trained: others need no gradient."""
    layout = network.layout
    view = copy.copy(network)
    view.layout = Layout([slot for slot in layout.trained if shared_copy_users(slot, layout)], layout.tasks)
    return view
