"""Default studies on generated tables with a known answer: ``python -m tests.truth.generated_tables OUT mild 0 50``.

With ``mild`` and ``harm``, four tasks are one function with noise of their own, and gain 3 to 6 points when all are
shared; ``y_odd`` follows that function in part only, and loses about 6 or about 15.  With ``none``, three tasks are
linear in directions of their own and have nothing to share or to quarrel about.  A run that is there is not made again,
so the command resumes.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.questions import transfer
from analysis.recommendation.decision import NO_DIFFERENCE
from analysis.recommendation.recommend import recommend
from analysis.records.load import load

ODD = "y_odd"
NUM_RELATED, NUM_LINEAR = 4, 3
NUM_RIDGES, NUM_BUMPS = 2, 2
STEEPNESS, RELATED_NOISE, LINEAR_NOISE = 1.5, 1.0, 0.7


@dataclass(frozen=True)
class Kind:
    """What tables of a kind look like.

    Args:
        number: seeds its random numbers, beside the seed of a table.
        num_inputs: columns ``x_*``, standard normal.
        num_rows: fewest and most rows of a table.
        likeness: correlation of the odd task's function with that of the related ones; None without an odd task.
        odd_noise: deviation of the noise of the odd task, whose function has a deviation of 1.
    """

    number: int
    num_inputs: int
    num_rows: tuple[int, int]
    likeness: float | None = None
    odd_noise: float = 0.0


KINDS = {
    "none": Kind(0, 12, (600, 1_000)),
    "harm": Kind(1, 40, (600, 1_000), likeness=0.5, odd_noise=0.5),
    "mild": Kind(2, 40, (1_000, 1_500), likeness=0.93, odd_noise=0.1),
}


def table(kind: str, seed: int) -> pd.DataFrame:
    """Return a table of 600 to 1,500 rows, inputs ``x_*`` and targets ``y_*``, drawn from ``seed``."""
    drawn = KINDS[kind]
    random = np.random.default_rng([seed, drawn.number])
    inputs, directions = _drawn(drawn, random)
    return _rows(drawn, inputs, directions, random, like=inputs)


def fresh_rows(kind: str, seed: int, number: int) -> pd.DataFrame:
    """Return so many other rows of the same functions as :func:`table`, to see how good a network truly is."""
    drawn = KINDS[kind]
    like, directions = _drawn(drawn, np.random.default_rng([seed, drawn.number]))
    random = np.random.default_rng([seed, drawn.number, 1])
    return _rows(drawn, random.standard_normal((number, drawn.num_inputs)), directions, random, like)


def _drawn(kind: Kind, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of a table, and the directions that its functions look along."""
    fewest, most = kind.num_rows
    inputs = random.standard_normal((int(random.integers(fewest, most + 1)), kind.num_inputs))
    return inputs, np.linalg.qr(random.standard_normal((kind.num_inputs, kind.num_inputs)))[0]


def _rows(
    kind: Kind, inputs: np.ndarray, directions: np.ndarray, random: np.random.Generator, like: np.ndarray
) -> pd.DataFrame:
    """Rows with these inputs, of functions that are standardised on the inputs ``like``."""
    if kind.likeness is None:
        targets = _linear(inputs, directions, random)
    else:
        targets = _with_odd(inputs, directions, random, like, kind.likeness, kind.odd_noise)
    return pd.DataFrame({f"x_{place}": column for place, column in enumerate(inputs.T)} | targets).round(5)


def _with_odd(
    inputs: np.ndarray,
    directions: np.ndarray,
    random: np.random.Generator,
    like: np.ndarray,
    likeness: float,
    odd_noise: float,
) -> dict[str, np.ndarray]:
    ridges, bumps = (
        (function(inputs, directions) - function(like, directions).mean()) / function(like, directions).std()
        for function in (_ridges, _bumps)
    )
    noise = random.standard_normal((len(inputs), NUM_RELATED + 1))
    related = {f"y_{place}": ridges + RELATED_NOISE * noise[:, place] for place in range(NUM_RELATED)}
    odd = likeness * ridges + math.sqrt(1 - likeness**2) * bumps + odd_noise * noise[:, -1]
    return related | {ODD: odd}


def _linear(inputs: np.ndarray, directions: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
    noise = random.standard_normal((len(inputs), NUM_LINEAR))
    return {f"y_{place}": inputs @ directions[:, place] + LINEAR_NOISE * noise[:, place] for place in range(NUM_LINEAR)}


def _ridges(inputs: np.ndarray, directions: np.ndarray) -> np.ndarray:
    return np.tanh(STEEPNESS * inputs @ directions[:, :NUM_RIDGES]).sum(1)


def _bumps(inputs: np.ndarray, directions: np.ndarray) -> np.ndarray:
    return np.tanh((inputs @ directions[:, -NUM_BUMPS:]) ** 2).sum(1)


@dataclass(frozen=True)
class Answer:
    """What a study ended in.

    Args:
        decision: as in :class:`analysis.recommendation.recommend.Recommendation`.
        alone: tasks that are to be trained alone.
        gain: of the recommended option, mean over tasks, with its interval; NaN where tasks are to be trained alone.
        harm: of ``y_odd`` under the chosen arm, which shares it, with its interval; NaN without such a task.
    """

    decision: str
    alone: tuple[str, ...]
    gain: tuple[float, float, float]
    harm: tuple[float, float, float]


UNKNOWN = (math.nan, math.nan, math.nan)


def answer(out: Path) -> Answer:
    """Return what the study in ``out`` ended in."""
    run = load(out)
    card, rows = recommend(run), transfer.table(transfer.score(run))
    option = card.choice
    odd = rows[(rows["task"] == ODD) & (rows["baseline"] == "each") & (rows["role"] != "candidate")]
    return Answer(
        card.decision,
        tuple(card.alone),
        UNKNOWN if option is None else (option.gain, option.low, option.high),
        UNKNOWN if odd.empty else tuple(odd.iloc[0][["gain", "low", "high"]]),
    )


def is_right(kind: str, found: Answer) -> bool:
    """Return whether the gain and the harmed task were found, or, where there is nothing to find, none was claimed."""
    if KINDS[kind].likeness is None:
        return found.decision == NO_DIFFERENCE
    return found.alone == (ODD,) and found.gain[1] > 0


def study(directory: Path, kind: str, seed: int) -> Path:
    """Run the default study on the table of ``seed``, in a process of its own, and return its run directory."""
    out = directory / f"{kind}-{seed:02d}"
    if (out / "report.html").exists():
        return out
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"{kind}-{seed:02d}.csv"
    if not file.exists():
        table(kind, seed).to_csv(file, index=False)
    command = ["-m", "study", "run", str(file), "--targets", "y_*", "--backend", "inline", "--out", str(out)]
    subprocess.run(
        [sys.executable, *command], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True
    )
    return out


def main() -> None:
    """Run the studies that the arguments name, and print what each ended in."""
    directory, kind, first, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    for seed in range(first, last):
        found = answer(study(directory, kind, seed))
        gain, harm = (" [".join((f"{m:+.1f}", f"{low:.1f}, {high:.1f}]")) for m, low, high in (found.gain, found.harm))
        verdict = "right" if is_right(kind, found) else "WRONG"
        print(f"{kind} {seed:2d} {verdict}: {found.decision}, {found.alone}, mean {gain}, odd {harm}", flush=True)


if __name__ == "__main__":
    main()
