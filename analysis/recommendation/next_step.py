"""What to do next: the one step from which the decision would learn most, and the command for it where there is one."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.formatting import agree, named, points
from analysis.recommendation.decision import Decision, check, quoted
from analysis.recommendation.option import Option
from analysis.records.run_command import run_path
from analysis.records.schema import Records
from analysis.statistics.intervals import MIN_SEEDS
from analysis.statistics.paired_gains import MEAN
from analysis.statistics.verdicts import MAX_SEEDS, UNDECIDED, with_word

Step = tuple[str, str]
"""The step in words, and its command; the command is empty where no single one does it."""

WIDE = 1.25
"""The mean is what more rows are for while half of its interval is wider than so many bands."""
MATERIAL = 0.25
"""More seeds are worth naming while their part of the variance is more than this share of the examples' part."""


def next_step(records: Records, rows: pd.DataFrame, decision: Decision) -> Step:
    """Return the step with the best expected information, by this order.

    A candidate that nobody checked; an arm that shares, where none was judged; while a task or the mean is open, more
    seeds where their part of the variance is material, and where it is not outer folds, in which every labelled row
    judges, or more labelled rows; once all is decided, a wider search where the arm lies at the edge of the searched
    widths, else the same study on other data.

    Args:
        records: of the study.
        rows: the table of the transfer question.
        decision: what was decided.
    """
    if decision.alone:
        return check(records, decision.alone)
    about = decision.about
    if about is None:
        return _judge_one(records)
    undecided = with_word(about.tasks, UNDECIDED)
    if len(undecided) or not (about.harm or about.benefit):
        seeds = _seeds(records, rows, about, undecided)
        return seeds or _folds(records, about) or _rows(records, about, undecided)
    return _wider(records, decision.arm) or (
        "The verdict stands for these data. What it says of others only others can show: the same study on rows "
        "collected anew, or on a further data set.",
        "",
    )


def _run_again(records: Records, suffix: str, *overrides: str) -> str:
    settings = " ".join(f"--set {shlex.quote(override)}" for override in overrides)
    out = shlex.quote(f"{Path(run_path(records))}-{suffix}")
    return f"mtl-study run {quoted(records, 'study.yaml')} {settings} --out {out}"


def _judge_one(records: Records) -> Step:
    """The same study with the arm that shares all stages among those that are trained, so that it is judged."""
    sharing = (records.spec.get("factors") or {}).get("sharing") or ["hard"]
    sharing = [sharing] if isinstance(sharing, str) else list(sharing)
    added = [] if "hard" in sharing else [f"factors.sharing={json.dumps([*sharing, 'hard'])}"]
    command = _run_again(records, "shared", "factors.depth=all", *added, "verdict.judge=fully_shared")
    return "Have an arm that shares every stage trained and judged: add it to factors.depth.", command


def _seeds(records: Records, rows: pd.DataFrame, about: Option, undecided: pd.DataFrame) -> Step | None:
    """More seeds; ``None`` where the test examples are what limits the precision, or no number of seeds decides."""
    trained = undecided[undecided["n"] > 0]
    few = about.n < MIN_SEEDS
    material = trained if few else trained[_seed_part(trained) > MATERIAL]
    by_seeds = material[material["more_seeds"] <= MAX_SEEDS] if len(material) else material
    if len(by_seeds):
        wanted = int((by_seeds["n"] + by_seeds["more_seeds"]).max())
        would = "are the least that gives intervals for" if few else "would about decide"
        about_what = f"{would} {named(list(by_seeds['task']))}"
    else:
        mean = _mean(rows, about)
        part = float(_seed_part(mean).max()) if len(mean) else math.nan
        if not part > MATERIAL or not math.isfinite(part):
            return None
        wanted = math.ceil(about.n * part / MATERIAL)
        about_what = "would narrow the interval of the mean gain about as far as these test examples allow"
        if wanted > MAX_SEEDS:
            return None
    command = _run_again(records, f"{wanted}-seeds", f"verdict.seeds={wanted}")
    return f"{wanted} verdict seeds {about_what}.", command


def _mean(rows: pd.DataFrame, about: Option) -> pd.DataFrame:
    return rows[(rows["arm"] == about.arm) & (rows["baseline"] == "each") & (rows["scope"] == MEAN)]


def _seed_part(rows: pd.DataFrame) -> pd.Series:
    """Variance of the mean over seeds as a multiple of the variance from the test examples, per row."""
    return (rows["seed_sd"] ** 2 / rows["n"]) / (rows["test_error"] ** 2).replace(0.0, np.finfo(float).tiny)


def _folds(records: Records, about: Option) -> Step | None:
    """Outer folds for a table whose test rows were drawn at random; ``None`` where there are, or can be, none."""
    tasks, search = records.spec.get("tasks") or {}, records.spec.get("search") or {}
    drawn = tasks.get("set") == "table" and not tasks.get("test") and search.get("strategy", "grid") == "grid"
    half = (about.high - about.low) / 2
    if records.num_folds > 1 or not drawn or not math.isfinite(half) or "num_development" not in records.tasks:
        return None
    judging, labelled = (int(records.tasks[name].max()) for name in ("num_test", "num_development"))
    expected = half * math.sqrt(judging / (judging + labelled))
    return (
        f"Have every labelled row judge, in outer folds: about ±{points(expected, sign=False)} for the mean gain "
        f"instead of ±{points(half, sign=False)}. More seeds would not narrow it.",
        _run_again(records, "folds", "evaluation.design=cross_fit"),
    )


def _rows(records: Records, about: Option, undecided: pd.DataFrame) -> Step:
    """More labelled test examples, and how many would bring an interval to the width of the band: that of the mean
    where it is clearly wider, else the middle one of the tasks.
    """
    open_tasks = f" and about {named(list(undecided['task']))}" if len(undecided) else ""
    half, what = (about.high - about.low) / 2, "the interval of the mean"
    if not half > WIDE * about.band and len(undecided):
        half = float((undecided["high"] - undecided["low"]).median()) / 2
        what = f"the {agree(len(undecided), 'interval', 'middle one of the intervals')} of undecided tasks"
    have = int(records.tasks["num_test"].max()) if "num_test" in records.tasks else 0
    if not (math.isfinite(half) and half > about.band > 0 and have):
        return f"More labelled test rows would tell most about the mean{open_tasks}; more seeds would not.", ""
    wanted = math.ceil(have * (half / about.band) ** 2)
    return (
        f"More labelled rows would tell most; more seeds would not. About {_rounded(wanted):,} test rows instead of "
        f"{have:,} would bring {what} from ±{points(half, sign=False)} to "
        f"±{points(about.band, sign=False)} {agree(int(about.band == 1), 'point', 'points')}.",
        "",
    )


def _rounded(count: int) -> int:
    """``count`` to two significant digits."""
    return int(float(f"{count:.2g}"))


def _wider(records: Records, facts: pd.Series) -> Step | None:
    """A search beyond the edge that the arm lies at; ``None`` where it lies between searched widths."""
    searched = records.replicas[~records.replicas["sharing"].isin(("single_task", "independent"))]
    widths = sorted({int(width) for width in searched["capacity"].dropna()})
    if not widths or pd.isna(facts["capacity"]) or widths[0] < facts["capacity"] < widths[-1]:
        return None
    own = int(facts["capacity"])
    new = own * 2 if own == widths[-1] else own // 2
    if new < 2:
        return None
    edge = "the only width" if len(widths) == 1 else "the largest width" if own == widths[-1] else "the smallest width"
    levels = json.dumps(sorted([*widths, new]))
    command = _run_again(records, f"width-{new}", f"factors.width={levels}")
    return (
        f"{own} is {edge} that was searched: a search that includes {new} would tell whether another is better.",
        command,
    )
