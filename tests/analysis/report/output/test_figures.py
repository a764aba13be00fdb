"""A figure of the page: its files, its drawing without the headline, and its text alternative."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.plots import style
from analysis.questions import Answer, Question
from analysis.report.output.figures import MOST_LINES, WIDE, draw, values

FINDING = "left gains most"


def figure_of(width: float) -> Figure:
    with style.style():
        figure, axes = plt.subplots(figsize=(width, 2.0), layout="constrained")
        axes.plot([0, 1], [0, 1])
        figure.suptitle(FINDING)
    plt.close(figure)
    return figure


def answer_of(table: pd.DataFrame, *, width: float | None = 3.0) -> Answer:
    """An answer with a figure ``width`` inches wide; ``None``: a mere table."""
    question = Question(
        stem="some",
        number=1,
        name="Who gains?",
        score=lambda _: table,
        table=lambda scores: scores,
        caption=lambda _: "Points, n = 5.",
        figure=None if width is None else lambda _: figure_of(width),
        title=lambda _: FINDING,
        words=None if width is None else lambda table: [f"{row.task}: {row.gain:.1f}" for row in table.itertuples()],
    )
    return Answer(question, table, table, FINDING, "Points, n = 5.")


TABLE = pd.DataFrame({"task": ["left", "right"], "gain": [4.25, -1.5], "n": [5, 5], "secret": ["x", "y"]})


def test_a_figure_is_saved_in_every_format_and_linked_where_it_lies(tmp_path: Path) -> None:
    drawing = draw(answer_of(TABLE), tmp_path)
    assert drawing is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["some.pdf", "some.png", "some.svg"]
    assert all(path.stat().st_size > 1000 for path in tmp_path.iterdir())
    assert [path for _, path in drawing.files] == [
        "tables/some.csv",
        *(f"figures/some.{k}" for k in ("svg", "pdf", "png")),
    ]
    assert (drawing.question, drawing.title, drawing.caption) == ("Who gains?", f"{FINDING}.", "Points, n = 5.")


def test_a_figure_is_drawn_once_to_be_laid_out_and_once_for_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, plainly = [], Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda figure, renderer: (drawn.append(renderer), plainly(figure, renderer)))
    draw(answer_of(TABLE), tmp_path)
    assert len(drawn) == 1 + len(style.METADATA)


def test_the_page_has_the_headline_as_text_and_the_file_has_it_in_the_drawing(tmp_path: Path) -> None:
    drawing = draw(answer_of(TABLE), tmp_path)
    assert drawing is not None
    saved = (tmp_path / "some.svg").read_text("utf-8")
    assert 'id="headline"' in saved
    assert "headline" not in drawing.drawing
    heights = [float(text.split('viewBox="')[1].split('"')[0].split()[3]) for text in (saved, drawing.drawing)]
    assert 5 < heights[0] - heights[1] < 40


@pytest.mark.parametrize(("inches", "wide"), [(WIDE / 72 - 0.3, False), (WIDE / 72 + 0.5, True)])
def test_a_drawing_too_wide_for_a_telephone_scrolls(tmp_path: Path, inches: float, wide: bool) -> None:
    drawing = draw(answer_of(TABLE, width=inches), tmp_path)
    assert drawing is not None
    assert drawing.is_wide == wide


def test_a_mere_table_has_no_drawing_and_no_file(tmp_path: Path) -> None:
    assert draw(answer_of(TABLE, width=None), tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_alternative_is_the_finding_and_the_lines_of_the_question(tmp_path: Path) -> None:
    drawing = draw(answer_of(TABLE), tmp_path)
    assert drawing is not None
    assert drawing.values == ["left: 4.2", "right: -1.5"]
    assert f'aria-label="{FINDING}. left: 4.2. right: -1.5."' in drawing.drawing


def test_the_lines_are_bounded() -> None:
    long = answer_of(pd.DataFrame({"task": [f"<task {i}>" for i in range(60)], "gain": [0.0] * 60}))
    lines = values(long)
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "The table has all 60 lines"
    assert values(answer_of(TABLE, width=None)) == []
