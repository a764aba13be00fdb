"""``run`` and ``demo``: all phases, then the report; ``report`` is the last step alone."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from mtl_core.errors import UserError
from study.cli.console import say, say_json, say_prose
from study.config.load import read_spec
from study.config.spec import Spec
from study.config.text import printable


def run(spec: Spec, *, out: Path, address: str | None, as_json: bool) -> None:
    """Train what is missing of ``spec`` in ``out``, then write the report and open with the verdict."""
    from study.driver.run import run as run_study

    refuse_a_file(out)
    if spec.budget is not None:
        _say_what_the_budget_takes(spec, out)
    screen = "json" if as_json else "auto"
    with saying_how_to_go_on():
        path = run_study(spec, out=out, backend=spec.backend, address=address, workers=spec.workers, screen=screen)
    report(path, as_json=as_json)


def refuse_a_file(out: Path) -> None:
    """Refuse to write into what is no directory."""
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out}", "this is a file.", "Name a directory, new or of an earlier run.")


@contextmanager
def saying_how_to_go_on() -> Iterator[None]:
    """Print the command that resumes, when the block is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        again = printable(shlex.join(["mtl-study", *sys.argv[1:]]))
        typer.echo(f"\nStopped.  What is done is kept; this goes on with the rest:\n  {again}", err=True)
        raise


def _say_what_the_budget_takes(spec: Spec, out: Path) -> None:
    from study.planning.prepare import prepare

    begun = out / "study.yaml"
    prepared = prepare(spec, out=out, stored=read_spec(begun) if begun.is_file() else None)
    for loss in prepared.plan.shrunk:
        typer.echo(printable(f"budget: {loss}"), err=True)


def report(path: Path, *, as_json: bool = False) -> None:
    """Write the report of the run in ``path``; say the verdict, and where the report is."""
    import analysis

    page = analysis.write_report(path)
    verdict = analysis.verdict_text(path)
    if as_json:
        facts = {"study": path.name, "report": str(page), "headline": verdict.headline, "sentences": verdict.sentences}
        say_json({"event": "reported", **facts})
    else:
        say("")
        say_prose(verdict.headline, *verdict.sentences)
        say("", f"report: {page}")
