"""Default studies on generated tables with a known answer: ``python -m tests.truth.generated_tables OUT harm 0 15``.

With ``harm``, four tasks are one function with noise of their own, and gain 4 to 6 points when all are shared at width
16 (first study made); ``y_odd``, which follows that function in part only, loses about 10.  With ``none``, three tasks
are linear in directions of their own and have nothing to share or to quarrel about.  A run that is there already is not
made again, so the command resumes.
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
NUM_INPUTS = {"harm": 40, "none": 12}
NUM_RELATED, NUM_LINEAR = 4, 3
NUM_RIDGES, NUM_BUMPS, LIKENESS = 2, 2, 0.5
STEEPNESS, RELATED_NOISE, ODD_NOISE, LINEAR_NOISE = 1.5, 1.0, 0.5, 0.7
FEWEST_ROWS, MOST_ROWS = 600, 1_000


def table(kind: str, seed: int) -> pd.DataFrame:
    """Return a table of 600 to 1,000 rows, inputs ``x_*`` and targets ``y_*``, drawn from ``seed``."""
    random = np.random.default_rng([seed, kind == "harm"])
    inputs, directions = _drawn(kind, random)
    return _rows(kind, inputs, directions, random, like=inputs)


def fresh_rows(kind: str, seed: int, number: int) -> pd.DataFrame:
    """Return so many other rows of the same functions as :func:`table`, to see how good a network truly is."""
    like, directions = _drawn(kind, np.random.default_rng([seed, kind == "harm"]))
    random = np.random.default_rng([seed, kind == "harm", 1])
    return _rows(kind, random.standard_normal((number, NUM_INPUTS[kind])), directions, random, like)


def _drawn(kind: str, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of a table, and the directions that its functions look along."""
    size = NUM_INPUTS[kind]
    inputs = random.standard_normal((int(random.integers(FEWEST_ROWS, MOST_ROWS + 1)), size))
    return inputs, np.linalg.qr(random.standard_normal((size, size)))[0]


def _rows(
    kind: str, inputs: np.ndarray, directions: np.ndarray, random: np.random.Generator, like: np.ndarray
) -> pd.DataFrame:
    """Rows with these inputs, of functions that are standardised on the inputs ``like``."""
    targets = _with_harm(inputs, directions, random, like) if kind == "harm" else _linear(inputs, directions, random)
    return pd.DataFrame({f"x_{place}": column for place, column in enumerate(inputs.T)} | targets).round(5)


def _with_harm(
    inputs: np.ndarray, directions: np.ndarray, random: np.random.Generator, like: np.ndarray
) -> dict[str, np.ndarray]:
    ridges, bumps = (
        (function(inputs, directions) - function(like, directions).mean()) / function(like, directions).std()
        for function in (_ridges, _bumps)
    )
    noise = random.standard_normal((len(inputs), NUM_RELATED + 1))
    related = {f"y_{place}": ridges + RELATED_NOISE * noise[:, place] for place in range(NUM_RELATED)}
    odd = LIKENESS * ridges + math.sqrt(1 - LIKENESS**2) * bumps + ODD_NOISE * noise[:, -1]
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
    if kind == "harm":
        return found.alone == (ODD,) and found.gain[1] > 0
    return found.decision == NO_DIFFERENCE


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
