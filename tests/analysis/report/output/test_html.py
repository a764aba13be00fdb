"""A page as HTML: names are text wherever they stand, and a page that lacks a part does not come out half empty."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest
from jinja2 import UndefinedError

from analysis.report.output.html import Indented, render
from analysis.report.output.tables import Table
from analysis.report.sections.alerts import Alert
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD, words_of

EVIL = "<script>alert(1)</script>\x1b[31m\u202e & {{ 7 * 7 }}"


def test_hostile_texts_are_escaped_and_cleaned(records_of: StudyOf) -> None:
    page = words_of(records_of(replace(ODD, phases=("search",))))
    html = render(replace(page, name=EVIL, headline=EVIL, alerts=[Alert(EVIL, EVIL)], configuration=[Indented(EVIL)]))
    assert "<script" not in html
    assert not any(sign in html for sign in "\x1b\u202e")
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7 * 7 }}") >= 5
    assert "49" not in re.findall(r"<h1.*?</h1>", html, flags=re.DOTALL)[0]


def test_rows_that_the_page_leaves_out_are_counted(records_of: StudyOf) -> None:
    page = words_of(records_of(replace(ODD, phases=("search",))))
    long = Table("long", "Rows.", pd.DataFrame({"row": [f"row {i}." for i in range(7)]}), title="Long", most_rows=3)
    html = render(replace(page, extra_tables=[long]))
    assert [f"row {number}." in html for number in range(7)] == [True] * 3 + [False] * 4
    assert "The first 3 of 7 rows; the files have all of them." in html
    whole = render(replace(page, extra_tables=[replace(long, most_rows=7)]))
    assert "of 7 rows" not in whole


def test_the_study_file_keeps_its_indentation(records_of: StudyOf) -> None:
    page = words_of(records_of(replace(ODD, phases=("search",))))
    html = render(replace(page, configuration=[Indented("factors:"), Indented("    width:\t[16,   64] ")]))
    assert "factors:\n    width: [16, 64]\n" in unescape(html)


def test_a_page_without_a_part_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render(object())
