"""Regret of the search strategies against a whole grid, for a part of its epochs, on generated task sets.

Every arm of a grid is trained with every draw on all seeds, once.  The strategies are then played against that table:
they see the search seeds, and what they choose is judged on further seeds, as everything in the table is.  ``joint``
proposes hyperparameters of its own, which are trained when it asks.  A regret is the skill, in points, of what the
whole grid (halved at its rungs) would have chosen, less that of what the strategy has; below 0 it chose something
better.

    python -m tests.benchmarks.bench_search [--sets 4] [--share 0.25] [--epochs 24]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mtl_core.data.task_set import Development
from mtl_core.recipe import ReplicaConfig
from mtl_core.tasks.generated import Generated
from mtl_core.training import trainer
from study.config.spec import Spec
from study.planning.arm import Arm
from study.planning.make_plan import make_plan
from study.planning.plan import Plan
from study.planning.policy import Answer, Policy, Round, Together, Trial, WholeArms
from study.planning.search_space import SearchSpace
from study.planning.strategies.joint import Joint
from study.planning.strategies.optuna import Optuna
from study.planning.strategies.successive_halving import SuccessiveHalving
from study.planning.training_settings import drawn_recipe, recipe_of

SEARCH_SEEDS, JUDGING_SEEDS = (0, 1), tuple(range(1_000, 1_006))
SUBSETS = 2_000
"""Random parts of the grid, over which its regret is averaged."""
Curves = Mapping[int, np.ndarray]
"""Mean validation skill over tasks by epoch, by seed."""
Spent = tuple[Trial, int]


@dataclass
class Bench:
    """One task set: the plan of its grid, and what its replicas reach."""

    plan: Plan
    development: Development
    curves: dict[tuple[Arm, str], Curves]

    def trained(self, arm: Arm, points: Sequence[Mapping[str, Any]]) -> list[Curves]:
        """The curves of an arm at some hyperparameters, on all seeds; trained in one array where they are not known."""
        names = [repr(sorted(point.items())) for point in points]
        missing = {name: point for name, point in zip(names, points, strict=True) if (arm, name) not in self.curves}
        if missing:
            recipe = drawn_recipe(recipe_of(arm, self.plan.settings("search")), {})
            seeds = (*SEARCH_SEEDS, *JUDGING_SEEDS)
            rows = [
                ReplicaConfig(f"{place} {seed}", seed, dict(point))
                for place, point in enumerate(missing.values())
                for seed in seeds
            ]
            found = {outcome.key: outcome for outcome in trainer.fit(recipe, self.development, rows, max_rows=32)}
            for place, name in enumerate(missing):
                self.curves[arm, name] = {seed: _curve(found[f"{place} {seed}"]) for seed in seeds}
        return [self.curves[arm, name] for name in names]

    def of(self, trial: Trial) -> Curves:
        """The curves of a trial."""
        point = trial.hyperparameters or self.plan.draws.of(trial.arm, trial.draw)
        return self.trained(trial.arm, [point])[0]

    def searched(self, trial: Trial, epochs: int) -> float:
        """What a search sees of a trial after so many epochs."""
        return statistics.mean(max(self.of(trial)[seed][:epochs].max(), -1.0) for seed in SEARCH_SEEDS)

    def judged(self, trial: Trial) -> float:
        """What a trial is worth: points of skill on the judging seeds."""
        return 100 * statistics.mean(self.of(trial)[seed].max() for seed in JUDGING_SEEDS)


def _curve(outcome: trainer.Outcome) -> np.ndarray:
    curve = np.nan_to_num(outcome.curves["validation_skill"], nan=-1.0).mean(axis=1)
    return curve if len(curve) else np.array([-1.0])


def bench_of(seed: int, epochs: int) -> Bench:
    """A task set and the plan of its grid: 24 arms with 8 draws, none of which is always searched."""
    task_set = Generated(num_examples=300, num_related=3, relatedness=0.6, noise=0.5, seed=seed).build()
    spec = Spec.model_validate(
        {
            "tasks": {"set": "generated"},
            "factors": {"stages": [3], "depth": "all", "width": [4, 16], "weighting": ["equal", "uncertainty", "fixed",
"dwa"]},
            "training": {"epochs": epochs, "batch_size": 32},
            "verdict": {"judge": []},
            "search": {"strategy": "optuna"},
        }
    )  # fmt: skip
    return Bench(make_plan(spec, task_set.development), task_set.development, {})


def halved(bench: Bench, space: SearchSpace, arm: Arm, spent: list[Spent]) -> Trial:
    """The draw that is left of an arm when the worse half stops at every rung."""
    left = [Trial(arm, draw) for draw in range(len(space.draws))]
    for rung in space.rungs:
        spent += [(trial, rung) for trial in left]
        left = sorted(left, key=lambda trial: -bench.searched(trial, rung))
        left = left[: -(-len(left) // 2)] if rung < space.epochs else left[:1]
    return left[0]


def play(bench: Bench, space: SearchSpace, policy: Policy, spent: list[Spent]) -> list[Trial]:
    """The trials that were trained to their end."""
    sent: Any = None
    ended: list[Trial] = []
    while True:
        try:
            step = policy.send(sent)
        except StopIteration:
            return ended
        if isinstance(step, WholeArms):
            chosen = [halved(bench, space, arm, spent) for arm in step.arms]
            ended += chosen
            sent = [bench.searched(trial, space.epochs) for trial in chosen]
        elif isinstance(step, Round):
            spent += [(trial, step.epochs) for trial in step.trials]
            ended += list(step.trials) if step.epochs == space.epochs else []
            sent = [Answer(bench.searched(trial, step.epochs)) for trial in step.trials]
        else:
            raise AssertionError(f"{Together} is of baselines, which are not played")


def epochs_of(spent: Sequence[Spent]) -> int:
    """Epochs that were trained, of a trial up to its last rung."""
    last: dict[str, int] = {}
    for trial, rung in spent:
        last[repr(trial)] = max(last.get(repr(trial), 0), rung)
    return sum(last.values())


def of_strategies(bench: Bench, share: float) -> dict[str, tuple[float, float]]:
    """Regret of every strategy, and the share of the grid's epochs that it took."""
    space = bench.plan.space()
    all_spent: list[Spent] = []
    grid = [halved(bench, space, arm, all_spent) for arm in space.candidates]
    whole, budget = epochs_of(all_spent), share * epochs_of(all_spent)
    best = bench.judged(max(grid, key=partial(bench.searched, epochs=space.epochs)))
    found = {"grid, a part of the arms": (best - _of_parts(bench, space, grid, share), share)}
    rungs = tuple(sorted({round(space.epochs / 9), round(space.epochs / 3), space.epochs}))
    number = len(space.candidates) * len(space.draws)
    halving = replace(space, rungs=rungs)
    most = max(n for n in range(1, number + 1) if _amount(replace(halving, trials=n)) <= budget)
    settings: dict[str, tuple[Callable[[SearchSpace], Policy], SearchSpace]] = {
        "optuna": (lambda among: Optuna().policies(among)[0], replace(space, trials=round(share * len(grid)))),
        "successive_halving": (lambda among: SuccessiveHalving().policies(among)[0], replace(halving, trials=most)),
        "joint": (lambda among: Joint().policies(among)[0], replace(space, trials=round(share * number))),
    }
    for name, (policy, among) in settings.items():
        spent: list[Spent] = []
        with tempfile.TemporaryDirectory() as folder:
            ended = play(bench, among, policy(replace(among, directory=Path(folder))), spent)
        chosen = max(ended, key=partial(bench.searched, epochs=space.epochs))
        found[name] = best - bench.judged(chosen), epochs_of(spent) / whole
    return found


def _of_parts(bench: Bench, space: SearchSpace, grid: Sequence[Trial], share: float) -> float:
    """Mean worth of what a grid of a random part of the arms would choose."""
    numbers = np.random.default_rng(0)
    searched = np.array([bench.searched(trial, space.epochs) for trial in grid])
    judged = np.array([bench.judged(trial) for trial in grid])
    size = round(share * len(grid))
    parts = [numbers.choice(len(grid), size, replace=False) for _ in range(SUBSETS)]
    return float(np.mean([judged[part[searched[part].argmax()]] for part in parts]))


def _amount(space: SearchSpace) -> float:
    return SuccessiveHalving().of_candidates(space).epochs


def main() -> None:
    """Print the regret of every strategy on every task set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=4)
    parser.add_argument("--share", type=float, default=0.25)
    parser.add_argument("--epochs", type=int, default=27)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows: dict[str, list[tuple[float, float]]] = {}
    for seed in range(given.sets):
        bench, began = bench_of(seed, given.epochs), time.perf_counter()
        for arm in bench.plan.candidates:
            bench.trained(arm, [bench.plan.draws.of(arm, draw) for draw in range(len(bench.plan.draws))])
        print(f"task set {seed}: a table of {len(bench.curves)} in {time.perf_counter() - began:.0f} s", flush=True)
        for name, pair in of_strategies(bench, given.share).items():
            rows.setdefault(name, []).append(pair)
            print(f"  {name:26} regret {pair[0]:6.2f} points, {pair[1]:.0%} of the epochs", flush=True)
    print(f"{'strategy':26} {'mean regret':>12} {'worst':>7} {'epochs':>7}")
    for name, pairs in rows.items():
        regrets = [regret for regret, _ in pairs]
        share = statistics.mean(share for _, share in pairs)
        print(f"{name:26} {statistics.mean(regrets):12.2f} {max(regrets):7.2f} {share:7.0%}")


if __name__ == "__main__":
    main()
