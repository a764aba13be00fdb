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
from analysis.statistics.looks import num_looks, seeds_for_a_look
from analysis.statistics.paired_gains import MEAN
from analysis.statistics.seed_part import MATERIAL, seed_part
from analysis.statistics.verdicts import CHOSEN, MAX_SEEDS, UNDECIDED, with_word

Step = tuple[str, str]
"""The step in words, and its command; the command is empty where no single one does it."""

WIDE = 1.25
"""The mean is what more rows are for while half of its interval is wider than so many bands."""
WORTHWHILE = 0.9
"""More seeds are a step of their own if they narrow an interval to this share of its width, or less."""


def next_step(records: Records, rows: pd.DataFrame, decision: Decision) -> Step:
    """Return the step with the best expected information, by this order.

    A candidate that nobody checked; an arm that shares, where none was judged; the chosen arm without the tasks that it
    seems to cost something, where no candidate was judged; while a task or the mean is open, the seeds that decide a
    task; more seeds, where these are most of the noise; outer folds, in which every labelled row judges; more seeds,
    where they narrow the interval of the mean by a tenth; more labelled rows; once all is decided, a wider search where
    the arm lies at the edge of the searched widths, else the same study on other data.

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
    if spared := _seem_to_lose(decision, about, undecided):
        return check(records, spared)
    if len(undecided) or not (about.harm or about.benefit):
        part = float(_seed_part(_mean(rows, about)).max())
        more = _chosen_has_more(decision, about)
        decided = _deciding_seeds(records, about, undecided, more)
        seeds, folds = _narrowing_seeds(records, about, part, more), _folds(records, about, part)
        return decided or (seeds if part > 1 else folds) or folds or seeds or _rows(records, about, undecided)
    return _wider(records, decision.arm) or (
        "The verdict stands for these data. What it says of others only others can show: the same study on rows "
        "collected anew, or on a further data set.",
        "",
    )


def _seem_to_lose(decision: Decision, about: Option, undecided: pd.DataFrame) -> list[str]:
    """Tasks whose own 95% interval lies below the band, though no word says so, of an arm with a benefit.

    Words are for all tasks at once and need more.  None where a candidate was judged, or fewer than two tasks are left.
    """
    if about.kind != CHOSEN or not about.benefit or any(option.is_candidate for option in decision.options):
        return []
    lost = list(undecided.loc[undecided["high"] < -about.band, "task"])
    return lost if len(about.tasks) - len(lost) >= 2 else []


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


def _chosen_has_more(decision: Decision, about: Option) -> int:
    """By how many seeds the chosen arm has more than ``about``, which may have been added later."""
    return next((option.n - about.n for option in decision.options if option.kind == CHOSEN), 0)


def _deciding_seeds(records: Records, about: Option, undecided: pd.DataFrame, more: int) -> Step | None:
    """As many seeds as decide the tasks for which there is such a number and seeds are a material part of the noise.

    A further look has a smaller level, which is what some of the seeds are for.
    """
    trained, few = undecided[undecided["n"] > 0], about.n < MIN_SEEDS
    material = trained if few else trained[_seed_part(trained) > MATERIAL]
    material = material[material["more_seeds"] <= MAX_SEEDS]
    if material.empty:
        return None
    price = 1.0 if few else seeds_for_a_look(num_looks(records.ledger))
    wanted = math.ceil(price * float((material["n"] + material["more_seeds"]).max()))
    would = "are the least that gives intervals for" if few else "would about decide"
    stricter = " at the stricter level of a further look" if price > 1 else ""
    return _more_seeds(records, wanted + more, f"{would} {named(list(material['task']))}{stricter}")


def _narrowing_seeds(records: Records, about: Option, part: float, more: int) -> Step | None:
    """So many seeds that they are no material part any more; ``None`` where that narrows the mean's interval little."""
    if not math.isfinite(part) or (1 + MATERIAL) / (1 + part) > WORTHWHILE**2:
        return None
    wanted = min(about.n * part / MATERIAL, MAX_SEEDS + 1)  # endless where the test examples add next to nothing
    would = "would narrow the interval of the mean gain about as far as these test examples allow"
    return _more_seeds(records, math.ceil(wanted) + more, would)


def _more_seeds(records: Records, wanted: int, would: str) -> Step | None:
    """So many seeds in all, if not too many; they are added to the study, which counts that it is judged once more."""
    if wanted > MAX_SEEDS:
        return None
    return f"{wanted} verdict seeds {would}.", f"mtl-study extend {quoted(records)} --seeds {wanted}"


def _mean(rows: pd.DataFrame, about: Option) -> pd.DataFrame:
    return rows[(rows["arm"] == about.arm) & (rows["baseline"] == "each") & (rows["scope"] == MEAN)]


def _seed_part(rows: pd.DataFrame) -> pd.Series:
    """:func:`seed_part`, which is next to endless where the test examples add nothing."""
    return seed_part(rows.assign(test_error=rows["test_error"].clip(lower=math.sqrt(np.finfo(float).tiny))))


def _folds(records: Records, about: Option, part: float) -> Step | None:
    """Outer folds for a table whose test rows were drawn at random; ``None`` where there are, or can be, none."""
    tasks, search = records.spec.get("tasks") or {}, records.spec.get("search") or {}
    drawn = tasks.get("set") == "table" and not tasks.get("test") and search.get("strategy", "grid") == "grid"
    half = (about.high - about.low) / 2
    if records.num_folds > 1 or not drawn or not math.isfinite(half) or "num_development" not in records.tasks:
        return None
    judging, labelled = (int(records.tasks[name].max()) for name in ("num_test", "num_development"))
    seeds = part if math.isfinite(part) else 0.0
    expected = half * math.sqrt((judging / (judging + labelled) + seeds) / (1 + seeds))
    return (
        f"Have every labelled row judge, in outer folds: about ±{points(expected, sign=False)} for the mean gain "
        f"instead of ±{points(half, sign=False)}. More seeds would narrow it less.",
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
