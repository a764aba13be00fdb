"""Printing on the command line, and its exit statuses."""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from mtl_core.errors import UserError
from study.config.text import printable
from study.driver.watching.log_file import copied_to
from study.store.unwritable import is_unwritable

DEFECT, USER_ERROR, INTERRUPTED = 1, 2, 130


def command_line() -> tuple[str, ...]:
    """Return the command that is under way, as it can be given again."""
    return ("mtl-study", *sys.argv[1:])


def say(*lines: str) -> None:
    """Print lines of plain text; names in them can neither steer the terminal nor colour it."""
    for line in lines:
        typer.echo(printable(line))


def say_prose(*paragraphs: str, error: bool = False) -> None:
    """Print paragraphs: on a terminal broken between words, elsewhere one line each; ``error``: to standard error."""
    stream = sys.stderr if error else sys.stdout
    for paragraph in paragraphs:
        text = printable(paragraph)
        wide = min(shutil.get_terminal_size().columns, 100)
        typer.echo(textwrap.fill(text, wide, break_on_hyphens=False) if stream.isatty() else text, err=error)


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
    """Decorate a command: errors become three lines, Ctrl+C exit status 130.

    The exit status is 2 for a user's error and 1 for a defect of the program, whose traceback goes to a file.  A
    command with the option ``log_file`` has what it prints copied there.
    """

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        with contextlib.ExitStack() as copying:  # errors are copied, too
            try:
                copying.enter_context(copied_to(options.get("log_file")))
                command(*arguments, **options)
            except KeyboardInterrupt:
                raise typer.Exit(INTERRUPTED) from None
            except BrokenPipeError:
                raise  # whoever reads the output has enough of it, as in `| head`: the command line ends silently
            except Exception as error:
                parts, exit_status = _parts(error), USER_ERROR
                if parts is None:
                    parts, exit_status = _parts_of_defect(error, options.get("out") or options.get("run")), DEFECT
                for heading, text in zip(("where", "found", "do"), parts, strict=True):
                    if text:
                        typer.echo(f"{heading:>6}  {printable(text)}", err=True)
                raise typer.Exit(exit_status) from error

    return run


def _parts_of_defect(error: Exception, directory: Any) -> tuple[str, str, str]:
    """Write the traceback of a defect of the program to a file, and return three lines that name it.

    Args:
        error: what was raised.
        directory: the run directory, where the file goes if that exists; else it goes to the current directory.
    """
    folder = Path(directory) if directory is not None and Path(directory).is_dir() else Path()
    path = folder / f"crash-{datetime.now():%Y%m%d-%H%M%S}.txt"
    text = "".join(traceback.format_exception(error))
    advice = "Please report it with this file; what is recorded is kept, and the same command goes on from there."
    try:
        path.write_text(text)
    except OSError:
        typer.echo(text, err=True)
        return "mtl-study", f"a defect of the program: {_first_line(error)}.", advice.replace("this file", "the above")
    return str(path), f"a defect of the program: {_first_line(error)}.", advice


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:500].rstrip(".: ")


def _parts(error: Exception) -> tuple[str, str, str] | None:
    """Place, finding and remedy of a user's error or a disk that is full or locked; ``None`` for a defect."""
    if isinstance(error, UserError):
        return error.where, error.found, error.remedy
    if isinstance(error, OSError) and is_unwritable(error):
        where = str(error.filename or "the disk")
        return where, f"nothing can be written there: {error.strerror}.", "Free or unlock it, or choose another --out."
    # Asked of the modules that are loaded: an error of a class that was never imported cannot be under way.
    records = sys.modules.get("analysis.records.schema")
    if records is not None and isinstance(error, records.UnreadableRun):
        return "", str(error), ""
    return None
