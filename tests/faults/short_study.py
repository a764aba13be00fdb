"""A driver of the short study on the real engine, in an interpreter of its own: ``OUT BACKEND``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import typer

import study.cli.run as command
from study.cli.console import reports_errors
from tests.faults.lab import SHORT
from tests.study.conftest import tiny

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in a shell's background ignore it
    command.report = lambda *arguments, **options: None
    spec = tiny(**SHORT, backend=sys.argv[2], workers=2)
    try:
        reports_errors(command.run)(spec, out=Path(sys.argv[1]), address=None, as_json=False)
    except typer.Exit as end:
        sys.exit(end.exit_code)
