"""Facts about all columns of a table: what each is used for, and what was done to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mtl_core.data.column_facts import ColumnFacts, Role
from mtl_core.data.remark import Remark
from mtl_core.data.tabular.column_names import listed
from mtl_core.data.tabular.column_values import facts_of_column, stored_kind
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.encoding import LEFT_OUT
from mtl_core.data.tabular.targets import Target


def facts_of_columns(
    columns: Mapping[str, Column],
    kinds: Mapping[str, str],
    targets: Sequence[Target],
    treatments: Mapping[str, str],
    apart: Mapping[str, tuple[Role, str]],
) -> tuple[ColumnFacts, ...]:
    """Return the facts about every column, in the order of the file.

    Args:
        columns: by name.
        kinds: those that the study file declares.
        targets: the tasks of the columns to predict.
        treatments: what was done to each column that may be predicted from.
        apart: role of all other columns, and what they do or why they are left out.
    """
    learnt = {one.task.name: one for one in targets}
    facts = []
    for name, column in columns.items():
        if name in learnt:
            facts.append(_of_target(column, learnt[name]))
            continue
        role, done = _use_of_input(treatments[name]) if name in treatments else apart[name]
        why = "as asked" if name in kinds else f"stored as {column.values.type}"
        facts.append(facts_of_column(column, role, kinds.get(name) or stored_kind(column), why, done))
    return tuple(facts)


WHAT_THEY_DO: dict[str, tuple[Role, str]] = {
    "group": ("group", "keeps rows together in every split"),
    "task": ("task", "says which task a row belongs to"),
    "test": ("test", "marks the test rows"),
}


def columns_apart(
    columns: Iterable[str],
    dropped: Sequence[Remark],
    named: Mapping[str, str | None],
    weights: Mapping[str, str],
    *,
    weights_judge: bool,
) -> dict[str, tuple[Role, str]]:
    """Return the role of the columns that are neither targets nor inputs, and what they do or why they are out.

    Args:
        columns: names of all columns.
        dropped: remarks on columns that number the rows.
        named: the column of a role that the study file names; ``None``: none.
        weights: by task, the column that weighs its rows.
        weights_judge: whether rows are weighed in the metric, too.
    """
    apart: dict[str, tuple[Role, str]] = dict.fromkeys(columns, ("left out", "as asked"))
    apart |= {"": ("left out", "it has no name")}
    apart |= {remark.subject: ("left out", "it numbers the rows") for remark in dropped}
    apart |= {name: WHAT_THEY_DO[role] for role, name in named.items() if name}
    where = "loss and metric" if weights_judge else "the loss"
    for column in dict.fromkeys(weights.values()):
        tasks = [task for task, other in weights.items() if other == column]
        apart[column] = ("weight", f"weighs rows in {where} of {listed(tasks)}")
    return apart


def _of_target(column: Column, target: Target) -> ColumnFacts:
    task = target.task
    done = f"{task.num_classes} classes" if task.has_classes else "standardised"
    done = "over its mean" if task.kind == "count" else done
    done = f"centred in float64, {done}" if target.origin else done
    return facts_of_column(column, "target", task.kind, target.reason, done)


def _use_of_input(treatment: str) -> tuple[Role, str]:
    if treatment.startswith(LEFT_OUT):
        return "left out", treatment.removeprefix(LEFT_OUT)
    return "input", treatment
