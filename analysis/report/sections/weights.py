"""What the examples and classes of a study weigh: sentences beside the limits of its claims."""

from __future__ import annotations

from analysis.formatting import named
from analysis.records.schema import Records


def weights_words(records: Records) -> list[str]:
    """Return a sentence on weights of classes, and one on weights of rows; none where every example counts alike."""
    tasks = records.tasks.to_dict("records")
    balanced = [str(task["task"]) for task in tasks if isinstance(task.get("class_weight"), str)]
    stated = [str(task["task"]) for task in tasks if isinstance(task.get("class_weight"), list)]
    by_row = {str(task["task"]): task["weights_in"] for task in tasks if isinstance(task.get("weights_in"), str)}
    found = []
    if balanced or stated:
        how = [f"{named(balanced)} with balanced classes"] if balanced else []
        how += [f"{named(stated)} with stated weights of classes"] if stated else []
        found.append(
            f"Losses weigh examples by class: {' and '.join(how)}. Metrics count classes as they are; predicted "
            "probabilities are those of the weighted classes."
        )
    if by_row:
        judged = "loss_and_metric" in by_row.values()
        rest = (
            "so do metrics, whose intervals know the weights."
            if judged
            else "metrics, hence gains and verdicts, count every example alike."
        )
        found.append(f"Losses of {named(list(by_row))} weigh rows by a column of the table; {rest}")
    return found
