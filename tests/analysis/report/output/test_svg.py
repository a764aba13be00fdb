"""An inline figure draws, and does nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.plots import style
from analysis.report.output.svg import inline
from tests.analysis.report.hostile import HOSTILE

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50">'


def inlined(content: str) -> str:
    return str(inline(f'<?xml version="1.0"?>{OPEN}{content}</svg>', name="one", alternative="A figure."))


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>",
        "<style>* { display: none }</style>",
        "<foreignObject><div/></foreignObject>",
        '<a href="http://example.org"><path d="M0 0"/></a>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
        '<path onload="alert(1)" d="M0 0"/>',
        '<image href="http://example.org/x.png"/>',
        '<image xlink:href="data:image/svg+xml;base64,PHN2Zy8+"/>',
        '<use xlink:href="http://example.org/x.svg#a"/>',
        '<path style="fill: url(http://example.org)" d="M0 0"/>',
        '<path style="fill: u\\72l(http://example.org)" d="M0 0"/>',
        '<path fill="url(javascript:alert(1))" d="M0 0"/>',
        "<metadata>http://example.org</metadata>",
        "<title>tip</title>",
    ],
)
def test_what_runs_or_loads_is_gone(content: str) -> None:
    markup = inlined(content)
    assert not re.search(r"script|alert|example\.org|style=|display|svg\+xml|onload|tip|<a |foreign", markup)


def test_ids_of_two_figures_never_meet() -> None:
    content = '<defs><clipPath id="c"><rect id="r"/></clipPath></defs><g clip-path="url(#c)"><use xlink:href="#r"/></g>'
    markup = inlined(content)
    assert 'id="one-c"' in markup
    assert "url(#one-c)" in markup
    assert 'href="#one-r"' in markup
    assert not re.search(r'[#"][cr]["\)]', markup)


def test_it_is_an_image_with_an_alternative_and_a_cropped_top() -> None:
    drawing = f'{OPEN}<g id="headline"><path d="M1 1"/></g><path d="M0 0"/></svg>'
    markup = inline(drawing, name="one", alternative='A "figure" <b>', without="headline", above=10)
    assert 'role="img"' in markup
    assert 'aria-label="A &quot;figure&quot; &lt;b&gt;"' in markup
    assert 'viewBox="0 10 100 40"' in markup
    assert "M1 1" not in markup
    assert "xmlns" not in markup


def test_hostile_labels_in_a_drawn_figure(tmp_path: Path) -> None:
    with style.style():
        figure = style.canvas(style.SINGLE_COLUMN, 200)
        axes = figure.subplots()
        axes.set_yticks(range(len(HOSTILE)), list(style.labels(HOSTILE).values()))
    text = style.save(figure, tmp_path, "hostile")["svg"].read_text("utf-8")
    markup = inline(text, name="hostile", alternative=" ".join(HOSTILE))
    tags = set(re.findall(r"<([a-zA-Z]+)", markup))
    assert tags <= {"svg", "g", "path", "defs", "use", "rect", "clipPath"}
    assert markup.count("<svg") == 1
