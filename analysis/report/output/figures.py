"""The figures: saved for papers as SVG, PDF and PNG, and laid into the page without their headlines.

In the page the headline is text, so that it follows the reader's size and colours and can be copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure

from analysis.plots import style
from analysis.questions import Answer
from analysis.report.output import svg

WIDE = 300.0
"""Points; a drawing wider than this is not squeezed into the width of a telephone but scrolls there."""
HEADLINE = "headline"
MOST_LINES = 24
"""Lines of text that stand for a figure; of more, the table has all."""


@dataclass(frozen=True)
class Drawing:
    """A figure of the page.

    Args:
        name: the question's stem; also of its files.
        question: the heading.
        title: the finding.
        caption: unit, n, pairing, interval, selection rule.
        alternative: the figure in words: the finding and ``values``.
        values: what the figure shows, as lines of text with their numbers.
        drawing: inline SVG.
        is_wide: scrolls in a narrow window.
        files: labels and paths, relative to the page.
    """

    name: str
    question: str
    title: str
    caption: str
    alternative: str
    values: list[str]
    drawing: Markup
    is_wide: bool
    files: list[tuple[str, str]]


def draw(answer: Answer, folder: Path) -> Drawing | None:
    """Draw the figure of one answer and save it in ``folder``; ``None`` for a mere table."""
    figure, question = answer.figure(), answer.question
    if figure is None:
        return None
    return lay_out(
        figure, folder, name=question.stem, question=question.name, title=answer.title, caption=answer.caption,
        values=values(answer),
    )  # fmt: skip


def lay_out(
    figure: Figure, folder: Path, *, name: str, question: str, title: str, caption: str, values: list[str]
) -> Drawing:
    """Save ``figure`` in ``folder``, and make it a part of the page; its data are those of the table ``name``."""
    above = _settle(figure)
    alternative = " ".join([_sentence(title), *map(_sentence, values)])
    text = style.save(figure, folder, name)["svg"].read_text("utf-8")
    figures = [(kind.upper(), f"figures/{name}.{kind}") for kind in ("svg", "pdf", "png")]
    return Drawing(
        name=name,
        question=question,
        title=_sentence(title),
        caption=caption,
        alternative=alternative,
        values=values,
        drawing=svg.inline(text, name=name, alternative=alternative, without=HEADLINE, above=above),
        is_wide=svg.width_of(text) > WIDE,
        files=[("Data (CSV)", f"tables/{name}.csv"), *figures],
    )


def values(answer: Answer) -> list[str]:
    """Return what the figure shows as lines of text, the first :data:`MOST_LINES` of them."""
    lines = answer.question.words(answer.table) if answer.question.words is not None else []
    more = f"The table has all {len(lines)} lines" if len(lines) > MOST_LINES else ""
    return [*lines[:MOST_LINES], *([more] if more else [])]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _settle(figure: Figure) -> float:
    """Lay the figure out once for all formats, and mark its headline; returns the headline's height in points."""
    with style.style():
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # "none" leaves an engine for which every format is drawn twice
        found = [text for text in figure.texts if text.get_text() and text.get_text() == figure.get_suptitle()]
        if not found:
            return 0.0
        found[0].set_gid(HEADLINE)
        bottom = found[0].get_window_extent().y0 / figure.dpi * 72
    return max(0.0, float(figure.get_figheight() * 72 - bottom))
