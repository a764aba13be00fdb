"""Does any weighting method beat equal weights?  Every way to weigh beside the others, on paired seeds.

A *method* here is everything that says how tasks are weighed: the rule, its scale, and what its gradients are taken
of.  Each is compared with ``equal`` in arms that are alike in all else, and the differences of its arms are averaged.

All are measured from one zero, ``equal`` at scale ``matched``.  Scale is a matter of step size, which every arm tunes
with its learning rate, so ``equal`` at scale ``native`` is no other method: where it was run it stands in the ranking,
as what another step size and the luck of the draws are worth by themselves.  A method *beats equal weights* only if it
beats them at every scale that they were run at.

What no interval holds: ``equal`` has one draw of the hyperparameters, chosen in the search, and if that choice was
unlucky every method gains by it.  The table says which methods were given the same draw.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from analysis.formatting import agree, listing, number_of, points, with_interval
from analysis.plots import ranking, style
from analysis.questions._ranked import behind_columns, mean_gains, places
from analysis.records.frames import each, groups
from analysis.records.schema import FACTOR_COLUMNS, Records
from analysis.records.unshared import SINGLE_TASK
from analysis.statistics.outcomes import LOOP, outcomes, setting
from analysis.statistics.over_settings import mean_over_settings
from analysis.statistics.paired_gains import MEAN, TASK, differences, gain_columns, gain_of
from analysis.statistics.verdicts import HELPED, verdict

NUMBER, NAME = 6, "Weighting"

EQUAL, REFERENCE_SCALE = "equal", "matched"
WEIGHING = ["weighting", "scale", "gradients", "gramian_rows"]
"""The factors that together say how tasks are weighed."""
OTHERS = [factor for factor in FACTOR_COLUMNS if factor not in WEIGHING]
GAIN, OTHER_SCALE, BEHIND = "gain", "over equal at another scale", "behind"


def score(records: Records) -> pd.DataFrame:
    """Return gain over equal weights, and over the best method, per method, task and seed; empty without a rival."""
    scored = outcomes(records)
    scored = scored[(scored["phase"] == "confirm") & ~scored["sharing"].isin((SINGLE_TASK, LOOP))]
    if scored["weighting"].nunique() < 2 or EQUAL not in set(scored["weighting"]):
        return pd.DataFrame()
    arms = scored.drop_duplicates("arm")[["arm", *FACTOR_COLUMNS]]
    arms = arms.assign(method=names(arms))
    equal = arms[arms["weighting"] == EQUAL].sort_values("scale", key=lambda scales: scales != REFERENCE_SCALE)
    zero = equal["method"].iloc[0]
    gains = _compared(records, scored, arms, zero).assign(quantity=GAIN)
    if gains.empty:
        return pd.DataFrame()
    means = gains[gains["scope"] == MEAN].groupby("method", sort=False)["gain"].mean()
    others = [_compared(records, scored, arms, name) for name in equal["method"].unique() if name != zero]
    parts = [gains, *(part.assign(quantity=OTHER_SCALE) for part in others)]
    if means.max() > 0:
        parts.append(_compared(records, scored, arms, str(means.idxmax())).assign(quantity=BEHIND))
    else:
        parts.append(gains.assign(quantity=BEHIND))  # nothing is better than the zero itself
    levels = arms.drop_duplicates("method")[["method", *WEIGHING]].merge(_unconverged(records, arms), on="method")
    frame = pd.concat(parts, ignore_index=True).merge(levels, on="method")
    common = setting(records)
    return frame.assign(band=common.band, level_divisor=common.level_divisor, family=len(means), zero=zero)


def names(arms: pd.DataFrame) -> pd.Series:
    """Return the method's name of each arm: its rule, and what differs from equal weights at scale ``matched``."""
    return arms[WEIGHING].apply(_name, axis=1)


def _name(arm: pd.Series) -> str:
    scale = "" if arm["scale"] == REFERENCE_SCALE else f" {arm['scale']}"
    elsewhere = pd.notna(arm["gradients"]) and arm["gradients"] != "parameters"
    place = f" at the {arm['gradients'].replace('_', ' ')}" if elsewhere else ""
    rows = f" on {int(arm['gramian_rows'])} rows" if pd.notna(arm["gramian_rows"]) else ""
    return f"{arm['weighting']}{scale}{place}{rows}"


def _compared(records: Records, scored: pd.DataFrame, arms: pd.DataFrame, against: str) -> pd.DataFrame:
    """Return the gain of all other methods over ``against``, averaged over the arms that are alike in all else."""
    pairs = arms[arms["method"] != against].merge(arms[arms["method"] == against], on=OTHERS, suffixes=("", "_against"))
    common, draw = setting(records), _draws(records)
    parts = [
        differences(scored, pair.arm, pair.arm_against, "confirm", common).assign(
            method=pair.method, arm=pair.arm, same_draw=draw[pair.arm] == draw[pair.arm_against]
        )
        for pair in each(pairs)
    ]
    if not parts:
        return pd.DataFrame()
    return mean_over_settings(
        pd.concat(parts, ignore_index=True),
        ["method", "scope", "task"],
        arms=("arm", "nunique"),
        same_draw=("same_draw", "mean"),
    )


def _draws(records: Records) -> dict[str, int]:
    """Return the draw that the search chose for each arm."""
    rows = records.replicas[records.replicas["phase"] == "confirm"].drop_duplicates("arm")
    return dict(zip(rows["arm"], rows["draw"], strict=True))


def _unconverged(records: Records, arms: pd.DataFrame) -> pd.DataFrame:
    """Return the share of a method's replicas whose solver did not converge in some step; NaN: it has no solver."""
    rows = records.replicas[records.replicas["phase"] == "confirm"].drop_duplicates("replica")
    rows = rows[["arm", "unconverged"]].merge(arms[["arm", "method"]], on="arm")
    share = (rows["unconverged"] > 0).astype(float).where(rows["unconverged"].notna())
    return share.groupby(rows["method"]).mean().rename("unconverged").reset_index()


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method and task (or mean over tasks), best mean first: gain over equal weights with intervals.

    On the mean, ``beats_equal`` says that the simultaneous interval lies above zero, at every scale of ``equal``;
    ``behind`` is the paired difference to the best (equal weights, if nothing is better) and ``separable`` says that
    its interval, simultaneous over all methods, lies below zero.  ``mean_rank`` is over tasks and seeds, equal
    weights among the ranked; ``same_draw`` is the share of arms that were given the draw that equal weights have.
    """
    over_other, behind = (
        mean_gains(scores, quantity, rival="method", family="family") for quantity in (OTHER_SCALE, BEHIND)
    )
    ranks = _mean_ranks(scores)
    keys = ["method", *WEIGHING, "scope", "task", "band", "level_divisor", "family", "zero", "unconverged"]
    rows = []
    for facts, group in groups(scores[scores["quantity"] == GAIN], keys):
        gain = gain_of(group, family=facts["family"], level_divisor=facts["level_divisor"])
        method = str(facts["method"])
        judged = facts["scope"] == MEAN and facts["weighting"] != EQUAL
        over = [gain, over_other[method]] if method in over_other else [gain]
        rows.append(
            facts
            | {"arms": int(group["arms"].max()), "mean_rank": ranks[method], "same_draw": group["same_draw"].mean()}
            | gain_columns(gain)
            | {"beats_equal": judged and all(verdict(difference, 0.0) == HELPED for difference in over)}
            | behind_columns(behind.get(method))
        )
    frame = pd.DataFrame(rows)
    frame = frame.assign(rank=places(frame, "method"))
    return frame.sort_values("rank", kind="stable").reset_index(drop=True)


def _mean_ranks(scores: pd.DataFrame) -> dict[str, float]:
    tasks = scores[(scores["quantity"] == GAIN) & (scores["scope"] == TASK)]
    wide = tasks.pivot_table(index=["task", "seed"], columns="method", values="gain").assign(**{"": 0.0})
    return {str(method): rank for method, rank in wide.rank(axis=1, ascending=False).mean().items()}


def finding(rows: pd.DataFrame) -> str:
    """Return a sentence: which methods beat equal weights on the mean of tasks, by their simultaneous intervals."""
    means = rows[rows["scope"] == MEAN]
    better = list(means.loc[means["beats_equal"], "method"])
    if better:
        beat = agree(len(better), "beats", "beat")
        return f"On the mean of tasks {listing(better, noun='methods')} {beat} equal weights."
    names = listing(list(means.loc[means["weighting"] != EQUAL, "method"]), noun="methods")
    return f"No weighting method ({names}) was found to beat equal weights on the mean of tasks."


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: whether equal weights are beaten, and by how much at best."""
    means = rows[rows["scope"] == MEAN]
    better, rivals = means[means["beats_equal"]], int((means["weighting"] != EQUAL).sum())
    if better.empty:
        return f"No way to weigh ({rivals} tried) was found to beat equal weights"
    first = better.iloc[0]
    return (
        f"{first['method']} beats equal weights by {points(first['gain'], sign=False)} points; "
        f"{len(better)} of {number_of(rivals, 'way')} to weigh {agree(len(better), 'does', 'do')}"
    )


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    means = rows[rows["scope"] == MEAN]
    zero, first = str(rows["zero"].iloc[0]), means.iloc[0]
    averaged = f", averaged over {means['arms'].max()} arms of a method" if means["arms"].max() > 1 else ""
    twice = EQUAL in set(means["weighting"])
    other = f"; {EQUAL} at another scale is ranked as well, and must be beaten as well" if twice else ""
    best, same = first["method"] if first["gain"] > 0 else zero, (means["same_draw"] == 1).sum()
    return (
        f"{finding(rows)} Gain in test skill over {zero} weights at the same depth and width, in points{averaged}"
        f"{other}. Mean over tasks with its 95% interval (thick) and one simultaneous over "
        f"{number_of(rows['family'].iloc[0], 'method')} (thin), of seeds and test examples; n = {means['n'].max()} "
        "confirm seeds, paired, no interval below 5; small marks: single tasks. Filled: not separable from the best, "
        f"{best} (paired, simultaneous). The same draws for all, selected like epochs on validation skill; {zero} took "
        f"one that {int(same)} of {number_of(len(means), 'method')} took, and what luck that choice had is in no "
        "interval. Exploratory."
    )


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per method, best first: its mean gain."""
    means = rows[rows["scope"] == MEAN]
    return [f"{row.method}: {with_interval(row.gain, row.low, row.high)}" for row in each(means)]


def figure(rows: pd.DataFrame) -> Figure:
    """Draw one line per method, best first."""
    return ranking.draw(
        rows,
        title(rows),
        rival="method",
        over=f"{rows['zero'].iloc[0]} weights",
        highlight=ranking.Highlight("beats_equal", style.BLUE, "^", "beats equal weights"),
        name=lambda mean: mean.method,
    )
