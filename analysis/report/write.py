"""Write the report: one page, its figures and its tables, from the records alone.

``analysis.write_report(run)`` reads nothing but data, opens no connection, and writes the same bytes for the same
records.
"""

from __future__ import annotations

import os
from pathlib import Path

from analysis.questions import answers
from analysis.records.load import load
from analysis.records.load_suite import SuiteRecords, is_suite, load_suite
from analysis.records.schema import Records, UnreadableRun
from analysis.report.output.figures import draw
from analysis.report.output.html import render
from analysis.report.study_page import compose
from analysis.report.suite_page import compose_suite


def write_report(run: str | Path | Records) -> Path:
    """Write ``report.html``, ``figures/`` and ``tables/`` into the run directory, or into the directory of a suite.

    Args:
        run: a run directory, or its records; or the directory of a suite, whose studies keep the reports they have.

    Returns:
        The path of ``report.html``.

    Raises:
        UnreadableRun: what cannot be read or written, and what to do.
    """
    found = run if isinstance(run, Records) else load_suite(run) if is_suite(run) else load(run)
    try:
        return _report(found) if isinstance(found, Records) else _report_of_suite(found)
    except OSError as error:
        raise UnreadableRun(
            f"{found.path}: the report cannot be written ({error.strerror}). Make room or allow it."
        ) from error


def _report_of_suite(suite: SuiteRecords) -> Path:
    folders = {name: _folder(suite.path / name) for name in ("figures", "tables")}
    page = compose_suite(suite, folders["figures"])
    for table in page.tables:
        table.save(folders["tables"])
    return _write(suite.path / "report.html", render(page, "suite.html.j2"))


def _report(records: Records) -> Path:
    folders = {name: _folder(records.path / name) for name in ("figures", "tables")}
    answered = answers(records)
    page = compose(records, answered, [drawing for answer in answered if (drawing := draw(answer, folders["figures"]))])
    for table in page.tables:
        table.save(folders["tables"])
    return _write(records.path / "report.html", render(page))


def _folder(path: Path) -> Path:
    """The folder, inside the run directory: a link left there by someone else is not followed."""
    if path.is_symlink():
        raise UnreadableRun(f"{path}: is a link that leads elsewhere. Remove it, and the folder is made anew.")
    path.mkdir(parents=True, exist_ok=True)
    for link in filter(Path.is_symlink, path.iterdir()):
        link.unlink()
    return path


def _write(path: Path, text: str) -> Path:
    """Under a temporary name first, so that nobody ever opens half a page."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.write_text(text, encoding="utf-8", newline="")
    os.replace(temporary, path)
    return path
