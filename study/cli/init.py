"""``init``: writes a commented study file for a table, with what was inferred, and why."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError
from study.cli.check_precision import judging
from study.cli.check_remarks import warn_of_remarks
from study.cli.console import say
from study.config import registered_names
from study.config.spec import TABLE, Spec
from study.config.suite import Suite
from study.planning.forecast import time_text
from study.planning.planned_precision import precisions
from study.planning.prepare import Prepared, prepare
from study.store.atomic_files import write_durably

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtl_core.data.column_facts import ColumnFacts

MOST_COLUMNS = 40
"""Inputs that get a line of their own in the file; of more the kinds are counted."""


def init(spec: Spec | Suite, *, out: Path) -> None:
    """Write a study file for the table that ``spec`` reads; nothing is trained, and no file is replaced.

    Args:
        spec: the study with defaults.
        out: path of the study file.

    Raises:
        UserError: when there is a file already, or the study is none of a table.
    """
    if isinstance(spec, Suite) or spec.tasks.set != TABLE:
        raise UserError("init", f"{spec.name} reads no table.", "Name a table, such as data.csv, or copy the preset.")
    if out.exists():
        raise UserError(str(out), "there is a file already.", "Name another with --out, or remove it.")
    prepared = prepare(spec, out=Path("runs") / spec.name)
    warn_of_remarks(prepared.task_set.remarks)
    write_durably(out, study_file(prepared, out).encode())
    say(f"{out}: edit it, then", f"  mtl-study check {out}", f"  mtl-study run {out}")


def study_file(prepared: Prepared, out: Path) -> str:
    """Return the text of a study file that says what the prepared study of a table would do, with reasons.

    Args:
        prepared: the study.
        out: where the file will be; the path of the data is relative to it where it lies below its folder.
    """
    return "\n".join([*_head(prepared, out), *_tasks(prepared, out), *_factors(prepared), *_protocol(prepared), ""])


def _head(prepared: Prepared, out: Path) -> list[str]:
    plan, task_set = prepared.plan, prepared.task_set
    rows = len(task_set.development.examples) + (0 if plan.folds > 1 else len(task_set.test))
    precision = next(iter(precisions(task_set, plan.spec.importance or None).values()))
    return [
        f"# {rows:,} rows, {task_set.development.num_inputs} inputs after encoding, {len(plan.tasks)} tasks.",
        f"# Run it with `mtl-study run {out}`: {time_text(prepared.forecast)} on this machine; "
        "`budget: 30m` shrinks it.",
        f"# Precision: {judging(plan)}; a typical task's gain to about ± {precision.typical:.1f} points of skill, "
        f"their mean to about ± {precision.mean:.1f}.",
        f"name: {in_yaml(plan.spec.name)}",
        "",
    ]


def _tasks(prepared: Prepared, out: Path) -> list[str]:
    options = prepared.plan.spec.tasks.options
    lines = ["tasks:", "  set: table", f"  path: {in_yaml(_relative(Path(str(options['path'])), out))}"]
    lines.append(f"  targets: [{', '.join(map(in_yaml, options['targets']))}]")
    lines += [f"  {name}: {in_yaml(str(options[name]))}" for name in _NAMED if options.get(name)]
    columns = prepared.task_set.columns
    targets = [column for column in columns if column.role == "target"]
    lines += ["  kinds:  # inferred: correct what is wrong", *(f"    {_kind(column)}" for column in targets)]
    inputs = [column for column in columns if column.role == "input"]
    lines += _inputs(inputs)
    metric = {task.name: task.metric for task in prepared.task_set.tasks}
    lines.append("  metrics:  # `mtl-study list metrics` says which there are")
    lines += [
        f"    {in_yaml(column.name)}: {metric.get(column.name, next(iter(metric.values())))}" for column in targets
    ]
    lines += [f"  # left out: {column.name}, {column.treatment}" for column in columns if column.role == "left out"]
    if not options.get("groups"):
        lines.append("  # groups: person   # rows with one value here stay in one part of every split")
    lines.append("# importance: {a_task: 3}   # how much each task counts in the mean; 1 where none is named")
    return [*lines, ""]


_NAMED = ("query", "task", "groups", "test", "validation")


def _kind(column: ColumnFacts) -> str:
    return f"{in_yaml(column.name)}: {column.kind.split(',')[0]}  # {column.why}"


def _inputs(inputs: Sequence[ColumnFacts]) -> list[str]:
    """What inputs are taken for, as comments: a line of each, or their number by kind where they are many."""
    if len(inputs) <= MOST_COLUMNS:
        return [f"    # {_kind(column)}" for column in inputs]
    kinds = [column.kind.split(",")[0] for column in inputs]
    counted = ", ".join(f"{kinds.count(kind):,} {kind}" for kind in dict.fromkeys(kinds))
    return [f"    # inputs: {counted}; `mtl-study check … --columns` lists them"]


def _relative(data: Path, out: Path) -> str:
    folder = out.resolve().parent
    return str(data.relative_to(folder)) if data.is_relative_to(folder) else str(data)


def _factors(prepared: Prepared) -> list[str]:
    spec, reasons = prepared.plan.spec, dict(text.split(": ", 1) for text in prepared.plan.reasons)
    auto = {name: f"auto  # {reasons[name]}" for name in reasons}
    return [
        "factors:  # every combination is compared; baselines get the same widths, draws and seeds",
        "  sharing: [hard]",
        *textwrap.wrap(f"also: {', '.join(_others())}", 100, initial_indent="    # ", subsequent_indent="    # "),
        "  depth: all  # 1 to all shared stages; 0 is the baseline `independent`",
        f"  stages: [{', '.join(map(str, spec.factors.stages))}]",
        f"  width: {auto.get('factors.width', list(spec.factors.width))}",
        f"  weighting: {auto.get('factors.weighting', list(spec.factors.weighting))}",
        "",
        "training:",
        f"  epochs: {auto.get('training.epochs', spec.training.epochs)}",
        f"  batch_size: {auto.get('training.batch_size', spec.training.batch_size)}",
        "",
    ]


def _others() -> list[str]:
    return [name for name in registered_names.names("sharing") if name not in ("hard", "independent", "single_task")]


def _protocol(prepared: Prepared) -> list[str]:
    spec = prepared.plan.spec
    return [
        f"tuning: {{draws: {spec.tuning.draws}}}  # learning rate, weight decay, dropout: as many for every arm",
        f"confirm: {{seeds: {spec.confirm.seeds}}}",
        f"verdict: {{seeds: {spec.verdict.seeds}, max_seeds: {spec.verdict.max_seeds}}}",
        f"evaluation: {{design: auto}}  # {spec.evaluation.design} for these data",
        f"band: {spec.band_points:g}  # points of skill that make no practical difference; or auto",
        f"prefer: {spec.prefer}  # or accuracy, or cost: which option the report takes",
        "# budget: 30m",
    ]
