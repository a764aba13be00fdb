"""The command line.  Only light modules are imported here: ``--help`` answers before torch would have loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from study.cli import model_commands, planning_commands, reading_commands
from study.cli.console import reports_errors
from study.cli.loading import DataOptions, load_named, run_directory
from study.cli.options import (
    Address,
    BackEnd,
    Budget,
    Device,
    FurtherArms,
    Groups,
    Insecure,
    Json,
    Kinds,
    Log,
    Losses,
    Metrics,
    MetricsFile,
    MixDevices,
    Out,
    Overrides,
    Precision,
    Query,
    Run,
    SearchStrategy,
    TakeOver,
    Targets,
    TaskColumn,
    Test,
    TrustCode,
    Validation,
    VerdictSeeds,
    What,
    Without,
    Workers,
)
from study.cli.repeated_options import Command
from study.cli.slurm import slurm

if TYPE_CHECKING:
    from study.config.spec import Spec
    from study.config.suite import Suite

app = typer.Typer(
    name="mtl-study",
    help="Should these tasks share a network, how deep, how wide, weighted how — and who pays for it?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
@reports_errors
def demo(out: Out = None, backend: BackEnd = None, workers: Workers = None, as_json: Json = False) -> None:
    """Run a small full study: related tasks, and one that full sharing harms."""
    _run(load_named("demo", backend=backend, workers=workers), out, as_json)


@app.command()
@reports_errors
def run(
    what: What,
    targets: Targets = None,
    kinds: Kinds = None,
    metrics: Metrics = None,
    losses: Losses = None,
    task: TaskColumn = None,
    groups: Groups = None,
    test: Test = None,
    validation: Validation = None,
    query: Query = None,
    overrides: Overrides = None,
    search: SearchStrategy = None,
    budget: Budget = None,
    backend: BackEnd = None,
    address: Address = None,
    insecure: Insecure = False,
    workers: Workers = None,
    device: Device = None,
    precision: Precision = None,
    mix_devices: MixDevices = False,
    trust_code: TrustCode = False,
    out: Out = None,
    take_over: TakeOver = False,
    log_file: Log = None,
    metrics_file: MetricsFile = None,
    as_json: Json = False,
) -> None:
    """Search, confirm, judge, score and report; the same command resumes what was stopped."""
    data = DataOptions(targets, kinds, metrics, losses, task, groups, test, validation, query)
    where = {"backend": backend, "workers": workers, "device": device, "trust_code": trust_code}
    loaded = load_named(what, data, overrides=overrides, search=search, precision=precision, budget=budget, **where)
    how: dict[str, Any] = {"address": address, "mix_devices": mix_devices, "insecure": insecure}
    _run(loaded, out, as_json, take_over, **how, log_file=log_file, metrics_file=metrics_file)


app.command()(reports_errors(planning_commands.check))
app.command()(reports_errors(planning_commands.init))


@app.command()
@reports_errors
def extend(
    run: Run,
    seeds: VerdictSeeds = None,
    without: Without = None,
    arms: FurtherArms = None,
    data: Annotated[Path | None, typer.Option(help="Where the study's table lies now, if it was moved.")] = None,
    backend: BackEnd = None,
    address: Address = None,
    insecure: Insecure = False,
    workers: Workers = None,
    device: Device = None,
    mix_devices: MixDevices = False,
    trust_code: TrustCode = False,
    take_over: TakeOver = False,
    log_file: Log = None,
    metrics_file: MetricsFile = None,
    as_json: Json = False,
) -> None:
    """Add to a finished study: more seeds, or arms judged on fresh seeds; the same command resumes it.

    What was added already is not added again: for still more seeds give a larger number.
    """
    from study.cli.extend import extend as extend_study

    where: dict[str, Any] = {"backend": backend, "address": address, "insecure": insecure, "workers": workers}
    where |= {"device": device, "mix_devices": mix_devices, "trust_code": trust_code}
    where |= {"take_over": take_over, "log_file": log_file, "metrics_file": metrics_file}
    extend_study(run, seeds=seeds, without=without or [], arms=arms or [], data=data, as_json=as_json, **where)


app.command()(reports_errors(reading_commands.status))
app.command()(reports_errors(reading_commands.runs))
app.command()(reports_errors(reading_commands.report))
app.command("list")(reports_errors(reading_commands.list_kind))
app.command()(reports_errors(model_commands.export))
app.command()(reports_errors(model_commands.predict))
app.command()(reports_errors(slurm))
app.command()(reports_errors(planning_commands.tree))
for _command in app.registered_commands:
    _command.cls = Command


def _run(loaded: Spec | Suite, out: Path | None, as_json: bool, take_over: bool = False, **how: Any) -> None:
    from study.config.suite import Suite

    if isinstance(loaded, Suite):
        from study.cli.suite import run as run_suite

        run_suite(loaded, out=run_directory(loaded, out), as_json=as_json, take_over=take_over, **how)
    else:
        from study.cli.run import run as run_study

        run_study(loaded, out=run_directory(loaded, out), as_json=as_json, take_over=take_over, **how)


def main() -> None:
    """Run the command line: the console script ``mtl-study``."""
    app(prog_name="mtl-study")
