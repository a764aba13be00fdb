"""``run`` and ``demo``: all phases, then the report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import typer

from mtl_core.mistakes import Mistake
from study.console import say, say_json
from study.names import printable
from study.spec import Spec


def run(spec: Spec, *, out: Path, address: str | None, as_json: bool) -> None:
    """Train what is missing of ``spec`` in ``out``, then write the report and open with the verdict."""
    from study.run import run as run_study

    if out.exists() and not out.is_dir():
        raise Mistake(f"--out {out}", "this is a file.", "Name a directory, new or of an earlier run.")
    screen = "json" if as_json else "auto"
    try:
        path = run_study(spec, out=out, backend=spec.backend, address=address, workers=spec.workers, screen=screen)
    except KeyboardInterrupt:
        again = printable(shlex.join(["mtl-study", *sys.argv[1:]]))
        typer.echo(f"\nStopped.  What is done is kept; this goes on with the rest:\n  {again}", err=True)
        raise
    report(path, as_json=as_json)


def report(path: Path, *, as_json: bool = False) -> None:
    """Write the report of the run in ``path`` and say where it is."""
    import analysis

    page = analysis.report(path)
    if as_json:
        say_json({"event": "reported", "report": str(page)})
    else:
        say(f"report: {page}")
