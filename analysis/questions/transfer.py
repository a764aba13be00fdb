"""What does each task win or lose by sharing, against four baselines, on fresh seeds?

The judged arms are the recommended one and the references fixed beforehand.  Against ``each`` (the tuned single-task
network of the same width) a task gets a verdict; ``loop`` decides whether sharing is to blame; ``total`` and ``best``
put it in proportion and get no verdict word.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import style
from analysis.gains import MEAN, TASK, best_single, differences, gain_columns, gain_of, outcomes, setting
from analysis.records import Records
from analysis.statistics import (
    ALPHA,
    HELPED,
    HURT,
    HURT_BY_SHARING,
    MIN_SEEDS,
    TIE,
    TUNED_ALONE,
    UNDECIDED,
    attributed,
    more_seeds,
    remedy,
    verdict,
)
from analysis.wording import interval, listing, points, shared_stages

NUMBER, NAME = 1, "Who gains and who pays"

BASELINES = ("each", "loop", "total", "best")
MARKS = {"loop": "o", "total": "s", "best": "D"}
MEANING = {
    "loop": "nothing shared, same training loop",
    "total": "single-task, same parameters in all",
    "best": "single-task at its best width",
}
RECOMMENDED, REFERENCE = "recommended", "reference"
FACTS = ["arm", "role", "sharing", "depth", "stages", "width"]


def score(records: Records) -> pd.DataFrame:
    """Gains per judged arm, baseline, task and seed; empty before the verdict."""
    judged = records.frozen("judged")
    scored = outcomes(records)
    if judged is None or "verdict" not in set(scored["phase"]):
        return pd.DataFrame()
    common, best = setting(records), best_single(scored)
    rows = []
    for number, arm in enumerate(judged["arms"]):
        facts = scored[scored["arm"] == arm].head(1)
        if facts.empty:
            continue
        facts = facts[["arm", "sharing", "depth", "stages", "width"]].iloc[0].to_dict()
        facts["role"] = RECOMMENDED if number == 0 else REFERENCE
        for name in BASELINES:
            against = best if name == "best" else judged["baselines"].get(arm, {}).get(name)
            for phase, gains in _phases(scored, arm, against, common):
                rows.append(gains.assign(**facts, baseline=name, against=_label(against), phase=phase))
    if not rows:
        return pd.DataFrame()
    frame = pd.concat(rows, ignore_index=True)
    order = {task: place for place, task in enumerate(common.tasks)}
    return frame.assign(
        order=frame["task"].map(order).fillna(len(order)).astype(int),
        band=common.band,
        family=len(common.tasks) * len(judged["arms"]),
        looks=common.looks,
    )


def _phases(scored: pd.DataFrame, arm: str, against: object, common: object) -> list[tuple[str, pd.DataFrame]]:
    """The verdict seeds where the baseline was trained on them, else the confirm seeds."""
    if not against or against == arm:
        return []
    for phase in ("verdict", "confirm"):
        gains = differences(scored, arm, against, phase, common)
        paired = gains[(gains["scope"] == TASK) & gains["gain"].notna()]
        tasks = paired["task"].nunique()
        if tasks and (isinstance(against, str) or tasks == len(against)):
            return [(phase, gains)]
    return []


def _label(against: object) -> str:
    return against if isinstance(against, str) else "per task"


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per judged arm, baseline and task (and the mean over tasks): gain, intervals, verdict."""
    keys = [*FACTS, "baseline", "against", "phase", "scope", "task", "order", "band", "family", "looks"]
    rows = []
    for values, group in scores.groupby(keys, sort=False, dropna=False):
        facts = dict(zip(keys, values, strict=True))
        gain = gain_of(group, family=facts["family"], looks=facts["looks"])
        rows.append(
            facts
            | gain_columns(gain)
            | {
                "word": verdict(gain, facts["band"]) if facts["scope"] == TASK else "",
                "remedy": remedy(gain, facts["band"]),
                "more_seeds": more_seeds(gain, facts["band"]),
                "percent_gain": _percent(group),
                "per_seed": tuple(float(value) for value in group["gain"]),
            }
        )
    return _judge(_with_delta_m(pd.DataFrame(rows)))


def _percent(group: pd.DataFrame) -> float:
    """Change of the metric in percent of the baseline's, as papers print it; NaN where that is within noise of zero.

    Negative for a metric that should be small only if the arm is worse: the sign follows the gain.
    """
    base = group["baseline_metric"]
    if base.isna().any() or len(base) < 2 or abs(base.mean()) <= 2 * base.std() / np.sqrt(len(base)):
        return np.nan
    size = 100 * abs(group["metric"].mean() - base.mean()) / abs(base.mean())
    return float(np.copysign(size, group["gain"].mean()))


def _with_delta_m(rows: pd.DataFrame) -> pd.DataFrame:
    """In the rows of the mean: the mean of the tasks' percent gains, if none of them had to be left out."""
    for _, group in rows.groupby(["arm", "baseline"], sort=False):
        tasks = group.loc[group["scope"] == TASK, "percent_gain"]
        rows.loc[group.index[group["scope"] == MEAN], "percent_gain"] = tasks.mean(skipna=False)
    return rows


def _judge(rows: pd.DataFrame) -> pd.DataFrame:
    """Verdict words against ``each`` only; elsewhere whether the baseline contradicts that verdict."""
    words = rows[rows["scope"] == TASK].set_index(["arm", "baseline", "task"])["word"].to_dict()
    opposite = {HELPED: HURT, HURT: HELPED}
    final, contradicts = [], []
    for row in rows.itertuples():
        against_each = words.get((row.arm, "each", row.task), "")
        contradicts.append(row.baseline != "each" and row.word != "" and opposite.get(against_each) == row.word)
        if row.baseline != "each" or row.scope != TASK:
            final.append("")
        elif row.sharing != "single_task" and not row.depth > 0 and row.word == HURT:
            final.append(TUNED_ALONE)  # nothing is shared, so sharing is not to blame
        else:
            final.append(attributed(row.word, words.get((row.arm, "loop", row.task))))
    rows = rows.assign(word=final, contradicts=contradicts)
    undecided = rows["word"] == UNDECIDED
    return rows.assign(remedy=rows["remedy"].where(undecided, ""), more_seeds=rows["more_seeds"].where(undecided))


def verdicts(rows: pd.DataFrame, role: str) -> pd.DataFrame:
    """The rows of a table that carry verdicts: per task, against ``each``."""
    return rows[(rows["role"] == role) & (rows["baseline"] == "each") & (rows["scope"] == TASK)]


def title(rows: pd.DataFrame) -> str:
    """Who is helped, who is hurt and by how much."""
    parts = []
    for role in (RECOMMENDED, REFERENCE):
        judged = verdicts(rows, role)
        found = _finding(judged)
        if found:
            parts.append(f"{_subject(judged.iloc[0])} {found}")
    sentence = "; ".join(parts)
    return sentence[:1].upper() + sentence[1:] if parts else "Gain over tuned single-task networks, in points of skill"


def _subject(facts: pd.Series) -> str:
    if not facts["depth"] > 0:
        return "one loop without sharing"
    if facts["depth"] == facts["stages"]:
        return "full sharing"
    return f"sharing {facts['depth']:.0f} of {facts['stages']} stages"


def _finding(rows: pd.DataFrame) -> str:
    phrases = []
    helped, hurt = rows[rows["word"] == HELPED], rows[rows["word"] == HURT_BY_SHARING]
    if len(helped):
        phrases.append(f"helps {_each(helped)}")
    if len(hurt):
        phrases.append(f"hurts {_each(hurt)}")
    if not phrases and len(rows) and (rows["word"] == TIE).all():
        phrases.append("makes no practical difference to any task")
    return " and ".join(phrases)


def _each(rows: pd.DataFrame) -> str:
    if len(rows) > 3:
        return f"{len(rows)} tasks (by {points(rows['gain'].abs().min(), sign=False)} to " + (
            f"{points(rows['gain'].abs().max(), sign=False)} points)"
        )
    return listing([f"{row.task} ({points(row.gain)})" for row in rows.itertuples()])


def caption(rows: pd.DataFrame) -> str:
    """What is drawn, and on what it rests."""
    each = rows[(rows["baseline"] == "each") & (rows["scope"] == TASK)]
    counted = each.loc[each["n"] > 0, "n"]
    low, high = int(counted.min()), int(counted.max())
    n = f"{low}" if low == high else f"{low} to {high}"
    level = f"{100 * ALPHA / rows['looks'].iloc[0]:.3g}%"
    bars = (
        f"thick: 95% interval; thin: simultaneous interval for {rows['family'].iloc[0]} verdicts (family-wise error "
        f"{level}); both from seeds and test examples (Student's t, Welch–Satterthwaite)"
    )
    if high < MIN_SEEDS:
        bars = f"no intervals below {MIN_SEEDS} seeds"
    elif rows["looks"].iloc[0] > 1:
        bars = bars.replace("95%", f"{100 - 100 * ALPHA / rows['looks'].iloc[0]:.3g}%")
    others = [f"{name} ({MEANING[name]})" for name in MARKS if name in set(rows["baseline"])]
    confirm = sorted(set(rows.loc[rows["phase"] == "confirm", "baseline"]))
    parts = [
        "Gain in test skill over tuned single-task networks of the same width, in points (100 = from the best constant",
        f"prediction to a perfect one); n = {n} fresh seeds, paired; small dots: seeds; {bars}.",
        f"Grey band: no practical difference (±{rows['band'].iloc[0]:g}).",
        f"Small grey marks: other baselines – {', '.join(others)}." if others else "",
        f"Against {listing(confirm)} the seeds of the confirm phase are used." if confirm else "",
        "Hyperparameters and epochs were selected on validation skill; the arm was chosen on other seeds.",
        style.unprintable(rows["task"]),
    ]
    return " ".join(part for part in parts if part)


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """The forest: a panel per judged arm, a row per task, the numbers at the right."""
    arms = [arm for arm in dict.fromkeys(rows["arm"]) if _has_each(rows, arm)] or list(dict.fromkeys(rows["arm"]))
    tasks = _sorted_tasks(rows[rows["arm"] == arms[0]])
    height = 30 + len(arms) * (9 + (len(tasks) + 1) * (8.5 if len(tasks) <= 6 else 7))
    drawn = style.canvas(style.DOUBLE_COLUMN, height)
    panels = drawn.subplots(len(arms), 1, sharex=True, squeeze=False)[:, 0]
    for axes, arm in zip(panels, arms, strict=True):
        _panel(axes, rows[rows["arm"] == arm], tasks)
    panels[-1].set_xlabel("gain over tuned single-task networks (points of skill)")
    drawn.legend(handles=_legend(rows), loc="outside lower left", ncols=4, handletextpad=0.3, columnspacing=1.2)
    style.headline(drawn, title(rows))
    return drawn


def _has_each(rows: pd.DataFrame, arm: str) -> bool:
    return bool(((rows["arm"] == arm) & (rows["baseline"] == "each")).any())


def _sorted_tasks(rows: pd.DataFrame) -> list[str]:
    name = "each" if (rows["baseline"] == "each").any() else rows["baseline"].iloc[0]
    each = rows[(rows["baseline"] == name) & (rows["scope"] == TASK)]
    return list(each.sort_values(["gain", "order"], ascending=[False, True])["task"])


def _panel(axes: Axes, rows: pd.DataFrame, tasks: list[str]) -> None:
    first = rows.iloc[0]
    names = style.labels(tasks)
    style.zero_line(axes, first["band"])
    for place, task in enumerate([*tasks, None]):
        here = rows[rows["task"] == task] if task is not None else rows[rows["scope"] == MEAN]
        for row in here.itertuples():
            _mark(axes, row, place)
    axes.axhline(len(tasks) - 0.5, color=style.GREY, linewidth=0.4, linestyle=":")
    axes.set_yticks(range(len(tasks) + 1), [*(names[task] for task in tasks), "mean of tasks"])
    axes.set_ylim(len(tasks) + 0.6, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    shares = shared_stages(first["sharing"], first["depth"], int(first["stages"]))
    axes.set_title(f"{first['role'].capitalize()}: {shares}, width {first['width']}", loc="left")


def _mark(axes: Axes, row: object, place: int) -> None:
    if row.baseline != "each":
        y = place + 0.05 + 0.12 * (1 + list(MARKS).index(row.baseline))
        axes.plot([row.low, row.high], [y, y], color=style.GREY, linewidth=0.5, alpha=0.6)
        axes.plot(row.gain, y, MARKS[row.baseline], color=style.GREY, markersize=2.2)
        return
    colour = style.VERDICTS[row.word][0]
    y = place - 0.15
    axes.plot(row.per_seed, np.full(len(row.per_seed), y - 0.17), ".", color=colour, markersize=2, alpha=0.5)
    axes.plot([row.low_simultaneous, row.high_simultaneous], [y, y], color=colour, linewidth=0.7)
    axes.plot([row.low, row.high], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt")
    axes.plot(row.gain, y, linestyle="none", **style.verdict_mark(row.word))
    numbers = f"{points(row.gain)} {interval(row.low, row.high)}".strip()
    note = f"{numbers}  {row.word}" if row.n else "no test labels"
    axes.text(1.01, y, note, transform=axes.get_yaxis_transform(), va="center")


def _legend(rows: pd.DataFrame) -> list[Line2D]:
    others = [
        Line2D([], [], linestyle="none", marker=mark, color=style.GREY, markersize=2.5, label=f"against {name}")
        for name, mark in MARKS.items()
        if name in set(rows["baseline"])
    ]
    return style.verdict_legend(list(rows["word"])) + others


def words_of(rows: pd.DataFrame, role: str) -> dict[str, list[str]]:
    """Tasks by verdict, in the order of the task set."""
    found: dict[str, list[str]] = {}
    for row in verdicts(rows, role).sort_values("order").itertuples():
        found.setdefault(row.word, []).append(row.task)
    return found
