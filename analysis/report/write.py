"""Write the report: one page, its figures and its tables, from the records alone.

``analysis.write_report(run)`` reads nothing but data, opens no connection, and writes the same bytes for the same
records.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from analysis.questions import Answer, answers
from analysis.records.load import load
from analysis.records.load_suite import SuiteRecords, is_suite, load_suite
from analysis.records.schema import Records, UnreadableRun
from analysis.records.study_state import state_of
from analysis.report.output.figures import Drawing, draw
from analysis.report.output.tables import Table
from analysis.report.page import Indented, Page, render
from analysis.report.sections import appendix, budget, first_screen, limits, tasks
from analysis.report.sections.advice import advice, recipe
from analysis.report.sections.alerts import alerts, strongest_caveat
from analysis.report.sections.commands import commands, steps
from analysis.report.sections.forest import forest

GAINS, GAPS = "transfer", "overfitting"
"""The questions that give the verdicts, and the last column of their table."""


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
    from analysis.report.suite_page import compose_suite

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


def compose(records: Records, answered: list[Answer], figures: list[Drawing]) -> Page:
    """The page, section by section."""
    state, found = state_of(records), {answer.question.stem: answer.table for answer in answered}
    transfer, gaps = found.get(GAINS, pd.DataFrame()), tasks.gap_changes(found.get(GAPS, pd.DataFrame()))
    warnings, said = alerts(records, state), advice(records, state)
    return Page(
        name=str(records.spec.get("name") or records.manifest.get("name") or "study"),
        subtitle=first_screen.subtitle(records),
        headline=said.headline,
        sentences=said.sentences,
        forest=forest(transfer),
        facts=first_screen.facts(records, state),
        caveat=said.caveat or strongest_caveat(warnings),
        next=said.next,
        groups=tasks.groups(transfer, gaps),
        tasks_table=tasks.tasks_table(transfer, gaps),
        alerts=warnings,
        figures=figures,
        extra_tables=[_table(answer) for answer in answered],
        recommendation=said.recommendation,
        recipe=recipe(records, state),
        use=steps(records, state),
        budget_words=budget.budget_words(records, state),
        budget_tables=budget.budget_tables(records, state),
        limits=limits.limits(records, state, transfer),
        changes=said.changes,
        appendix=appendix.appendix(records, state),
        configuration=[Indented(line) for line in appendix.configuration(records)],
        commands=commands(records),
        footer=first_screen.footer(records),
    )


def _table(answer: Answer) -> Table:
    """A question's table: a heading of its own only where there is no figure to stand for it."""
    title = answer.question.name if answer.question.figure is None else ""
    return Table(answer.question.stem, answer.caption, answer.table, title=title)


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
