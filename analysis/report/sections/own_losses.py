"""Which tasks are trained by losses of the user's own: a sentence beside the limits of a study's claims."""

from __future__ import annotations

from analysis.formatting import agree, named
from analysis.records.schema import Records


def own_losses_words(records: Records) -> list[str]:
    """Return a sentence for each loss of the user's own; none where all have those of their kinds."""
    losses: dict[str, list[str]] = {}
    for task in records.tasks.to_dict("records"):
        if isinstance(loss := task.get("loss"), str):
            losses.setdefault(loss, []).append(str(task["task"]))
    return [
        f"{named(tasks)} {agree(len(tasks), 'is', 'are')} trained by {loss}, a function of the user's own. Metrics "
        "choose epochs and settings and decide verdicts, also where that loss wants something else than they do."
        for loss, tasks in losses.items()
    ]
