"""The training loop: one pass of all rows of an array over their training splits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_sampler import BatchSampler
from mtl_core.gradients.batch_passes import Batch
from mtl_core.gradients.step_gradient import StepGradient
from mtl_core.layers.dropout import Dropout, Noise
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.replica_state import StackedStates
from mtl_core.randomness.counter_based import Streams
from mtl_core.training.array_parts import ArrayParts
from mtl_core.training.captured_steps import CapturedSteps, Graph
from mtl_core.training.clipping import clip_
from mtl_core.training.device import CPU
from mtl_core.training.epoch_sums import EpochSums
from mtl_core.training.optimisers.choice import optimiser_of
from mtl_core.training.pools import stream_names
from mtl_core.training.recorded_steps.recorded_steps import RecordedSteps, is_recordable
from mtl_core.training.rows_weighting import columns_of_rows, weighting_memory, weighting_of
from mtl_core.training.step_inputs import StepInputs
from mtl_core.training.step_schedule import StepSchedule, schedule_of
from mtl_core.weighting import JacobianWeighting, State
from mtl_core.weighting.solvers.on_host import end_epoch


@dataclass(frozen=True)
class Epoch:
    """One epoch as it was laid out before its first step, and what its steps add up.

    Args:
        schedule: rates and counters of its steps.
        weighting_numbers: the counters where the weighting method works.
        orders, presents: examples, and tasks that are trained, of every step, for each batch of a step; a step that
            trains all of them may have ``None`` for its tasks.
        searching: whether each row searches a structure; ``None``: there is no search.
        sums: what its steps add up.
    """

    schedule: StepSchedule
    weighting_numbers: Int[Tensor, "s r"]
    orders: list[Int[Tensor, "r s g b"]]
    presents: list[Sequence[Bool[Tensor, "r t"] | None]]
    searching: Bool[Tensor, " r"] | None
    sums: EpochSums

    def inputs(self, step: int) -> StepInputs:
        """Return what a step reads of the epoch."""
        schedule = self.schedule
        return StepInputs(
            orders=[order[:, step] for order in self.orders],
            presents=[present[step] for present in self.presents],
            numbers=schedule.numbers[step],
            weighting_numbers=self.weighting_numbers[step],
            progress=schedule.progress[step],
            rates=schedule.rates[step],
            searching=self.searching,
            exact_rates=schedule.exact_rates[step],
        )


class EpochTrainer:
    """Trains the rows of one array, an epoch at a time.

    What depends on the host — orders of examples, rates, counters — is laid out before the first step of an epoch.
    Between the first and the last one nothing is read from the device, so a GPU never waits.

    Args:
        parts: the array; parameters and state are updated in place.
        graph: makes the graph that steps are captured in; ``None``: every step is launched by itself, as it is where a
            weighting method solves its problem on the host.
        clock: seconds, by which launches and replays are compared.
        usual_steps: steps on a CPU that are taken as usual before they are recorded; ``None``: as many as pay.
    """

    def __init__(
        self,
        parts: ArrayParts,
        graph: Callable[[], Graph] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        usual_steps: int | None = None,
    ) -> None:
        recipe, network, rows, seeds, device = parts.recipe, parts.network, parts.rows, parts.seeds, parts.device
        self._recipe, self._network, self._parts, self._device = recipe, network, parts, device
        self._state, self._theta = parts.state, parts.theta
        self._search = network.trunk.search_epochs(recipe)
        learnt = [row.task for row in rows]
        self._batches = BatchSampler(recipe, parts.development, parts.preparations, seeds, device, learnt)
        self._every_task = torch.ones(len(rows), len(network.tasks), dtype=torch.bool, device=device)
        self._memory, self._sums = weighting_memory(parts.state), EpochSums.zeros(len(rows), len(network.tasks), device)
        self._weighting = weighting_of(recipe, network, rows, device)
        self._step_gradient = StepGradient(recipe, network, parts.theta, parts.loader, self._weighting)
        self._weighting_streams = Streams(seeds, "weighting", CPU if self._weighting.solves_on_host else device)
        self._sharing_streams = Streams(seeds, "sharing", device)
        rates = [float(row.hyperparameters.get("dropout", 0.0)) for row in rows]
        names = stream_names(network, rows)
        self._dropout = Dropout(seeds, rates, device, names) if any(rates) else None
        self._sharing_options = columns_of_rows("sharing", recipe.sharing, rows, device)
        self._optimiser = optimiser_of(
            recipe.optimiser, network.layout, parts.parameters, parts.state, [row.hyperparameters for row in rows],
            adaptive=isinstance(self._weighting, JacobianWeighting) and self._weighting.adaptive,
            captured=graph is not None,
        )  # fmt: skip
        if graph is None or self._weighting.solves_on_host:
            self.captured = None
        else:
            self.captured = CapturedSteps(graph, device, clock)
        self.recorded = None
        if graph is None and device == CPU and is_recordable(recipe, network.tasks):
            state = partial(_kept_tensors, parts, self._memory)
            self.recorded = RecordedSteps(self._dropout, state, self._optimiser.decided, parts.kind, usual_steps)

    @property
    def steps(self) -> int:
        """Number of steps of an epoch."""
        return self._batches.steps

    def train_epoch(self, most_steps: int | None = None) -> Float[Tensor, "r t"]:
        """Train every row for one epoch, or for its first steps alone, and return the mean weight of each task."""
        epoch, steps = self.begin(), range(self.steps if most_steps is None else min(self.steps, most_steps))

        def step_by_step() -> None:
            for step in steps:
                self.step(epoch, step)

        if self.recorded is not None:
            self.recorded.train([epoch.inputs(step) for step in steps], self._take)
        elif self.captured is None:
            step_by_step()
        else:
            self.captured.train([epoch.inputs(step) for step in steps], self._take_alone, step_by_step)
        return self.end(epoch)

    def moments(self) -> StackedStates:
        """Return the optimiser's moments, to be stored in the rows' states."""
        return self._optimiser.moments()

    def begin(self) -> Epoch:
        """Lay out the next epoch on the device: rates and counters of its steps, and examples of its batches."""
        rates = [row.hyperparameters["learning_rate"] for row in self._parts.rows]
        schedule = schedule_of(self._recipe, rates, self._parts.epochs, self.steps, self._search, self._device)
        if self._dropout:
            self._dropout.begin(schedule.numbers)
        self._sums.begin()
        orders = [self._batches.order(schedule.epochs, number) for number in range(self._step_gradient.batches)]
        return Epoch(
            schedule=schedule,
            weighting_numbers=schedule.numbers.to(CPU) if self._weighting.solves_on_host else schedule.numbers,
            orders=orders,
            presents=[self._by_step(self._batches.present(order, schedule.epochs)) for order in orders],
            searching=self._state["epoch"] < 0 if self._search else None,
            sums=self._sums,
        )

    def _by_step(self, present: Bool[Tensor, "r s t"] | None) -> list[Bool[Tensor, "r t"] | None]:
        """The tasks of every step.  A CPU asks which steps have all, since those need no masks and can be recorded."""
        if present is None:
            return [None] * self.steps
        is_asked = self._device == CPU and self.captured is None
        whole = present.all(dim=2).all(dim=0).tolist() if is_asked else [False] * self.steps
        return [None if has_all else one for has_all, one in zip(whole, present.unbind(1), strict=True)]

    def step(self, epoch: Epoch, step: int) -> None:
        """Take one step of an epoch, all of whose numbers are on the device.

        Args:
            epoch: of :meth:`begin`.
            step: number of the step in the epoch, from 0.
        """
        self._take(epoch.inputs(step), lambda: self._dropout.at(step) if self._dropout else None)

    def end(self, epoch: Epoch) -> Float[Tensor, "r t"]:
        """Tell the weighting method that the epoch has ended, and return the mean weight of each task."""
        end_epoch(self._weighting, epoch.sums.mean_losses(), epoch.sums.counts > 0, self._memory)
        return epoch.sums.weights / self.steps

    def _take(self, inputs: StepInputs, noise: Callable[[], Noise | None]) -> None:
        """Take a step that depends on its inputs, the parameters and the state alone."""

        def context() -> ForwardContext:
            return self._context(inputs, noise())

        batches = [
            Batch(order, self._every_task if present is None else present, context, inputs.progress)
            for order, present in zip(inputs.orders, inputs.presents, strict=True)
        ]
        streams = self._weighting_streams.at(inputs.weighting_numbers)
        direction = self._step_gradient.direction(batches, self._memory, streams)
        gradients, present = direction.gradients, direction.present
        if self._recipe.clip_norm is not None:
            clip_(gradients, self._recipe.clip_norm)
        some = None if present is self._every_task else present
        self._optimiser.step(gradients, inputs.exact_rates, some, inputs.rates)
        if self._network.trunk.acts_after_step:
            self._network.after_step(self._theta, inputs.rates, present, context())
        self._step_gradient.observe_step(batches[0], self._memory, streams)
        self._sums.add(direction)

    def _take_alone(self, inputs: StepInputs) -> None:
        """Take a step whose dropout masks, too, are computed from its inputs."""
        self._take(inputs, lambda: self._dropout.alone(inputs.numbers) if self._dropout else None)

    def _context(self, inputs: StepInputs, noise: Noise | None) -> ForwardContext:
        return ForwardContext(
            training=True,
            noise=noise,
            progress=inputs.progress,
            searching=inputs.searching,
            options=self._sharing_options,
            streams=self._sharing_streams.at(inputs.numbers),
            tasks=self._network.layout.tasks,
        )


def _kept_tensors(parts: ArrayParts, memory: State) -> list[Tensor]:
    """The parameters, and what the weighting method remembers: steps change them where they are."""
    return [*parts.parameters, *memory.values()]
