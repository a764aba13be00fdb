"""The answer of a study as data frames, for notebooks and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from analysis.questions import table_of
from analysis.recommendation.recommend import Recommendation, opening, recommend
from analysis.records.load import load
from analysis.records.schema import Records
from analysis.report.output.escaping import plain
from analysis.report.sections.options import option_cells, options_table

VERDICT_COLUMNS = [
    "role", "arm", "task", "baseline", "gain", "low", "high", "low_simultaneous", "high_simultaneous", "n", "word",
    "shortage", "remedy", "pooled_gain", "pooled_low", "pooled_high",
]  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """The answer of a study.

    Args:
        recommendation: what to do, and why.
        verdicts: one row per judged arm (``role, arm``), ``baseline`` and ``task``, and one for the mean over tasks,
            whose ``task`` is empty.  ``gain`` and the ends of its 95% interval ``low, high``, of the interval that
            holds for all tasks at once (``…_simultaneous``), and of partly pooled gains are in points of skill; ``n``
            is the number of paired seeds, and ``word`` the verdict against ``each``, the tuned single-task networks.
        options: what one could do, with gain, risk and cost; empty before there is a verdict.
    """

    recommendation: Recommendation
    verdicts: pd.DataFrame
    options: pd.DataFrame

    @property
    def sentences(self) -> list[str]:
        """The headline and the paragraphs after it, as plain text."""
        return [self.recommendation.headline, *opening(self.recommendation)]

    def __str__(self) -> str:
        return "\n\n".join(self.sentences)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the sentences and the options."""
        cells = option_cells(self.recommendation)
        headline, *sentences = (escape(plain(text)) for text in self.sentences)
        said = [f"<p><b>{headline}</b></p>", *(f"<p>{sentence}</p>" for sentence in sentences)]
        if cells:
            said.append(pd.DataFrame(cells[1:], columns=cells[0]).to_html(index=False))
        return "".join(said)


def answer(run: str | Path | Records) -> Answer:
    """Return the answer of a study.

    Args:
        run: a run directory, or its records.

    Raises:
        UnreadableRun: which file cannot be read, and what to do.
    """
    records = run if isinstance(run, Records) else load(run)
    rows = table_of("transfer", records)
    recommendation = recommend(records)
    verdicts = rows if rows.empty else rows.sort_values("order", kind="stable")
    table = options_table(recommendation)
    return Answer(
        recommendation,
        verdicts.reindex(columns=VERDICT_COLUMNS).reset_index(drop=True),
        pd.DataFrame() if table is None else table.frame,
    )
