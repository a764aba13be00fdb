"""The design of a study's evaluation: a test split of its own, or outer folds in which every labelled row judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_core.errors import UserError
from mtl_core.registry import find
from study.config.registered_names import STRATEGIES
from study.config.spec import Spec
from study.planning.task_trees import stages_to_find

if TYPE_CHECKING:
    from mtl_core.data.row_parts import EveryRowJudges
    from mtl_core.data.task_set import TaskSet

MOST_ROWS = 5_000
"""Largest number of rows for which ``auto`` takes outer folds; above it, a search in every fold costs a lot.

With 1,000 test rows, two networks that disagree on one row in ten differ by their accuracy ± 2 points, or ± 4 points of
skill: so few rows cannot show differences as small as a band of one point, five times as many come nearer.
"""


def settle_design(spec: Spec, task_set: TaskSet, stored: Spec | None = None) -> tuple[Spec, TaskSet]:
    """Return the study with its design written out, and the task set with outer folds where the design has them.

    Args:
        spec: the study as it was asked for.
        task_set: with a test split.
        stored: the study that a run directory was begun with: it decides what ``auto`` means there.

    Raises:
        UserError: when folds are asked for where the test split is given, or the study decides something once for all
            folds.
    """
    if spec.evaluation.design == "cross_fit":
        _refuse_choices_on_all_rows(spec)
    groups, pool = task_set.development.examples.groups, len(task_set.development.examples)
    rows = pool + len(task_set.test)
    units = rows if groups is None else len(groups.unique())
    spec = with_begun_design(spec, stored)
    folded = evaluation_of(spec)(is_drawn=task_set.test_is_drawn, rows=rows, units=units)
    design = "cross_fit" if folded else "holdout"
    unread = {} if folded else {"folds": type(spec.evaluation).model_fields["folds"].default}
    settled = spec.model_copy(update={"evaluation": spec.evaluation.model_copy(update={"design": design, **unread})})
    if design == "holdout":
        return settled, task_set
    from mtl_core.data.outer_folds import with_outer_folds

    return settled, with_outer_folds(task_set, spec.evaluation.folds)


def with_begun_design(spec: Spec, stored: Spec | None) -> Spec:
    """Return the study with the design written out that a run directory was begun with, where it says ``auto``.

    Args:
        spec: the study as it was asked for.
        stored: the study that the directory was begun with; ``None``: none was, and ``auto`` stays.
    """
    if stored is None or spec.evaluation.design != "auto":
        return spec
    begun = "cross_fit" if stored.evaluation.design == "cross_fit" else "holdout"  # files older than folds say nothing
    return spec.model_copy(update={"evaluation": spec.evaluation.model_copy(update={"design": begun})})


def evaluation_of(spec: Spec) -> EveryRowJudges:
    """Return what says whether every row judges in the study: as it is written there, or as ``auto`` takes it to be."""
    design = spec.evaluation.design

    def judges(*, is_drawn: bool, rows: int, units: int) -> bool:
        if design != "auto":
            return design == "cross_fit"
        suits = is_drawn and rows <= MOST_ROWS and units >= 4 * spec.evaluation.folds
        suits = suits and "test_share" not in spec.tasks.options  # whoever sets its size wants a test split
        return suits and not _chooses_on_all_rows(spec)

    return judges


def _chooses_on_all_rows(spec: Spec) -> str:
    """What of ``spec`` decides once on all rows, so that no fold would be unseen; empty: nothing."""
    strategy = find(STRATEGIES, spec.search.strategy).cls
    if strategy.leaves_out or strategy.explores:
        return f"search.strategy: {spec.search.strategy}"
    return "a tree found by affinity" if stages_to_find(spec) else ""


def _refuse_choices_on_all_rows(spec: Spec) -> None:
    if choice := _chooses_on_all_rows(spec):
        found = f"{choice} decides once on all rows, and no fold would be unseen."
        raise UserError("evaluation.design: cross_fit", found, "Write holdout, a grid and trees that are given.")
