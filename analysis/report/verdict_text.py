"""The verdict of a study, or the ranking of a suite, as text for terminals and programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.recommendation.recommend import recommend
from analysis.records.load import load
from analysis.records.load_suite import is_suite, load_suite
from analysis.suite.answer import opening, rankings


@dataclass(frozen=True)
class VerdictText:
    """The words with which a report opens, as plain text.

    Args:
        headline: what to do, or who leads, in one sentence.
        sentences: the paragraphs after it.
    """

    headline: str
    sentences: list[str]


def verdict_text(run: str | Path) -> VerdictText:
    """Return the headline and the sentences with which the report of ``run`` opens.

    Args:
        run: a run directory, or the directory of a suite.

    Raises:
        UnreadableRun: which file cannot be read, and what to do.
    """
    if is_suite(run):
        suite = load_suite(run)
        said = opening(suite, rankings(suite))
        return VerdictText(said.headline, said.sentences)
    recommendation = recommend(load(run))
    return VerdictText(recommendation.headline, [recommendation.explanation])
