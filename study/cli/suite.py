"""The commands for a suite: each does for every study what it does for one, and something for the whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from analysis.records.phases import PHASES
from mtl_core.errors import UserError
from study.cli import run as of_study
from study.cli.check import facts_of_study, say_study
from study.cli.check_remarks import warn_of_remarks
from study.cli.console import command_line, say, say_json, say_prose
from study.cli.status import WATCH_SECONDS, lines_of
from study.cli.study_status import Status, read_status
from study.config.durations import duration
from study.config.load import read_suite
from study.config.spec import Spec
from study.config.suite import NAME, Suite, SuitePosition
from study.config.text import printable
from study.driver.devices import refuse_a_missing_gpu
from study.driver.run_suite import PreparedSuite, prepare_suite, prepare_suite_run, run_prepared_suite
from study.execution.cluster_token import refuse_unprotected
from study.planning.forecast_words import size_text, time_text
from study.store.ledger import NAME as LEDGER
from study.store.ledger import is_locked
from study.store.remote.address import is_address


def check(suite: Suite, *, out: Path, as_json: bool, columns: bool = False) -> None:
    """Print what ``run`` would do with each study of ``suite``, then with the whole.

    ``columns`` prints every column of wide tables, too.
    """
    for spec in suite.studies.values():
        refuse_a_missing_gpu(spec.device, None, spec.training.precision)
    prepared = prepare_suite(suite, out=out)
    replicas = _replicas(prepared)
    if as_json:
        studies = {name: facts_of_study(study) for name, study in prepared.studies.items()}
        forecast = prepared.forecast.event()
        say_json({"name": suite.name, "studies": studies, "replicas": replicas, "forecast": forecast})
        return
    for number, study in enumerate(prepared.studies.values(), start=1):
        say(f"[{number} of {len(prepared.studies)}]")
        say_study(study, most_arms=0, columns=columns)
        say("")
    forecast = prepared.forecast
    disk, memory = size_text(forecast.peak_disk), size_text(forecast.memory)
    shown = ", ".join(f"{phase} {number:,}" for phase, number in replicas.items())
    say(f"{suite.name}: {len(prepared.studies)} studies, one after the other; replicas: {shown}")
    say(f"forecast of the suite: {time_text(forecast)}, {disk} of disk, {memory} of memory")


def _replicas(prepared: PreparedSuite) -> dict[str, int]:
    counts = [study.plan.counts() for study in prepared.studies.values()]
    return {phase: sum(count[phase] for count in counts) for phase in PHASES}


def run(
    suite: Suite,
    *,
    out: Path,
    as_json: bool,
    take_over: bool = False,
    **how: Any,
) -> None:
    """Train what is missing of each study of ``suite`` and report on it when it ends, then report on the suite.

    The arguments are those of :func:`study.cli.run.run`.
    """
    _refuse_an_address(out, take_over)
    of_study.refuse_a_file(out)
    of_study.announce_if_over(out, [out / name for name in suite.studies])
    refuse_unprotected(how.get("address"), how.get("insecure", False))

    def after(path: Path, position: SuitePosition) -> None:
        say(*([] if as_json else ["", f"{path.name} ({position.number} of {position.of})"]))
        of_study.report(path, as_json=as_json)

    with of_study.saying_how_to_resume():
        prepared = prepare_suite_run(suite, out.absolute(), address=how.get("address"))
        for name, study in prepared.studies.items():
            for loss in study.plan.shrunk:
                typer.echo(printable(f"budget: {name}: {loss}"), err=True)
            warn_of_remarks(study.task_set.remarks, name)
        screen = of_study.screen_of(as_json)
        run_prepared_suite(prepared, out=out, after=after, **how, screen=screen, command=command_line())
    _report_of_all(out, as_json)


def _refuse_an_address(out: Path, take_over: bool) -> None:
    """Refuse a suite in an object store, where each study has to have an address of its own.

    Raises:
        UserError: when ``out`` is an address, or something is to be taken over.
    """
    if is_address(out) or take_over:
        found = "a suite is kept in a directory."
        raise UserError(f"--out {out}", found, "Name a directory, or run its studies one by one with an address each.")


def report(out: Path, *, as_json: bool) -> None:
    """Write the reports of all studies that have begun, then the one of the suite in ``out``."""
    import analysis

    for name in read_suite(out / NAME).studies:
        if (out / name / LEDGER).is_file():
            analysis.write_report(out / name)
    _report_of_all(out, as_json)


def _report_of_all(out: Path, as_json: bool) -> None:
    import analysis

    page = analysis.write_report(out)
    verdict = analysis.verdict_text(out)
    if as_json:
        facts = {
            "suite": read_suite(out / NAME).name,
            "run": str(out),
            "report": str(page),
            "headline": verdict.headline,
            "sentences": verdict.sentences,
        }
        say_json({"event": "reported", **facts})
    else:
        say("")
        say_prose(verdict.headline, *verdict.sentences)
        say("", f"report: {page}")


def status(run: Path, *, watch: bool, as_json: bool) -> None:
    """Print the status of every study in ``run``; with ``watch`` again and again while a driver works on the suite."""
    suite = read_suite(run / NAME)
    while True:
        alive = is_locked(run)  # before the rest is read; between two studies no driver works on either of them
        found = {name: _status(run / name) for name in suite.studies}
        if as_json:
            studies = {name: None if now is None else now.facts() for name, now in found.items()}
            say_json({"suite": suite.name, "studies": studies})
        else:
            say(*_lines(run, found))
        if not watch or not (alive or any(now is not None and now.alive for now in found.values())):
            return
        time.sleep(WATCH_SECONDS)


def _status(run: Path) -> Status | None:
    return read_status(run) if (run / LEDGER).is_file() else None


def _lines(run: Path, found: dict[str, Status | None]) -> list[str]:
    lines: list[str] = []
    for name, now in found.items():
        lines += [f"{run / name}: not begun"] if now is None else lines_of(run / name, now)
    over = sum(now is not None and now.is_over for now in found.values())
    seconds_left = sum(now.left.seconds for now in found.values() if now is not None and now.left is not None)
    waiting = sum(now is None for now in found.values())
    after = f", about {duration(seconds_left)} left of what has begun" if seconds_left else ""
    return [*lines, f"{run}: {over} of {len(found)} studies finished, {waiting} not begun{after}"]


def each_study(suite: Suite, command: Callable[[Spec], Any], *, as_json: bool) -> None:
    """Run a command for single studies on each study of ``suite``, under its name."""
    for name, spec in suite.studies.items():
        say(*([] if as_json else [f"# {name}"]))
        command(spec)
