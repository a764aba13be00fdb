"""Faults of what trains and scores: the fake engine, with something in its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.training import trainer
from tests.faults.acts import note
from tests.study import fake_engine


@dataclass(frozen=True)
class Failing:
    """Training raises an error for the replicas that ``chosen`` names.

    Args:
        out: the run directory.
        chosen: called with the recipe and the rows; whether training them fails.
        error: makes what is raised.
        times: at most so many failures in a session; ``None``: all.
    """

    out: Path
    chosen: Callable[[Any, Any], bool]
    error: Callable[[], BaseException]
    times: int | None = None

    def __call__(self) -> None:
        left = [self.times]

        def fit(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
            if left[0] != 0 and self.chosen(recipe, rows):
                left[0] = None if left[0] is None else left[0] - 1
                note(self.out, "training")
                raise self.error()
            return fake_engine.fit(recipe, development, rows, **options)

        trainer.fit = fit
