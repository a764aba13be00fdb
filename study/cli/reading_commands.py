"""The commands that only read: their options; app.py names them.  Only light modules are imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_core.errors import UserError
from study.cli.options import Json, Prefer, Run


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


def runs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where runs are.")] = Path("runs"),
    as_json: Json = False,
) -> None:
    """List the run directories below a folder, with state and last change."""
    from study.cli.runs import runs as list_runs

    list_runs(folder, as_json=as_json)


def report(
    run: Run,
    prefer: Prefer = None,
    as_json: Json = False,
) -> None:
    """Write report.html, figures and tables of a study or a suite, from the records alone."""
    from study.config.suite import is_suite
    from study.driver.places import STATES, for_reading

    if prefer is not None and not is_suite(run):
        from study.driver.preference import set_preference

        set_preference(run, prefer)
    run = for_reading(run, STATES)
    if is_suite(run):
        from study.cli.suite import report as write_reports

        if prefer is not None:
            raise UserError("--prefer", "this is the directory of a suite.", "Name that of one of its studies.")
        write_reports(run, as_json=as_json)
    else:
        from study.cli.run import report as write_report

        write_report(run, as_json=as_json)


def list_kind(
    kind: Annotated[
        str,
        typer.Argument(metavar="sharing|weighting|backbones|tasks|kinds|metrics|formats|strategies|presets|columns"),
    ],
    as_json: Json = False,
) -> None:
    """List what exists, one line each, with the paper."""
    from study.cli.list_registry import list_kind as print_kind

    print_kind(kind, as_json=as_json)
