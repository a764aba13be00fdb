"""The ranking over task sets: each method's mean gain, how far it is behind the best, and where it is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.records.frames import each
from analysis.records.load_suite import SuiteRecords
from analysis.records.schema import Records
from analysis.records.study_state import state_of
from analysis.statistics.intervals import Ends, Gain
from analysis.statistics.outcomes import Setting, outcomes, setting
from analysis.statistics.over_settings import mean_over_settings
from analysis.statistics.over_task_sets import over_sets
from analysis.statistics.paired_gains import MEAN, differences, gain_of
from analysis.suite.contests import Contest
from analysis.suite.unranked import why_missing


@dataclass(frozen=True)
class Ranking:
    """Ranking of the methods of one contest over the task sets of a suite.

    Args:
        contest: the contest that is ranked.
        sets: names of the studies that take part: they have ended, and rank at least two methods.
        left_out: why each other study does not.
        means: one row per method, best first, those that are not ranked last: ``method, rank, gain, low, high,
            half_width, n_sets, degrees, mean_rank, behind, behind_half, separable, reason`` and the contest's identity;
            ``separable``: the paired difference to the best lies below zero, simultaneously over all its rivals;
            ``reason``: why the method is not ranked.
        cells: one row per method and set: ``method, task_set, arms, width, gain, low, high, half_width, n, rank,
            reason``.
        band: half-width of the band of no practical difference; NaN where the studies differ in it.
        capacities: widths of the references that the arms are as large as.
        matched: whether widths were matched to that.
        reference: the method whose gain is 0 because all others' is over it; empty where none takes part.
    """

    contest: Contest
    sets: list[str]
    left_out: dict[str, str]
    means: pd.DataFrame
    cells: pd.DataFrame
    band: float
    capacities: list[int]
    matched: bool
    reference: str

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """Rows of the methods that took part in every set, best first."""
        return self.means[self.means["reason"] == ""]

    @property
    def seeds(self) -> tuple[int, int]:
        """Fewest and most paired seeds of any gain."""
        seeds = self.cells.loc[self.cells["n"] > 0, "n"]
        return int(seeds.min()), int(seeds.max())


class _Set:
    """One study in a contest: gains and differences of its methods, averaged over the settings of a method."""

    def __init__(self, records: Records, contest: Contest) -> None:
        scored = outcomes(records)
        self.scored = scored[scored["phase"] == "confirm"]
        self.common: Setting = setting(records)
        self.records = records
        self.entries = contest.entries(records, self.scored)

    def gain(self, method: str) -> Gain:
        """Over what the contest compares with."""
        own = self.entries[self.entries["method"] == method]
        return self._mean((row.arm, row.against) for row in each(own))

    def behind(self, method: str, best: str) -> Gain:
        """Paired, in the settings of both."""
        rival = self.entries[self.entries["method"] == best].set_index("setting")["arm"].to_dict()
        own = self.entries[(self.entries["method"] == method) & self.entries["setting"].isin(list(rival))]
        return self._mean((row.arm, rival[row.setting]) for row in each(own))

    def _mean(self, pairs: Iterable[tuple[str, str]]) -> Gain:
        """Of several settings: the mean per seed, with the larger test part; as the question ``weighting`` has it."""
        parts = [differences(self.scored, arm, against, "confirm", self.common) for arm, against in pairs]
        rows = pd.concat([part[part["scope"] == MEAN] for part in parts if len(part)] or [pd.DataFrame()])
        if rows.empty:
            return Gain(np.nan, 0, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan)
        return gain_of(mean_over_settings(rows), level_divisor=self.common.level_divisor)


def rank(suite: SuiteRecords, contest: Contest) -> Ranking | None:
    """Return the ranking of ``contest``; ``None`` where no study has ended that asks for it."""
    sets, left_out = _taking_part(suite, contest)
    if not sets:
        return None
    entries = pd.concat([found.entries for found in sets.values()], keys=list(sets), names=["task_set", None])
    entries = entries.reset_index("task_set").reset_index(drop=True)
    entries["method"] = contest.names(entries)
    for name, found in sets.items():
        found.entries = entries[entries["task_set"] == name]
    gains = {
        (method, name): found.gain(method)
        for method in dict.fromkeys(entries["method"])
        for name, found in sets.items()
    }
    level_divisor = max(found.common.level_divisor for found in sets.values())
    zeros = list(entries.loc[entries["arm"] == entries["against"], "method"])
    reference = zeros[0] if zeros else ""
    means = _means(contest, sets, entries, gains, level_divisor, reference)
    bands = {found.common.band for found in sets.values()}
    return Ranking(
        contest, list(sets), left_out, means, _cells(contest, sets, entries, gains, means, reference),
        bands.pop() if len(bands) == 1 else np.nan, sorted({int(width) for width in entries["capacity"]}),
        bool((entries["width"] != entries["capacity"]).any()), reference,
    )  # fmt: skip


def _taking_part(suite: SuiteRecords, contest: Contest) -> tuple[dict[str, _Set], dict[str, str]]:
    sets: dict[str, _Set] = {}
    left_out: dict[str, str] = {}
    for name, records in suite.studies.items():
        if records is None or state_of(records).phase is not None:
            without = records is not None and state_of(records).ended is not None
            left_out[name] = "has no answer" if without else "has not begun" if records is None else "has not ended"
            continue
        found = _Set(records, contest)
        if found.entries.empty:
            left_out[name] = f"compares no {contest.noun}"
        else:
            sets[name] = found
    return sets, left_out


def _means(
    contest: Contest,
    sets: Mapping[str, _Set],
    entries: pd.DataFrame,
    gains: Mapping[tuple[str, str], Gain],
    level_divisor: int,
    reference: str,
) -> pd.DataFrame:
    facts = entries.drop_duplicates("method").set_index("method")[list(contest.identity)]
    whole = [method for method in facts.index if all(np.isfinite(gains[method, name].mean) for name in sets)]
    ranks = pd.DataFrame(
        {name: pd.Series({method: gains[method, name].mean for method in whole}).rank(ascending=False) for name in sets}
    )
    order = sorted(whole, key=lambda method: -np.mean([gains[method, name].mean for name in sets]))
    rows = []
    for place, method in enumerate(order, start=1):
        mean = over_sets([gains[method, name] for name in sets], level_divisor=level_divisor)
        row = {"method": method, "rank": place, "gain": mean.mean, **_interval(mean, method == reference)}
        row |= {"n_sets": mean.num_sets, "degrees": mean.degrees}
        row |= {"mean_rank": float(ranks.loc[method].mean()), "behind": 0.0, "behind_half": np.nan, "separable": False}
        if method != order[0]:
            behind = over_sets(
                [found.behind(method, order[0]) for found in sets.values()],
                family=len(order) - 1,
                level_divisor=level_divisor,
            )
            row |= {"behind": behind.mean, "behind_half": behind.half_simultaneous}
            row |= {"separable": bool(behind.simultaneous[1] < 0)}
        rows.append(row | {"reason": ""})
    for method in facts.index.difference(whole, sort=False):
        lost = [name for name in sets if not np.isfinite(gains[method, name].mean)]
        why = [f"{name}: {why_missing(sets[name].records, facts.loc[method].to_dict())}" for name in lost]
        rows.append({"method": method, "n_sets": len(sets) - len(lost), "separable": False, "reason": "; ".join(why)})
    return pd.DataFrame(rows).join(facts, on="method")


def _interval(gain: Ends, is_reference: bool) -> dict[str, float]:
    """The 95% interval as columns; none of the reference, whose gain is 0 by definition and not by luck."""
    low, high = (np.nan, np.nan) if is_reference else gain.ends
    return {"low": low, "high": high, "half_width": np.nan if is_reference else gain.half_width}


def _cells(
    contest: Contest,
    sets: Mapping[str, _Set],
    entries: pd.DataFrame,
    gains: Mapping[tuple[str, str], Gain],
    means: pd.DataFrame,
    reference: str,
) -> pd.DataFrame:
    ranked = list(means.loc[means["reason"] == "", "method"])
    rows = []
    for name, found in sets.items():
        places = pd.Series({method: gains[method, name].mean for method in ranked}, dtype=float).rank(ascending=False)
        for mean in each(means):
            gain, own = (
                gains[mean.method, name],
                entries[(entries["method"] == mean.method) & (entries["task_set"] == name)],
            )
            there = bool(np.isfinite(gain.mean))
            identity = {column: getattr(mean, column) for column in contest.identity}
            rows.append(
                {
                    "method": mean.method,
                    "task_set": name,
                    **identity,
                    "arms": len(own),
                    "width": own["width"].iloc[0] if own["width"].nunique() == 1 else np.nan,
                    "gain": gain.mean,
                    **_interval(gain, mean.method == reference),
                    "n": gain.n,
                    "rank": places.get(mean.method, np.nan),
                    "reason": "" if there else why_missing(found.records, identity),
                }
            )
    return pd.DataFrame(rows)
