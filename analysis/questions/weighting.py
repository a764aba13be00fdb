"""Does any weighting method beat equal weights?  Paired with ``equal`` at the same depth and width, then averaged."""

from __future__ import annotations

import pandas as pd

from analysis.gains import differences, gain_columns, gain_of, outcomes, setting
from analysis.records import FACTOR_COLUMNS, Records
from analysis.rows import each, groups
from analysis.statistics import verdict
from analysis.wording import listing

NUMBER, NAME = 6, "Weighting"

WEIGHED = ("weighting", "scale", "gradients", "gramian_rows")
OTHERS = [factor for factor in FACTOR_COLUMNS if factor not in WEIGHED]


def score(records: Records) -> pd.DataFrame:
    """Gain over equal weights per method, task and seed, averaged over the arms both were confirmed in."""
    scored = outcomes(records)
    scored = scored[(scored["phase"] == "confirm") & ~scored["sharing"].isin(("single_task", "independent"))]
    if scored["weighting"].nunique() < 2 or "equal" not in set(scored["weighting"]):
        return pd.DataFrame()
    arms = scored.drop_duplicates("arm")[["arm", "scale", "weighting", *OTHERS]]
    equal = arms[arms["weighting"] == "equal"].drop_duplicates(OTHERS)
    pairs = arms[arms["weighting"] != "equal"].merge(equal, on=OTHERS, suffixes=("", "_equal"))
    common = setting(records)
    parts = [
        differences(scored, pair.arm, pair.arm_equal, "confirm", common).assign(weighting=pair.weighting, arm=pair.arm)
        for pair in each(pairs)
    ]
    if not parts:
        return pd.DataFrame()
    frame = pd.concat(parts, ignore_index=True)
    averaged = frame.groupby(["weighting", "scope", "task", "seed"], sort=False, as_index=False).agg(
        gain=("gain", "mean"),
        test_variance=("test_variance", "max"),
        test_degrees=("test_degrees", "min"),
        arms=("arm", "nunique"),
    )
    methods = averaged["weighting"].nunique()
    return averaged.assign(band=common.band, looks=common.looks, family=methods)


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per method and task (or mean over tasks): gain over equal weights; ``reading`` only for the mean."""
    keys = ["weighting", "scope", "task", "band", "looks", "family"]
    rows = []
    for facts, group in groups(scores, keys):
        gain = gain_of(group, family=facts["family"], looks=facts["looks"])
        reading = verdict(gain, 0.0) if facts["scope"] == "mean" else ""
        rows.append(
            facts | {"arms": int(group["arms"].max())} | gain_columns(gain) | {"beats_equal": reading == "helped"}
        )
    return pd.DataFrame(rows)


def finding(rows: pd.DataFrame) -> str:
    """Which methods beat equal weights on average over tasks, as far as their simultaneous intervals say so."""
    better = list(rows.loc[rows["beats_equal"], "weighting"])
    methods = list(dict.fromkeys(rows["weighting"]))
    if better:
        return f"On the mean of tasks {listing(better, noun='methods')} beat{'s' * (len(better) == 1)} equal weights."
    names = listing(methods, noun="methods")
    return f"No weighting method ({names}) was found to beat equal weights on the mean of tasks."


def caption(rows: pd.DataFrame) -> str:
    """What the table holds, and on what it rests."""
    return (
        f"{finding(rows)} Gain in test skill over equal weights at the same depth and width, in points, averaged "
        f"over the arms of a method; n = {rows['n'].max()} confirm seeds, paired; 95% intervals and simultaneous "
        f"ones for {rows['family'].iloc[0]} methods (seeds and test examples; the larger test part of the averaged "
        "arms). Exploratory. Every method tuned with the same draws; selection on validation skill."
    )
