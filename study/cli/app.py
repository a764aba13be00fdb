"""The command line.  Only light modules are imported here: ``--help`` answers before torch would have loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mtl_core.errors import UserError
from study.cli.console import reports_errors

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

What = Annotated[str, typer.Argument(metavar="STUDY|DATA|PRESET", help="A study file, a table, or a preset's name.")]
Targets = Annotated[list[str] | None, typer.Option("--targets", help="Columns to predict, as in 'y_*'; repeatable.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="What a column is: 'y_*=regression'; repeatable.")]
Metrics = Annotated[list[str] | None, typer.Option("--metric", help="What judges a target: 'y_*=f1'; repeatable.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="A key of the study file: section.key=value.")]
Budget = Annotated[str | None, typer.Option(help="Wall time to fit into, as in 2h; shrinks draws, seeds, arms.")]
BackEnd = Annotated[Literal["auto", "inline", "ray"] | None, typer.Option(help="Where replicas train.")]
Prefer = Annotated[
    Literal["accuracy", "balanced", "cost"] | None, typer.Option(help="Take an option by this rule, not the study's.")
]
Address = Annotated[str | None, typer.Option(help="Of a Ray cluster to join.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; one per core by default.")]
Out = Annotated[Path | None, typer.Option(help="The run directory; runs/NAME by default.")]
Json = Annotated[bool, typer.Option("--json", help="Lines for programs.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]


@app.command()
@reports_errors
def demo(out: Out = None, backend: BackEnd = None, workers: Workers = None, as_json: Json = False) -> None:
    """Run a small full study: related tasks, and one that full sharing harms."""
    _run(_load("demo", backend=backend, workers=workers), out, None, as_json)


@app.command()
@reports_errors
def run(
    what: What,
    targets: Targets = None,
    kinds: Kinds = None,
    metrics: Metrics = None,
    overrides: Overrides = None,
    budget: Budget = None,
    backend: BackEnd = None,
    address: Address = None,
    workers: Workers = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Search, confirm, judge, score and report; the same command resumes what was stopped."""
    loaded = _load(what, targets, overrides, budget, backend, workers, kinds, metrics)
    _run(loaded, out, address, as_json)


@app.command()
@reports_errors
def check(
    what: What,
    targets: Targets = None,
    kinds: Kinds = None,
    metrics: Metrics = None,
    overrides: Overrides = None,
    budget: Budget = None,
    backend: BackEnd = None,
    workers: Workers = None,
    out: Out = None,
    columns: Annotated[bool, typer.Option("--columns", help="Every column, of wide tables, too.")] = False,
    as_json: Json = False,
) -> None:
    """Say what run would do, at what cost, and what it could show; train nothing."""
    loaded = _load(what, targets, overrides, budget, backend, workers, kinds, metrics)
    from study.config.suite import Suite

    if isinstance(loaded, Suite):
        from study.cli.suite import check as check_suite

        check_suite(loaded, out=_run_directory(loaded, out), as_json=as_json, columns=columns)
    else:
        from study.cli.check import check as check_study

        check_study(loaded, out=_run_directory(loaded, out), as_json=as_json, columns=columns)


@app.command()
@reports_errors
def status(
    run: Run,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, until the study has ended.")] = False,
    as_json: Json = False,
) -> None:
    """Say what is done, running, failed and left of a study, or of the studies of a suite."""
    from study.config.suite import is_suite

    if is_suite(run):
        from study.cli.suite import status as print_status
    else:
        from study.cli.status import status as print_status

    print_status(run, watch=watch, as_json=as_json)


@app.command()
@reports_errors
def report(
    run: Run,
    prefer: Prefer = None,
    as_json: Json = False,
) -> None:
    """Write report.html, figures and tables of a study or a suite, from the records alone."""
    from study.config.suite import is_suite

    if is_suite(run):
        from study.cli.suite import report as write_reports

        if prefer is not None:
            raise UserError("--prefer", "this is the directory of a suite.", "Name that of one of its studies.")
        write_reports(run, as_json=as_json)
    else:
        from study.cli.run import report as write_report

        write_report(run, as_json=as_json, prefer=prefer)


@app.command()
@reports_errors
def extend(
    run: Run,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Verdict seeds that there shall be in all.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="A task to train alone while the rest shares; repeatable.")
    ] = None,
    arms: Annotated[
        list[str] | None, typer.Option("--arms", help="Label of a planned arm to judge, too; repeatable.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Where the study's table lies now, if it was moved.")] = None,
    backend: BackEnd = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Add to a finished study: more seeds, or arms judged on fresh seeds; the same command resumes it."""
    from study.cli.extend import extend as extend_study

    extend_study(
        run,
        seeds=seeds,
        without=without or [],
        arms=arms or [],
        data=data,
        backend=backend,
        workers=workers,
        as_json=as_json,
    )


@app.command()
@reports_errors
def tree(
    what: What,
    targets: Targets = None,
    overrides: Overrides = None,
    groups: Annotated[float | None, typer.Option(help="Mean number of groups per stage.")] = None,
    as_json: Json = False,
) -> None:
    """Find groups of tasks for branch: train small private networks briefly, compare what they compute."""
    loaded = _load(what, targets, overrides)
    from study.cli.tree import tree as print_tree
    from study.config.suite import Suite

    if isinstance(loaded, Suite):
        from study.cli.suite import each_study

        each_study(loaded, lambda spec: print_tree(spec, groups=groups, as_json=as_json), as_json=as_json)
    else:
        print_tree(loaded, groups=groups, as_json=as_json)


@app.command("list")
@reports_errors
def list_(
    kind: Annotated[str, typer.Argument(metavar="sharing|weighting|backbones|tasks|kinds|metrics|presets|columns")],
    as_json: Json = False,
) -> None:
    """List what exists, one line each, with the paper."""
    from study.cli.list_registry import list_kind

    list_kind(kind, as_json=as_json)


def _load(
    what: str,
    targets: list[str] | None = None,
    overrides: list[str] | None = None,
    budget: str | None = None,
    backend: str | None = None,
    workers: int | None = None,
    kinds: list[str] | None = None,
    metrics: list[str] | None = None,
) -> Spec | Suite:
    from study.config.load import load
    from study.config.suite import Suite

    columns = {"kinds": kinds or (), "metrics": metrics or ()}
    loaded = load(what, targets or (), overrides or (), budget, **columns)
    given = {"backend": backend, "workers": workers}
    changes = {key: value for key, value in given.items() if value is not None}
    return loaded.with_each(**changes) if isinstance(loaded, Suite) else loaded.model_copy(update=changes)


def _run_directory(loaded: Spec | Suite, out: Path | None) -> Path:
    return out or Path("runs") / loaded.name


def _run(loaded: Spec | Suite, out: Path | None, address: str | None, as_json: bool) -> None:
    from study.config.suite import Suite

    if isinstance(loaded, Suite):
        from study.cli.suite import run as run_suite

        run_suite(loaded, out=_run_directory(loaded, out), address=address, as_json=as_json)
    else:
        from study.cli.run import run as run_study

        run_study(loaded, out=_run_directory(loaded, out), address=address, as_json=as_json)


def main() -> None:
    """Run the command line: the console script ``mtl-study``."""
    app(prog_name="mtl-study")
