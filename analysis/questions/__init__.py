"""One question, one file, three verbs: ``score`` what each seed says, ``table`` the answer, draw the ``figure``.

Adding a figure to the report means adding a file here.  A question module has

- ``NUMBER``, its place in the report, and ``NAME``, its heading;
- ``score(records) -> frame``: tidy rows, as close to single replicas as the question allows; empty where the study
  does not ask it;
- ``table(scores) -> frame``: estimates with interval and n;
- ``figure(table) -> Figure`` and ``title(table)``: the finding in one sentence, true by construction;
- ``caption(table)``: unit, n, paired or not, kind of interval, selection rule;
- ``words(table)``: what the figure shows as lines of text with their numbers, for whoever does not see it.

``figure``, ``title`` and ``words`` may be missing where a table says it all.  Anything else fails loudly, at once.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.records.schema import Records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REQUIRED = ("NUMBER", "NAME", "score", "table", "caption")
DRAWN = ("figure", "title", "words")
"""Parts that a question has all of, or none."""


@dataclass(frozen=True)
class Question:
    """A question module.

    Args:
        stem: the file's name, also of the figures and tables.
        number: place in the report.
        name: heading.
        score, table, figure, title, caption, words: its functions; those of :data:`DRAWN` are ``None`` for a mere
            table.
    """

    stem: str
    number: int
    name: str
    score: Callable[[Records], pd.DataFrame]
    table: Callable[[pd.DataFrame], pd.DataFrame]
    caption: Callable[[pd.DataFrame], str]
    figure: Callable[[pd.DataFrame], Figure] | None
    title: Callable[[pd.DataFrame], str] | None
    words: Callable[[pd.DataFrame], list[str]] | None = None


@dataclass(frozen=True)
class Answer:
    """The answer to a question: ``scores`` and ``table`` as frames, ``title`` and ``caption`` as text."""

    question: Question
    scores: pd.DataFrame
    table: pd.DataFrame
    title: str
    caption: str

    def figure(self) -> Figure | None:
        """Draw the figure anew; ``None`` for a mere table."""
        return None if self.question.figure is None else self.question.figure(self.table)


@cache
def questions() -> tuple[Question, ...]:
    """Return every question, in the order of the report.

    Raises:
        TypeError: a module lacks a part, or two have the same number.
    """
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    found = sorted((_question(name) for name in names), key=lambda question: question.number)
    for first, second in pairwise(found):
        if first.number == second.number:
            raise TypeError(f"Questions {first.stem} and {second.stem} both have the number {first.number}.")
    return tuple(found)


def answers(records: Records) -> list[Answer]:
    """Return the answers to all questions that the records can answer, in the order of the report."""
    return [found for question in questions() if (found := _answer(question, records))]


def table_of(name: str, records: Records) -> pd.DataFrame:
    """Return the table of the question ``name``, computed once for these records; empty where they cannot answer it."""
    if name not in records.answered:
        _answer(_question(name), records)
    return records.answered[name]


def _answer(question: Question, records: Records) -> Answer | None:
    """The answer to a question, if there is one; its table is remembered."""
    scores = question.score(records)
    table = records.answered[question.stem] = question.table(scores) if len(scores) else scores
    if table.empty:
        return None
    title = question.title(table) if question.title else question.name
    return Answer(question, scores, table, title, question.caption(table))


def _question(name: str) -> Question:
    module = importlib.import_module(f"{__name__}.{name}")
    missing = [part for part in REQUIRED if not hasattr(module, part)]
    drawn = [part for part in DRAWN if hasattr(module, part)]
    missing += [part for part in DRAWN if drawn and part not in drawn]
    if missing:
        raise TypeError(f"The question {module.__name__} lacks {', '.join(missing)}.")
    functions: dict[str, Any] = {part: getattr(module, part, None) for part in ("score", "table", "caption", *DRAWN)}
    return Question(stem=name, number=module.NUMBER, name=module.NAME, **functions)
