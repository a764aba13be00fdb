"""Alerts about data that are too few for what a verdict seems to say: rare positives, few groups, small pools."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.recommendation.option import Option
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.report.sections.alert import Alert, one_line_each
from analysis.statistics.evidence import REMEDIES, counted
from analysis.statistics.pool_size import is_small, small_pool


def evidence_alerts(records: Records, options: list[Option]) -> list[Alert]:
    """Return one alert for each kind of shortage among the judged arms' tasks, and one on a small pool.

    Args:
        records: of the study.
        options: of the recommendation, whose tasks are rows of the transfer question's table.
    """
    return [*one_line_each(_shortages(options)), *_small_pool(records)]


def _shortages(options: list[Option]) -> Iterator[Alert]:
    known: set[tuple[str, str]] = set()
    for option in options:
        for row in each(option.tasks) if "shortage" in option.tasks else ():
            if row.shortage in REMEDIES and (row.shortage, row.task) not in known:
                known.add((row.shortage, row.task))
                about = f"{row.shortage.capitalize()} to judge"
                is_counted = row.task in set(counted(option.tasks)["task"])
                uncounted = "" if is_counted else ", and does not count in means over tasks"
                text = f"{row.task} gets no verdict word{uncounted}. It takes {REMEDIES[row.shortage]}."
                yield Alert(about, text, "verdict", row.task)


def _small_pool(records: Records) -> Iterator[Alert]:
    if "num_development" not in records.tasks:
        return
    rows, folds = int(records.tasks["num_development"].max()), records.num_folds
    rows -= -(-rows // folds) if folds > 1 else 0
    if is_small(rows):
        yield Alert("Small pool", small_pool(rows), "verdict")
