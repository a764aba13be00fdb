"""The page of a study as data, section by section."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from analysis.questions import Answer
from analysis.recommendation.recommend import opening, recommend
from analysis.records.schema import Records
from analysis.records.study_state import LoadedStudy
from analysis.report.output.figures import Drawing
from analysis.report.output.html import Indented
from analysis.report.output.tables import Table
from analysis.report.sections import appendix, budget, first_screen, limits, tasks
from analysis.report.sections.alert import Alert, by_consequence
from analysis.report.sections.alerts import alerts, strongest_caveat
from analysis.report.sections.commands import Step, commands, steps
from analysis.report.sections.diverged import diverged_table
from analysis.report.sections.evidence_alerts import evidence_alerts
from analysis.report.sections.first_screen import Fact
from analysis.report.sections.forest import Forest, forest
from analysis.report.sections.front import front_table
from analysis.report.sections.log_loss import log_loss_rows, log_loss_sentences, log_loss_table
from analysis.report.sections.options import OptionLine, option_lines, options_table
from analysis.report.sections.own_losses import own_losses_words
from analysis.report.sections.precision import precision_table
from analysis.report.sections.recommendation import advised, recipe
from analysis.report.sections.tasks import Group
from analysis.report.sections.tuning_noise import tuning_noise
from analysis.report.sections.weights import weights_words

SECTIONS = {
    "tasks": "Task by task",
    "alerts": "Alerts",
    "figures": "Figures",
    "recommendation": "Recommendation, and how to use it",
    "budget": "What was compared, with what budget",
    "limits": "Limits, and what would change the verdict",
    "appendix": "Appendix",
}


GAINS, GAPS = "transfer", "overfitting"
"""The questions that give the verdicts, and the last column of their table."""


@dataclass(frozen=True)
class Page:
    """Everything that the template shows, in its order."""

    name: str
    subtitle: str
    headline: str
    sentences: list[str]
    options: list[OptionLine]
    options_table: Table | None
    forest: Forest | None
    facts: list[Fact]
    caveat: str
    next: Step
    groups: list[Group]
    tasks_table: Table
    alerts: list[Alert]
    figures: list[Drawing]
    extra_tables: list[Table]
    recommendation: list[str]
    recipe: Table | None
    use: list[Step]
    budget_words: list[str]
    budget_tables: list[Table]
    limits: list[str]
    changes: list[str]
    appendix: list[Table]
    configuration: list[Indented]
    commands: list[Step]
    footer: str
    sections: dict[str, str] = field(default_factory=lambda: dict(SECTIONS))

    @property
    def tables(self) -> list[Table]:
        """Every table that gets files."""
        recipe = [self.recipe] if self.recipe else []
        options = [self.options_table] if self.options_table else []
        return [*options, self.tasks_table, *self.extra_tables, *recipe, *self.budget_tables, *self.appendix]


def compose(records: Records, answered: list[Answer], figures: list[Drawing]) -> Page:
    """The page, section by section."""
    study, found = LoadedStudy(records), {answer.question.stem: answer.table for answer in answered}
    transfer, gaps = found.get(GAINS, pd.DataFrame()), tasks.gap_changes(found.get(GAPS, pd.DataFrame()))
    recommendation, by_loss = recommend(records), log_loss_rows(records)
    warnings = by_consequence([*alerts(study), *evidence_alerts(records, recommendation.options)])
    return Page(
        name=str(records.spec.get("name") or records.manifest.get("name") or "study"),
        subtitle=first_screen.subtitle(records),
        headline=recommendation.headline,
        sentences=opening(recommendation),
        options=option_lines(recommendation),
        options_table=options_table(recommendation),
        forest=forest(transfer, recommendation.arm),
        facts=first_screen.facts(study),
        caveat=recommendation.caveat or strongest_caveat(warnings),
        next=Step(recommendation.step, recommendation.command),
        groups=tasks.groups(transfer, gaps, log_loss_sentences(by_loss, transfer, _metrics(records))),
        tasks_table=tasks.tasks_table(transfer, gaps),
        alerts=warnings,
        figures=figures,
        extra_tables=[*(_table(answer) for answer in answered), *log_loss_table(by_loss)],
        recommendation=advised(recommendation),
        recipe=recipe(study, recommendation),
        use=steps(study, recommendation),
        budget_words=budget.budget_words(study),
        budget_tables=[
            *budget.budget_tables(study),
            *front_table(study),
            *precision_table(records, recommendation),
            *diverged_table(study),
        ],
        limits=[
            *limits.limits(study, transfer),
            *tuning_noise(study, recommendation.options),
            *weights_words(records),
            *own_losses_words(records),
        ],
        changes=recommendation.changes,
        appendix=appendix.appendix(study),
        configuration=[Indented(line) for line in appendix.configuration(records)],
        commands=commands(records),
        footer=first_screen.footer(records),
    )


def _metrics(records: Records) -> dict[str, str]:
    return dict(zip(records.tasks["task"], records.tasks["metric"], strict=True)) if "metric" in records.tasks else {}


def _table(answer: Answer) -> Table:
    """A question's table: a heading of its own only where there is no figure to stand for it."""
    title = answer.question.name if answer.question.figure is None else ""
    return Table(answer.question.stem, answer.caption, answer.table, title=title)
