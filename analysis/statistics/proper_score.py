"""The same study judged by log loss: a proper score, which also sees how sure predictions are.

Where two arms predict nearly the same classes, accuracy has little to tell them apart by, although one may put more
probability on the truth.  The skill in log loss, 1 − loss / loss of the class frequencies, uses every example, and its
differences vary less.

Source: T. Gneiting & A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 2007.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.records.schema import Records

LOG_LOSS = "log_loss"


def by_log_loss(records: Records) -> Records | None:
    """Return the records with log loss in the place of the metric, of the classification tasks that have another one.

    Epochs and arms stay those that the task's own metric chose.  ``None`` where there is no such task, or test losses
    were not recorded yet when the run was made.
    """
    scores = records.scores
    if "example_losses" not in scores:
        return None
    known = scores["example_losses"].notna() & (scores["metric"] != LOG_LOSS)
    rows = scores[known.groupby(scores["task"]).transform("all")]  # a run that an older version began has only some
    if rows.empty:
        return None
    rows = rows.assign(
        metric=LOG_LOSS,
        test_metric=rows["test_loss"],
        trivial_metric=rows["trivial_loss"],
        perfect_metric=0.0,
        test_skill=1 - rows["test_loss"] / rows["trivial_loss"].where(rows["trivial_loss"] > 0),
        example_scores=rows["example_losses"],
    )
    tasks = records.tasks[records.tasks["task"].isin(set(rows["task"]))]
    return replace(records, scores=rows, tasks=tasks.reset_index(drop=True))
