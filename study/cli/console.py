"""Printing on the command line, and its exit statuses."""

from __future__ import annotations

import functools
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from mtl_core.errors import UserError
from study.config.text import printable

USER_ERROR, INTERRUPTED = 2, 130


def say(*lines: str) -> None:
    """Print lines of plain text; names in them can neither steer the terminal nor colour it."""
    for line in lines:
        typer.echo(printable(line))


def say_prose(*paragraphs: str) -> None:
    """Print paragraphs: on a terminal broken between words, elsewhere one line each."""
    for paragraph in paragraphs:
        text = printable(paragraph)
        wide = min(shutil.get_terminal_size().columns, 100)
        typer.echo(textwrap.fill(text, wide, break_on_hyphens=False) if sys.stdout.isatty() else text)


def say_json(content: Any) -> None:
    """Print one line of JSON, in ASCII."""
    typer.echo(json.dumps(content))


def say_table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print a table that fits the terminal."""
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    for heading in headings:
        table.add_column(printable(heading))
    for row in rows:
        table.add_row(*(printable(str(cell)) for cell in row))
    wide = None if sys.stdout.isatty() else 200
    Console(markup=False, highlight=False, emoji=False, width=wide).print(table)


def reports_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: a user's error becomes three lines and exit status 2, Ctrl+C exit status 130."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            parts = _parts(error)
            if parts is None:
                raise
            for heading, text in zip(("where", "found", "do"), parts, strict=True):
                if text:
                    typer.echo(f"{heading:>6}  {printable(text)}", err=True)
            raise typer.Exit(USER_ERROR) from None

    return run


def _parts(error: Exception) -> tuple[str, str, str] | None:
    """Place, finding and remedy of a user's error; ``None`` for a defect of the program, which keeps its traceback."""
    if isinstance(error, UserError):
        return error.where, error.found, error.remedy
    # Asked of the modules that are loaded: an error of a class that was never imported cannot be under way.
    records = sys.modules.get("analysis.records.schema")
    if records is not None and isinstance(error, records.UnreadableRun):
        return "", str(error), ""
    return None
