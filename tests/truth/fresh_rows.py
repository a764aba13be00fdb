"""What gains of finished studies on generated tables truly are: ``python -m tests.truth.fresh_rows OUT harm 0 15``.

Every network that a verdict was based on is tried on 20,000 rows that nobody has seen, of the same functions as its
table.  The mean over networks is the gain that the study's interval is to hold.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.questions import transfer
from analysis.recommendation.recommend import recommend
from analysis.records.load import load
from mtl_core.network.portable.model import Predictor
from study.driver.export.write import export
from tests.truth import generated_tables
from tests.truth.generated_tables import ODD, answer, fresh_rows

NUM_ROWS = 20_000
MEAN, CHOSEN = "mean", "chosen"
HARM = 3.0
"""Points that a task must truly lose for its harm to matter: half of what a study is asked to find."""


@dataclass(frozen=True)
class Held:
    """A gain in points, with its interval, and what it truly is.

    Args:
        what: the task, or ``mean``.
        gain: as the study has it.
        low: end of the 95% interval.
        high: the other end.
        truth: on fresh rows.
    """

    what: str
    gain: float
    low: float
    high: float
    truth: float

    @property
    def is_covered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


def skills(run: Path, option: str, rows: pd.DataFrame) -> dict[str, float]:
    """Return the mean skill in points of an option's verdict networks on ``rows``, by task."""
    with tempfile.TemporaryDirectory() as folder:
        predictor = Predictor.load(export(run, Path(folder) / "model", option=option))
    outputs = predictor.outputs(predictor.encode(rows))
    return {task: 100 * _skill(found.double().numpy(), rows[task].to_numpy()) for task, found in outputs.items()}


def _skill(predicted: np.ndarray, true: np.ndarray) -> float:
    """Mean over networks ``[m, n]`` of 1 − error over variance."""
    return float(1 - np.square(predicted.reshape(-1, len(true)) - true).mean() / true.var())


def held(run: Path, rows: pd.DataFrame) -> list[Held]:
    """Return the gains of the chosen arm over training each task alone, and what they truly are."""
    records = load(run)
    chosen = next(option for option in recommend(records).options if option.kind == CHOSEN)
    shared, alone = (skills(run, option, rows) for option in (CHOSEN, "alone"))
    truth = {task: shared[task] - alone[task] for task in shared}
    truth[MEAN] = float(np.mean(list(truth.values())))
    table = transfer.table(transfer.score(records))
    own = table[(table["baseline"] == "each") & (table["arm"] == chosen.arm) & table["scope"].isin(["task", MEAN])]
    return [Held(row.task or MEAN, row.gain, row.low, row.high, truth[row.task or MEAN]) for row in own.itertuples()]


def is_right(alone: tuple[str, ...], gains: Sequence[Held]) -> bool:
    """Return whether a harm of ``y_odd`` that matters was found, and none claimed where there is a gain.

    Between the two, where sharing costs it less than 3 points, both answers are right.
    """
    truth = next(one.truth for one in gains if one.what == ODD)
    return alone == (ODD,) if truth < -HARM else not alone if truth > 0 else alone in ((), (ODD,))


def main() -> None:
    """Print the gains of the studies that the arguments name, and how many intervals hold the truth."""
    directory, kind, first, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    found: list[Held] = []
    right = 0
    for seed in range(first, last):
        run = directory / f"{kind}-{seed:02d}"
        gains, said = held(run, fresh_rows(kind, seed, NUM_ROWS)), answer(run)
        found += gains
        is_true = generated_tables.is_right(kind, said) if kind == "none" else is_right(said.alone, gains)
        right += is_true
        texts = (f"{one.what} {one.gain:+.1f} [{one.low:.1f}, {one.high:.1f}] truly {one.truth:+.1f}" for one in gains)
        print(f"{kind} {seed:2d} {'right' if is_true else 'WRONG'}: {'; '.join(texts)}", flush=True)
    print(f"right: {right} of {last - first}")
    for name, part in {
        "tasks": [one for one in found if one.what != MEAN],
        "means": [one for one in found if one.what == MEAN],
    }.items():
        print(f"{name}: {sum(one.is_covered for one in part)} of {len(part)} intervals hold the truth")


if __name__ == "__main__":
    main()
