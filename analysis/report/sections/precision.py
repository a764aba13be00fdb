"""How sure the verdict was to be, and how sure it is: half-widths of 95% intervals, per task and for the mean."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.recommendation.option import Option
from analysis.recommendation.recommend import Recommendation
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.report.output.tables import Table
from analysis.statistics.looks import FIRST_LEVEL
from analysis.statistics.verdicts import CHOSEN

MEAN_OF_TASKS = "mean over tasks"
DESIGNS = {"cross_fit": "outer folds, in which every labelled row judges", "holdout": "a test split of its own"}


def precision_rows(records: Records, recommendation: Recommendation) -> list[dict[str, Any]]:
    """Return planned and achieved half-widths of the chosen arm's gains, in points of skill, the mean over tasks last.

    Args:
        records: of the study, whose manifest says what was planned when it began.
        recommendation: holds the gains of the chosen arm over single-task networks.

    Returns:
        One mapping per task: ``task, planned, achieved, seeds, judged_by, shortage``; ``achieved`` is ``None`` where
        there are too few seeds for an interval.  Empty before the verdict, and for a study begun before this was kept.
    """
    planned = _mapping(records.manifest.get("planned"))
    option = next((option for option in recommendation.options if option.kind == CHOSEN), None)
    if not planned or option is None or "half_width" not in option.tasks:
        return []
    tasks, found = _mapping(planned.get("tasks")), []
    for row in each(option.tasks.sort_values("order")):
        known = _mapping(tasks.get(row.task))
        facts = {"task": row.task, "planned": _number(known.get("half_width")), "achieved": _finite(row.half_width)}
        found.append(facts | {"seeds": int(row.n), "judged_by": _number(known.get("units")), "shortage": row.shortage})
    return [*found, _of_mean(planned, option)]


def precision_table(records: Records, recommendation: Recommendation) -> list[Table]:
    """Return the same as a table with the design and the band; no table where nothing was kept, or is known yet."""
    rows = precision_rows(records, recommendation)
    if not rows:
        return []
    planned = _mapping(records.manifest["planned"])
    design, band = str(planned.get("design", "")), _mapping(planned.get("band"))
    points = _number(band.get("points")) or 0.0
    by_rule = " (by auto, from the planned rows)" if band.get("rule") == "auto" else ""
    caption = (
        "Half the width of the 95% interval of the chosen arm's gain over single-task networks, in points of skill: as "
        f"foretold when the study began, from label counts alone, for {DESIGNS.get(design, 'its design')}, and as it "
        f"is, from seeds and judged rows{_stricter(recommendation)}. The band of no practical "
        f"difference was set at ± {points:g} {'point' if points == 1 else 'points'}{by_rule} before. judged by: "
        "labelled rows, or groups of them; shortage: what there is too little of for a verdict word."
    )
    return [Table("precision", caption, pd.DataFrame(rows), title="How sure it was to be, and how sure it is")]


def _stricter(recommendation: Recommendation) -> str:
    """That intervals of a study which was judged again are wider than foretold, whatever its rows and seeds."""
    level = recommendation.level
    return "" if level == FIRST_LEVEL else f" (at {level}, since the study was judged more than once)"


def _of_mean(planned: dict[str, Any], option: Option) -> dict[str, Any]:
    half = _finite((option.high - option.low) / 2)
    facts = {"task": MEAN_OF_TASKS, "planned": _number(planned.get("mean")), "achieved": half}
    return facts | {"seeds": option.n, "judged_by": None, "shortage": ""}


def _mapping(value: Any) -> dict[str, Any]:
    """``value`` where it is a mapping: a run directory from elsewhere may hold anything."""
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
