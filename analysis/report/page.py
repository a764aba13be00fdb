"""The page as data, and as HTML: every text is cleaned and escaped on its way through the template."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis.report.output.escaping import plain
from analysis.report.output.figures import Drawing
from analysis.report.output.tables import Table
from analysis.report.sections.alerts import Alert
from analysis.report.sections.commands import Step
from analysis.report.sections.first_screen import Fact
from analysis.report.sections.forest import Forest
from analysis.report.sections.tasks import Group

SECTIONS = {
    "tasks": "Task by task",
    "alerts": "Alerts",
    "figures": "Figures",
    "recommendation": "Recommendation, and how to use it",
    "budget": "What was compared, with what budget",
    "limits": "Limits, and what would change the verdict",
    "appendix": "Appendix",
}


@dataclass(frozen=True)
class Page:
    """Everything that the template shows, in its order."""

    name: str
    subtitle: str
    headline: str
    sentences: list[str]
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
        return [self.tasks_table, *self.extra_tables, *recipe, *self.budget_tables, *self.appendix]


class Indented(str):
    """A clean line that keeps the spaces at its start."""

    def __new__(cls, line: str) -> Indented:
        """Clean ``line``."""
        return super().__new__(cls, " " * (len(line) - len(line.lstrip(" "))) + plain(line))


def render(page: object, template: str = "study.html.j2") -> str:
    """The page as HTML; the template knows what it shows of it."""
    environment = Environment(
        loader=PackageLoader("analysis.report", package_path="templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(page=page)


def _clean(value: Any) -> Any:
    """What the template prints: markup and indented lines as they are, all other text as plain text."""
    return plain(value) if isinstance(value, str) and not isinstance(value, (Markup, Indented)) else value
