"""The front of a search that looked for several ends at once, beside what its arms reached on fresh seeds."""

from __future__ import annotations

import pandas as pd

from analysis.records.study_state import LoadedStudy
from analysis.report.output.tables import Table, frame_of
from analysis.selection.skills import selected


def front_table(study: LoadedStudy) -> list[Table]:
    """Return the front, cheapest first; no table where the search had one end, which is the mean skill."""
    front = study.records.frozen("front")
    if not front:
        return []
    confirmed = _confirmed(study.records.replicas)
    frame = frame_of(
        sorted(front, key=lambda row: (row["multiply_adds"], row["arm"], row["draw"])),
        arm=lambda row: row["arm"],
        draw=lambda row: row["draw"],
        multiply_adds=lambda row: row["multiply_adds"],
        mean_gain=lambda row: 100 * row["mean_gain"],
        worst_gain=lambda row: 100 * row["worst_gain"],
        confirm_skill=lambda row: confirmed.get(row["arm"]),
    )
    caption = (
        "What no other trial of the search beat in all of mean gain, gain of the worst task and multiply-adds per "
        "example. Gains: points of validation skill over the best single-task networks of the same width, on the "
        "search seeds, for which the front was chosen: it looks better than it is. Confirm: the arm's best draw by "
        "mean skill, on fresh seeds."
    )
    return [Table("front", caption, frame, title="Front of the search")]


def _confirmed(replicas: pd.DataFrame) -> dict[str, float]:
    """Mean validation skill, in points, of the arms of the confirm phase."""
    rows = replicas[replicas["phase"] == "confirm"]
    means = rows.assign(skill=100 * selected(rows, "validation_skill")).groupby("arm")["skill"].mean()
    return {str(arm): float(skill) for arm, skill in means.items()}
