"""The verdict of a study, or the ranking of a suite, as text for terminals and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.recommendation.recommend import opening, recommend
from analysis.records.load import load
from analysis.records.load_suite import is_suite, load_suite
from analysis.records.schema import Records
from analysis.report.sections.options import option_cells, option_rows
from analysis.report.sections.precision import precision_rows
from analysis.statistics.looks import FIRST_LEVEL
from analysis.suite.answer import opening as suite_opening
from analysis.suite.answer import rankings


@dataclass(frozen=True)
class VerdictText:
    """The words with which a report opens, as plain text.

    Args:
        headline: what to do, or who leads, in one sentence.
        sentences: the paragraphs after it.
        options: what one could do, with every number (:func:`analysis.report.sections.options.options_table`), the one
            that is taken first; ``None`` stands for what is not known.  Empty without a verdict.
        option_cells: the same as the rows of a short table for people, its header first.
        level: level of the options' intervals, such as 95%; higher where the study was judged before.  Empty without a
            verdict.
        precision: planned and achieved half-widths, of :func:`analysis.report.sections.precision.precision_rows`.
    """

    headline: str
    sentences: list[str]
    options: list[dict[str, Any]] = field(default_factory=list)
    option_cells: list[list[str]] = field(default_factory=list)
    level: str = ""
    precision: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_stricter(self) -> bool:
        """Whether intervals hold at a higher level than at a first judgement."""
        return self.level not in ("", FIRST_LEVEL)


def verdict_text(run: str | Path | Records) -> VerdictText:
    """Return the headline and the sentences with which the report of ``run`` opens.

    Args:
        run: a run directory, or its records; or the directory of a suite.

    Raises:
        UnreadableRun: which file cannot be read, and what to do.
    """
    if isinstance(run, Records):
        return _of_study(run)
    if is_suite(run):
        suite = load_suite(run)
        said = suite_opening(suite, rankings(suite))
        return VerdictText(said.headline, said.sentences)
    return _of_study(load(run))


def _of_study(records: Records) -> VerdictText:
    recommendation = recommend(records)
    return VerdictText(
        recommendation.headline,
        opening(recommendation),
        option_rows(recommendation),
        option_cells(recommendation),
        recommendation.level if recommendation.options else "",
        precision_rows(records, recommendation),
    )
