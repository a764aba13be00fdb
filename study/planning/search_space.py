"""What a search strategy may choose from: the arms of a study, their draws, and how many epochs there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.planning.arm import Arm
from study.planning.draws import Draws


@dataclass(frozen=True)
class SearchSpace:
    """The arms and draws among which a study searches.

    Args:
        tasks: names, in order.
        candidates: arms that the factors make.
        baselines: their single-task and independent arms.
        references: candidates that are always searched, since the verdict may judge them.
        draws: values of the tuning hyperparameters.
        rungs: numbers of epochs after which trials are stopped, and the number of all.
        trials: how many arms, or arms with their hyperparameters, the study file lets a strategy try; ``None``: it has
            no word on that.
        reduction_factor: one in so many trials goes on at a rung.
        known: arms with the hyperparameters that an earlier run has selected for them, which are tried first.
        directory: of the run, for what a strategy keeps; only a plan without a run has none.
        goes_on: says, by the number of trials so far, whether a budget allows more of what a strategy proposes.
    """

    tasks: tuple[str, ...]
    candidates: tuple[Arm, ...]
    baselines: tuple[Arm, ...]
    references: tuple[Arm, ...]
    draws: Draws
    rungs: tuple[int, ...]
    trials: int | None = None
    reduction_factor: int = 3
    known: Sequence[tuple[Arm, dict[str, Any]]] = ()
    directory: Path = Path()
    goes_on: Callable[[int], bool] = lambda tried: True

    @property
    def open_candidates(self) -> tuple[Arm, ...]:
        """The candidates that are searched only if a strategy chooses them."""
        return tuple(arm for arm in self.candidates if arm not in self.references)

    @property
    def always(self) -> tuple[Arm, ...]:
        """The arms that are searched whatever a strategy chooses: baselines, and the references beside them."""
        return self.baselines + self.references

    @property
    def epochs(self) -> int:
        """Number of epochs that a replica trains which is not stopped."""
        return self.rungs[-1]

    def most_trials(self, default: int) -> int:
        """Return how many trials there are at most, by the study file or else by ``default``."""
        return max(self.trials or default, 1)

    def halved_epochs(self) -> float:
        """Return the epochs of all draws of an arm together, where at every rung the worse half stops."""
        return survivors_epochs(len(self.draws), self.rungs, 2)


def survivors_epochs(trials: int, rungs: Sequence[int], factor: int) -> float:
    """Return the epochs of ``trials`` together, of which at every rung one in ``factor`` goes on, rounded up."""
    total, before, left = 0.0, 0, trials
    for rung in rungs:
        total += left * (rung - before)
        before, left = rung, -(-left // factor)
    return total
