"""``run``, ``demo`` and ``report``: all phases of a study, then its report; or the report alone."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from mtl_core.errors import UserError
from study.cli.check_remarks import warn_of_remarks
from study.cli.console import command_line, say, say_json, say_prose, say_table
from study.config.spec import Spec
from study.config.text import printable
from study.execution.cluster_token import refuse_unprotected


def run(
    spec: Spec,
    *,
    out: Path,
    as_json: bool,
    take_over: bool = False,
    **how: Any,
) -> None:
    """Train what is missing of ``spec`` in ``out``, then write the report and print the verdict.

    Args:
        spec: the study.
        out: the run directory, or an address in an object store.
        as_json: print lines for programs.
        take_over: of an address: no other driver works there any more.
        how: of :class:`study.driver.backend_choice.RunOptions`: ``address``, ``mix_devices``, ``insecure``,
            ``log_file``, ``metrics_file``.
    """
    from study.driver.backend_choice import RunOptions
    from study.driver.dataset import prepare_with_data
    from study.driver.places import at_work
    from study.driver.run import run_prepared

    began = time.monotonic()  # what follows imports torch, and makes the plan
    refuse_a_file(out)
    announce_if_over(out, [out])
    options = RunOptions.of_study(spec, **how, screen=screen_of(as_json), began=began, command=command_line())
    refuse_unprotected(options.address, options.insecure)
    with saying_how_to_resume(), at_work(out, take_over=take_over) as place:
        where = {"device": options.device, "address": options.address}
        prepared = prepare_with_data(spec, place.directory.absolute(), options.screen, where)
        for loss in prepared.plan.shrunk:
            typer.echo(printable(f"budget: {loss}"), err=True)
        warn_of_remarks(prepared.task_set.remarks)
        path = run_prepared(prepared, out=place.directory, options=replace(options, keep=place.keep, told=place.told))
        report(path, as_json=as_json, name=spec.name)


def screen_of(as_json: bool) -> str:
    """Return the screen that shows the progress of a command."""
    return "json" if as_json else "auto"


def refuse_a_file(out: Path) -> None:
    """Refuse a run directory that is a file.

    Raises:
        UserError: when ``out`` exists and is no directory.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out}", "this is a file.", "Name a directory, new or of an earlier run.")


def announce_if_over(out: Path, runs: Iterable[Path]) -> None:
    """Print to standard error that nothing is left to train, before the seconds in which that is made sure of.

    The report is written again in any case: its page does not say which version of the program wrote it.

    Args:
        out: the run directory, or that of a suite, as the user named it; in an object store nothing is asked.
        runs: the run directories of all its studies.
    """
    from study.cli.study_status import read_status
    from study.store import ledger
    from study.store.remote.address import is_address

    if is_address(out) or not all((run / ledger.NAME).is_file() and read_status(run).is_over for run in runs):
        return
    compared = "data and settings are compared with those that it was begun with, then the report is written again"
    typer.echo(printable(f"{out}: nothing is left to train; {compared}"), err=True)


@contextmanager
def saying_how_to_resume() -> Iterator[None]:
    """Print the command that resumes the study when Ctrl+C interrupts the block."""
    try:
        yield
    except KeyboardInterrupt:
        again = printable(shlex.join(command_line()))
        typer.echo(f"\nStopped.  What is done is kept; this goes on with the rest:\n  {again}", err=True)
        raise


def report(path: Path, *, as_json: bool = False, name: str | None = None) -> None:
    """Write the report of the run in ``path``; print the verdict, what one could do, and where the report is.

    Args:
        path: the run directory.
        as_json: print one object instead, with the name of the study, its run directory and the path of the report.
        name: name of the study; by default read from the run directory.
    """
    import analysis
    from study.config.load import read_spec

    records = analysis.load(path)
    page, verdict = analysis.write_report(records), analysis.verdict_text(records)
    if as_json:
        facts = {"study": name or read_spec(path / "study.yaml").name, "run": str(path), "report": str(page)}
        facts |= {"headline": verdict.headline, "sentences": verdict.sentences}
        facts |= {"options": verdict.options, "level": verdict.level} if verdict.options else {}
        facts |= {"precision": verdict.precision} if verdict.precision else {}
        say_json({"event": "reported", **facts})
    else:
        say("")
        say_prose(verdict.headline, *verdict.sentences)
        if verdict.option_cells:
            say("")
            say_table(verdict.option_cells[0], verdict.option_cells[1:])
            if verdict.is_stricter:
                say_prose(f"Intervals of mean gains are {verdict.level} intervals: the study was judged before.")
        say("", f"report: {page}")
