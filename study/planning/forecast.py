"""Forecast of what a plan will cost: time, disk and memory.

The time of an array follows from the model of :mod:`study.planning.array_cost`, or where that pays from short trials of
the study's own networks (:mod:`study.planning.trials`); on a GPU from what was measured there to fill it
(:mod:`study.planning.cards`).  :mod:`study.planning.phase_work` adds it up over the phases.  Start, scoring and report,
which processors do in any case, count as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any

from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from study.config.budgets import REPLICAS, Budget, Quantity
from study.planning.arm import Arm
from study.planning.array_cost import REFERENCE_RATE, Arrays
from study.planning.cards.pack_study import Measurable
from study.planning.cards.study_cards import StudyCards
from study.planning.forecast_words import size_text
from study.planning.network_costs import NetworkCosts, Size, passes_of_an_epoch
from study.planning.phase_times import PhaseTimes, times_on_cards, times_on_processors
from study.planning.phase_work import PhaseWork
from study.planning.pilot import SEEDS as PILOT_SEEDS
from study.planning.pilot import pilot_arms, pilot_draws
from study.planning.plan import Plan
from study.planning.replica import MOST_ROWS, rows_of_shard
from study.planning.task_trees import quick_arm, quick_recipe
from study.planning.trials import Trials

START_SECONDS = 4.0
"""Processor time before the first shard: imports and the plan."""
RAY_SECONDS = 8.0
"""Time that Ray takes to start its workers."""
REPORT_SECONDS, REPORT_ARM_SECONDS = 8.0, 0.15
"""Processor time of the report, and of each arm in it."""
WORKER_BYTES = 500e6
RECORD_BYTES = 700
ArraysOf = Callable[[Arm], Sequence[Arrays]]
BESIDE_THE_PHASES = ("trees", "pilot", "start", "score", "report", "processor", "work")
"""Fields of a forecast that add up over the studies of a suite, as the phases do."""
CPU, CUDA = "cpu", "cuda"
NUM_CURVES = 6
"""Curves of a training record, a number for every epoch each."""


@dataclass(frozen=True)
class Forecast:
    """Forecast of a plan: wall seconds by phase, bytes on disk at the peak and at the end, bytes of memory.

    ``trees`` are the seconds to find trees before the first phase, and ``pilot`` those of one round of a pilot;
    ``start``, ``score`` and ``report`` are what is neither.  ``processor`` are the seconds of all processes together,
    which are more where several workers train, and ``work`` those for which the phases occupy processors or GPUs.
    ``slowdown`` is how many times as long all of it takes as on a machine without other programs.  ``device`` is what
    the phases' times are those of, ``cpu`` or ``cuda``.
    """

    search: float
    confirm: float
    verdict: float
    peak_disk: float
    disk: float
    memory: float
    trees: float = 0.0
    pilot: float = 0.0
    start: float = 0.0
    score: float = 0.0
    report: float = 0.0
    processor: float = 0.0
    work: float = 0.0
    slowdown: float = 1.0
    device: str = CPU

    @property
    def seconds(self) -> float:
        """Wall seconds of all phases, and of what comes before and after them."""
        return self.training + self.trees + self.pilot + self.start + self.score + self.report

    @property
    def training(self) -> float:
        """Wall seconds of the phases."""
        return self.search + self.confirm + self.verdict

    def event(self) -> dict[str, Any]:
        """Return the part of the ledger's event ``planned`` that holds the forecast."""
        return {"seconds": self.seconds, "bytes": self.disk, **asdict(self)}


class Forecaster:
    """Forecasts plans for one task set on one machine.

    Args:
        task_set: gives the number of examples.
        workers: processes that train at once.
        rate: multiply-adds per second of one thread; measured by :func:`machine_rate`.
        trials: of the study's networks; ``None``: the model alone tells what they cost.
        cards: the GPUs that train, with what was measured there; ``None``: processors train, or nothing was measured.
    """

    def __init__(
        self,
        task_set: TaskSet,
        workers: int,
        rate: float = REFERENCE_RATE,
        trials: Trials | None = None,
        cards: StudyCards | None = None,
    ) -> None:
        self.task_set, self.workers, self.rate, self.trials = task_set, workers, rate, trials
        self.costs = NetworkCosts(task_set, rate, trials)
        self.cards, self._measured = cards, cards if cards is not None and cards.is_measured else None
        self.slowdown = 1.0 if trials is None else trials.slowdown

    def undisturbed(self) -> Forecaster:
        """Return a forecaster for the same machine without other programs."""
        trials = None if self.trials is None else replace(self.trials, slowdown=1.0)
        return Forecaster(self.task_set, self.workers, self.rate, trials, self.cards)

    def on(self, cards: StudyCards) -> Forecaster:
        """Return a forecaster for the GPUs of the same machine."""
        return Forecaster(self.task_set, self.workers, self.rate, self.trials, cards)

    def measurable(self, plan: Plan) -> Measurable:
        """Return the networks of ``plan``, as measurements on GPUs ask for them."""
        return Measurable(plan, self.costs.networks(plan), self.task_set.development)

    def packed(self, plan: Plan) -> StudyCards | None:
        """Return the GPUs with as many shards on each as the forecast of ``plan`` has; ``None``: processors train."""
        times = self.times(plan)
        if times.cards is not None or self.cards is None:
            return times.cards
        return self.cards.packed_for(plan, self.costs.networks(plan), math.ceil(times.workers / self.cards.number))

    def times(self, plan: Plan, backend: str | None = None) -> PhaseTimes:
        """Return the times of the phases of ``plan``, on the back end that it names, or another one."""
        return self._times(plan, backend, self._arrays_of(plan))

    def _times(self, plan: Plan, backend: str | None, arrays_of: ArraysOf) -> PhaseTimes:
        backend = backend or plan.spec.backend
        if self._measured is None:
            return times_on_processors(plan, arrays_of, self.workers, backend)
        return times_on_cards(plan, self.costs, self._measured, self.workers, backend)

    def _arrays_of(self, plan: Plan) -> ArraysOf:
        """The arrays of every arm on a processor, each found once."""
        return cache(partial(self.costs.arrays, plan))

    def forecast(self, plan: Plan, backend: str | None = None) -> Forecast:
        """Return the forecast of ``plan``, on the back end that it names, or another one."""
        arrays_of = self._arrays_of(plan)
        times = self._times(plan, backend, arrays_of)
        alone = {
            "trees": sum(self._tree(plan, stages) for stages in plan.stand_ins),
            "pilot": self._pilot(plan) if plan.pilot else 0.0,
            "start": START_SECONDS,
            "score": self._scoring(plan, arrays_of),
            "report": REPORT_SECONDS + REPORT_ARM_SECONDS * len(plan.arms),
        }
        workers, several = times.workers, times.workers > 1
        processor = times.busy + sum(alone.values()) + several * workers * START_SECONDS
        disk, states, models = self._records(plan), self._states(plan), self._models(plan)
        largest = max(size.replica_bytes * rows_of_shard(size.replica_bytes) for size in self._all_sizes(plan))
        examples = self.task_set.development.examples
        data = (examples.inputs.numel() + examples.targets.numel()) * 4
        wall = {**times.wall, **alone, "start": START_SECONDS + several * RAY_SECONDS}
        return Forecast(
            **{part: self.slowdown * seconds for part, seconds in wall.items()},
            peak_disk=disk + models + states,
            disk=disk + models,
            memory=(self.workers if times.cards is None else workers) * (WORKER_BYTES + data + largest),
            processor=processor,
            work=times.work,
            slowdown=self.slowdown,
            device=CPU if times.cards is None else CUDA,
        )

    def amount(self, plan: Plan, budget: Budget | None) -> float:
        """Return what ``plan`` takes of what ``budget`` is a budget of, in its basic unit."""
        if not isinstance(budget, Quantity):
            return self.forecast(plan).seconds
        return float(sum(plan.counts().values())) if budget.unit == REPLICAS else self.forecast(plan).work

    def _scoring(self, plan: Plan, arrays_of: ArraysOf) -> float:
        """Seconds to score what confirm and verdict train, on a processor: a forward pass over the test split each."""
        development = self.task_set.development
        share = len(self.task_set.test) / passes_of_an_epoch(len(development.examples), development.validation_share)
        scoring = PhaseWork(plan, lambda arm: [array.longer(share) for array in arrays_of(arm)], epochs=1.0)
        return scoring.confirm() + scoring.verdict()

    def _tree(self, plan: Plan, stages: int) -> float:
        """Seconds to find the tree of so many stages, in the driver."""
        from mtl_core.task_grouping.affinity import REPLICAS, epochs_of

        epochs = epochs_of(quick_recipe(plan.spec, stages), self.task_set.development)
        return self.costs.cost(plan, quick_arm(plan.spec, stages), None).shards(REPLICAS, epochs, MOST_ROWS)

    def _pilot(self, plan: Plan) -> float:
        """Seconds of a pilot's first round, in the driver."""
        rows = len(PILOT_SEEDS) * len(pilot_draws(plan))
        networks = [(arm, task) for arm in pilot_arms(plan) for task in (plan.tasks if arm.is_single_task else (None,))]
        return sum(
            self.costs.cost(plan, arm, task).shards(rows, plan.spec.training.epochs, MOST_ROWS)
            for arm, task in networks
        )

    def _records(self, plan: Plan) -> float:
        counts, epochs = plan.counts(tasks_together=True), plan.spec.training.epochs
        rows = len(plan.tasks) * sum(counts.values())
        scores = len(self.task_set.test) * (1 if self.task_set.development.own_inputs else len(plan.tasks))
        scored = scores * (counts["confirm"] + counts["verdict"])
        return rows * (RECORD_BYTES + NUM_CURVES * 4 * epochs) + 4 * scored

    def _states(self, plan: Plan) -> float:
        """Checkpoints between rungs, which the search deletes at its end."""
        draws = len(plan.draws) / 2 if plan.spec.search.rungs else 0
        return draws * len(plan.seeds("search")) * sum(size.parameters * 4 * 4 for size in self._all_sizes(plan))

    def _models(self, plan: Plan) -> float:
        counts = plan.counts()
        sizes = self._all_sizes(plan)
        mean = sum(size.parameters for size in sizes) / len(sizes)
        return 4 * mean * (counts["confirm"] + counts["verdict"])

    def _all_sizes(self, plan: Plan) -> list[Size]:
        return [
            self.costs.size(plan, arm, task)
            for arm in plan.arms
            for task in (plan.tasks if arm.is_single_task else (None,))
        ]


def refuse_if_too_large(forecast: Forecast, free_disk: float, free_memory: float) -> None:
    """Refuse a study that cannot finish on this machine.

    Raises:
        UserError: when the forecast asks for more disk or memory than there is.
    """
    needs: Mapping[str, tuple[float, float, str]] = {
        "disk": (forecast.peak_disk, free_disk, "Free some, choose another --out, or ask for fewer arms or epochs."),
        "memory": (forecast.memory, free_memory, "Take fewer --workers, narrower arms or a smaller batch_size."),
    }
    for name, (needed, free, remedy) in needs.items():
        if needed > free:
            raise UserError(name, f"the study needs about {size_text(needed)}, {size_text(free)} are free.", remedy)
