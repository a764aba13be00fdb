"""The networks that diverged and are in no comparison: how much was tried of each, until when, at which rates."""

from __future__ import annotations

from analysis.questions import divergence
from analysis.questions.divergence import rates_tried
from analysis.records.frames import each
from analysis.records.study_state import LoadedStudy
from analysis.report.output.tables import Table, frame_of


def diverged_table(study: LoadedStudy) -> list[Table]:
    """Return a table with one row per network of which no replica trained to its end; none where there is none."""
    scores = divergence.score(study.records)
    if scores.empty:
        return []
    rows = divergence.table(scores)
    frame = frame_of(
        [(row, rates_tried(rows.iloc[[place]])) for place, row in enumerate(each(rows))],
        arm=lambda pair: pair[0].arm,
        task=lambda pair: pair[0].task or "all",
        phase=lambda pair: pair[0].phase,
        draws_tried=lambda pair: pair[0].draws,
        replicas=lambda pair: pair[0].replicas,
        diverged=lambda pair: pair[0].diverged,
        epoch_of_divergence=lambda pair: _range(pair[0].first_epoch, pair[0].last_epoch),
        learning_rates_tried=lambda pair: pair[1],
    )
    caption = (
        "Networks of which some replicas diverged and none trained to its end: an arm, or one task's network of a "
        "single-task arm. Replicas that did not diverge were stopped by halving. Epochs count from 1."
    )
    return [Table("diverged", caption, frame, title="What diverged")]


def _range(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first} to {last}"
