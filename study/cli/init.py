"""``init``: writes a commented study file for a table or arrays, with what was inferred, and why."""

from __future__ import annotations

import textwrap
from pathlib import Path

from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError
from study.cli.check_precision import judging, precision_in_words
from study.cli.check_remarks import warn_of_remarks
from study.cli.console import say
from study.cli.init_tasks import examples_in_words, tasks_section
from study.config import registered_names
from study.config.spec import ARRAYS, DATASET, TABLE, Spec
from study.config.suite import Suite
from study.planning.forecast_words import time_text
from study.planning.planned_precision import precisions
from study.planning.prepare import Prepared, prepare
from study.store.atomic_files import write_durably


def init(spec: Spec | Suite, *, out: Path) -> None:
    """Write a study file for the table or arrays that ``spec`` reads; nothing is trained, and no file is replaced.

    Args:
        spec: the study with defaults.
        out: path of the study file.

    Raises:
        UserError: when there is a file already, or the study is none of data in files.
    """
    if isinstance(spec, Spec) and spec.tasks.set == DATASET:
        call = spec.tasks.options["call"]
        advice = f"Write a file with tasks: {{set: dataset, call: '{call}'}}; check prints what is inferred."
        raise UserError(f"init {call}", "is code, not data in a file.", advice)
    if isinstance(spec, Suite) or spec.tasks.set not in (TABLE, ARRAYS):
        advice = "Name data, such as data.csv or data.npz, or copy the preset."
        raise UserError("init", f"{spec.name} reads no data of yours.", advice)
    if out.exists():
        raise UserError(str(out), "there is a file already.", "Name another with --out, or remove it.")
    prepared = prepare(spec, out=Path("runs") / spec.name)
    warn_of_remarks(prepared.task_set.remarks)
    write_durably(out, study_file(prepared, out).encode())
    say(f"{out}: edit it, then", f"  mtl-study check {out}", f"  mtl-study run {out}")


def study_file(prepared: Prepared, out: Path) -> str:
    """Return the text of a study file that says what the prepared study would do, with reasons.

    Args:
        prepared: the study.
        out: where the file will be; the path of the data is relative to it where it lies below its folder.
    """
    tasks = tasks_section(prepared.plan.spec.tasks, prepared.task_set, out)
    return "\n".join([*_head(prepared, out), *tasks, *_factors(prepared), *_protocol(prepared), ""])


def _head(prepared: Prepared, out: Path) -> list[str]:
    plan, task_set = prepared.plan, prepared.task_set
    rows = len(task_set.development.examples) + (0 if plan.folds > 1 else len(task_set.test))
    precision = next(iter(precisions(task_set, plan.spec.importance or None).values()))
    return [
        f"# {rows:,} {'rows' if plan.spec.tasks.set == TABLE else 'examples'}, {examples_in_words(task_set)}, "
        f"{len(plan.tasks)} tasks.",
        f"# Run it with `mtl-study run {out}`: {time_text(prepared.forecast, on_gpu=prepared.on_gpu)} on this machine; "
        "`budget: 30m` shrinks it.",
        f"# Precision: {judging(plan)}; {precision_in_words(precision)}.",
        f"name: {in_yaml(plan.spec.name)}",
        "",
    ]


def _factors(prepared: Prepared) -> list[str]:
    spec, reasons = prepared.plan.spec, dict(text.split(": ", 1) for text in prepared.plan.reasons)
    auto = {name: f"auto  # {reasons[name]}" for name in reasons}
    image = prepared.task_set.development.image is not None
    return [
        "factors:  # every combination is compared; baselines get the same widths, draws and seeds",
        "  sharing: [hard]",
        *textwrap.wrap(f"also: {', '.join(_others())}", 100, initial_indent="    # ", subsequent_indent="    # "),
        "  depth: all  # 1 to all shared stages; 0 is the baseline `independent`",
        f"  stages: [{', '.join(map(str, spec.factors.stages))}]",
        *(["  backbone: [mlp]  # or convnet, resnet, which see images as such"] if image else []),
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
