"""Forecast of what a plan will cost: time, disk and memory.

The model of time: a step of one replica inside a fused array takes a fixed time and three times the multiply-adds of
its batch (forward, and twice that backward) at the machine's rate.  It is good to a factor of two, which is what
a decision to start needs; the running study corrects it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.registry import find
from study.config.durations import duration
from study.planning.arm import Arm
from study.planning.pilot import SEEDS as PILOT_SEEDS
from study.planning.pilot import pilot_arms, pilot_draws
from study.planning.plan import PHASES, Plan
from study.planning.replica import rows_of_shard
from study.planning.task_trees import quick_arm, quick_recipe
from study.planning.training_settings import recipe_of

STEP_SECONDS = 200e-6
"""Fixed time of a replica's step: the optimiser, the gather, the calls, shared by the rows of an array."""
REFERENCE_RATE = 36e9
"""Multiply-adds per second of one thread in bare batched products, on the machine where the model was fitted."""
ENGINE_SHARE = 0.4
"""Share of that rate which training reaches: the rest goes to activations, dropout and the traffic of memory."""
WORKER_SECONDS = 3.0
"""Start-up of a worker: most of it is the import of torch."""
WORKER_BYTES = 500e6
RECORD_BYTES = 700
NUM_CURVES = 6
"""Curves of a training record, a number for every epoch each."""


@dataclass(frozen=True)
class Size:
    """Size of one replica: multiply-adds per example, parameters, bytes of memory in training."""

    multiply_adds: int
    parameters: int
    replica_bytes: int


@dataclass(frozen=True)
class Forecast:
    """Forecast of a plan: wall seconds by phase, bytes on disk at the peak and at the end, bytes of memory.

    ``trees`` are the seconds to find trees before the first phase, and ``pilot`` those of one round of a pilot.
    """

    search: float
    confirm: float
    verdict: float
    peak_disk: float
    disk: float
    memory: float
    trees: float = 0.0
    pilot: float = 0.0

    @property
    def seconds(self) -> float:
        """Wall seconds of all phases, and of what comes before the first one."""
        return self.search + self.confirm + self.verdict + self.trees + self.pilot

    def event(self) -> dict[str, float]:
        """Return the part of the ledger's event ``planned`` that holds the forecast."""
        return {"seconds": self.seconds, "bytes": self.disk, **asdict(self)}


class Forecaster:
    """Forecasts plans for one task set on one machine.

    Args:
        task_set: gives the number of examples.
        workers: processes that train at once.
        rate: multiply-adds per second of one thread; measured by :func:`machine_rate`.
    """

    def __init__(self, task_set: TaskSet, workers: int, rate: float = REFERENCE_RATE) -> None:
        self.task_set, self.workers, self.rate = task_set, workers, rate
        self._sizes: dict[tuple[Arm, str | None], Size] = {}

    def size(self, plan: Plan, arm: Arm, task: str | None) -> Size:
        """Return the size of one replica of ``arm``, of a single-task arm for ``task``."""
        key = (arm, task)
        if key not in self._sizes:
            self._sizes[key] = self._declared_size(plan, arm, task)
        return self._sizes[key]

    def forecast(self, plan: Plan) -> Forecast:
        """Return the forecast of ``plan``."""
        seconds = {phase: self._phase(plan, phase) for phase in PHASES}
        disk, states = self._records(plan), self._states(plan)
        models = self._models(plan)
        largest = max(size.replica_bytes * rows_of_shard(size.replica_bytes) for size in self._all_sizes(plan))
        examples = self.task_set.development.examples
        data = (examples.inputs.numel() + examples.targets.numel()) * 4
        memory = self.workers * (WORKER_BYTES + data + largest)
        return Forecast(
            **seconds,
            peak_disk=disk + models + states,
            disk=disk + models,
            memory=memory,
            trees=sum(self._tree(plan, stages) for stages in plan.stand_ins),
            pilot=self._pilot(plan) if plan.pilot else 0.0,
        )

    def _phase(self, plan: Plan, phase: str) -> float:
        candidates = [self._epoch(plan, arm) for arm in plan.candidates]
        baselines = sum(self._epoch(plan, arm) for arm in plan.baselines)
        epochs, seeds = plan.spec.training.epochs, len(plan.seeds(phase))
        if phase == "search":  # and, once the arm is chosen, single-task networks of as many parameters
            share, totals = plan.num_trials / len(candidates), max(candidates) * (plan.num_judged + plan.may_follow_up)
            work = (sum(candidates) * share + baselines + totals) * seeds * halved_epochs(plan)
        elif phase == "confirm":
            work = (sum(sorted(candidates)[-plan.num_confirmed :]) + baselines) * seeds * epochs
        else:  # each judged arm has four baselines, none of which costs much more than itself
            work = 5 * max(candidates) * (plan.num_judged + plan.may_follow_up) * seeds * epochs
        return work / self.workers + WORKER_SECONDS

    def _epoch(self, plan: Plan, arm: Arm) -> float:
        """Seconds of one epoch of one replica, or of one for each task for single-task arms.

        Multiply-adds are for an example of each task, of which there are fewer where tasks have examples of their own.
        The epochs in which an architecture searches a structure beforehand make each epoch longer.
        """
        recipe = recipe_of(arm, plan.settings("search"))
        searching = find("sharing", arm.sharing).cls.search_epochs(recipe) / recipe.epochs
        tasks: Sequence[str | None] = plan.tasks if arm.is_single_task else (None,)
        folds, development = plan.folds, self.task_set.development
        examples = len(development.examples) / (len(plan.tasks) if development.own_inputs else 1)
        examples *= 1 if folds == 1 else 1 - 1 / folds  # the fold that judges is not trained on
        validating = development.validation_share * examples
        training = (examples - validating) * arm.train_fraction
        batch = plan.spec.training.batch_size
        seconds = 0.0
        for task in tasks:
            products = self.size(plan, arm, task).multiply_adds / (ENGINE_SHARE * self.rate)
            seconds += math.ceil(training / batch) * STEP_SECONDS + (3 * training + 2 * validating) * products
        return seconds * (1 + searching)

    def _tree(self, plan: Plan, stages: int) -> float:
        """Seconds to find the tree of so many stages, in the driver."""
        from mtl_core.task_grouping.affinity import REPLICAS, epochs_of

        epochs = epochs_of(quick_recipe(plan.spec, stages), self.task_set.development)
        return REPLICAS * epochs * self._epoch(plan, quick_arm(plan.spec, stages))

    def _pilot(self, plan: Plan) -> float:
        """Seconds of a pilot's first round, in the driver."""
        rows = len(PILOT_SEEDS) * len(pilot_draws(plan))
        return rows * plan.spec.training.epochs * sum(self._epoch(plan, arm) for arm in pilot_arms(plan))

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
            self.size(plan, arm, task) for arm in plan.arms for task in (plan.tasks if arm.is_single_task else (None,))
        ]

    def _declared_size(self, plan: Plan, arm: Arm, task: str | None) -> Size:
        from mtl_core.network.cost import cost_of

        development = self.task_set.development
        view = development if task is None else development.only(task)
        cost = cost_of(recipe_of(arm, plan.settings("search")), view)
        return Size(cost.multiply_adds, cost.parameters_total, cost.replica_bytes)


def halved_epochs(plan: Plan) -> float:
    """Return the epochs of all draws of an arm together, where at every rung the worse half stops."""
    epochs, left = plan.spec.training.epochs, len(plan.draws)
    total, before = 0.0, 0.0
    for rung in (*plan.spec.search.rungs, 1.0):
        total += left * (rung - before) * epochs
        left, before = math.ceil(left / 2), rung
    return total


def machine_rate(rounds: int = 40) -> float:
    """Measure multiply-adds per second of one thread of this machine: the best of ``rounds`` batched products."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        a = torch.ones(16, 64, 64)
        return max(_products_per_second(lambda: torch.bmm(a, a)) for _ in range(rounds)) * 16 * 64**3
    finally:
        torch.set_num_threads(threads)


def _products_per_second(product: Callable[[], object], repeats: int = 10) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        product()
    return repeats / (time.perf_counter() - start)


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


def size_text(number: float) -> str:
    """Return a number of bytes as text, such as ``1.5 GB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" or number >= 10 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def time_text(forecast: Forecast) -> str:
    """Return the time of a forecast as text, such as ``about 2h 05m``."""
    return f"about {duration(forecast.seconds)}"
