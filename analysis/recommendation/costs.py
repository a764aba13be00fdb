"""What an option costs: size, arithmetic at prediction, number of networks, and one training with known settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.records.schema import Records
from analysis.records.unshared import SINGLE_TASK


@dataclass(frozen=True)
class Cost:
    """What all tasks together cost.

    Args:
        parameters: number of them.
        multiply_adds: per example at prediction.
        networks: how many separate networks there are.
        seconds: of one training, with hyperparameters known, on the machine that trained the study.
    """

    parameters: float
    multiply_adds: float
    networks: int
    seconds: float

    def over(self, other: Cost) -> tuple[float, float, float]:
        """Return the ratios of parameters, multiply-adds and seconds to those of ``other``; NaN where unknown."""
        pairs = (
            (self.parameters, other.parameters),
            (self.multiply_adds, other.multiply_adds),
            (self.seconds, other.seconds),
        )
        parameters, multiply_adds, seconds = (one / base if base > 0 else math.nan for one, base in pairs)
        return parameters, multiply_adds, seconds

    def plus(self, other: Cost) -> Cost:
        """Return the cost of both together."""
        return Cost(
            self.parameters + other.parameters,
            self.multiply_adds + other.multiply_adds,
            self.networks + other.networks,
            self.seconds + other.seconds,
        )


UNKNOWN = Cost(math.nan, math.nan, 0, math.nan)


def cost_of(records: Records, arm: str | Mapping[str, str], networks: int) -> Cost:
    """Return the cost of an arm, or of one single-task network per task.

    With outer folds what all of them chose may not be what any of them judged; then its search tells how large it is,
    but not how long it trains, since arrays of a search have other sizes.

    Args:
        records: of the study.
        arm: label of the arm, or of a single-task arm for each task.
        networks: how many separate networks the option has.
    """
    rows = records.replicas[records.replicas["status"] == "finished"]
    wanted = arm if isinstance(arm, str) else rows["task"].map(dict(arm))
    trained = rows[rows["arm"] == wanted]
    chosen = trained[trained["phase"].isin(("confirm", "verdict"))]
    rows = trained if chosen.empty else chosen
    if rows.empty:
        return replace(UNKNOWN, networks=networks)
    sizes = rows.groupby("task")[["parameters_total", "multiply_adds"]].mean()  # replicas may have found trees
    seconds = rows.groupby("task")["seconds"].mean()
    together = rows["sharing"].iloc[0] != SINGLE_TASK  # a replica's rows then repeat what all its tasks cost
    parameters, multiply_adds = sizes.max() if together else sizes.sum()
    taken = math.nan if chosen.empty else float(seconds.max() if together else seconds.sum())
    return Cost(float(parameters), float(multiply_adds), networks, taken)


def fraction(ratio: float) -> str:
    """Return a ratio of costs for a sentence: ``1/11``, ``60%`` or ``1.3 ×``."""
    return f"1/{round(1 / ratio)}" if ratio < 0.4 else percentage(ratio)


def percentage(ratio: float) -> str:
    """Return a ratio of costs for a table, whose rows are compared: ``0.8%``, ``9%``, ``60%`` or ``1.3 ×``."""
    if ratio >= 1.05:
        return f"{ratio:.1f} ×"
    return f"{ratio:.0%}" if ratio >= 0.0095 else f"{100 * ratio:.1g}%"
