"""The look: labels for any name, equal bytes for equal figures, no trace of the machine's settings."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest

from analysis.plots import style

HOSTILE = [
    "$x{$",
    "<script>alert(1)</script>",
    "\\frac{",
    "tab\there",
    "a\nb",
    "\x1b[31mred",
    "\u202eevil",
    "漢字",
    "👩‍🔬",
    "=cmd()",
    "",
    " ",
]


@style.styled
def drawing(text: str = "a finding") -> style.Figure:
    figure = style.canvas(style.SINGLE_COLUMN, 40)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    axes.set_title(next(iter(style.labels([text]).values())))
    style.headline(figure, text)
    return figure


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_drawn(name: str, tmp_path: Path) -> None:
    for path in style.save(drawing(name), tmp_path, "figure").values():
        assert path.stat().st_size > 0
    assert "<script" not in (tmp_path / "figure.svg").read_text()


def test_labels_are_short_printable_and_never_alike() -> None:
    names = [
        *HOSTILE,
        "a" * 300,
        "a" * 299,
        "漢字漢",
        "字漢字",
        *(f"a long name that ends in {n} numbers" for n in range(3)),
    ]
    shown = style.labels(names)
    assert list(shown) == names
    assert len(set(shown.values())) == len(names)
    for label in shown.values():
        assert label.count("\n") <= 1
        assert max(map(len, label.split("\n"))) <= 22
        assert "\x1b" not in label


def test_names_that_fit_are_left_alone() -> None:
    assert style.labels(["left", "Grün–blau"]) == {"left": "left", "Grün–blau": "Grün–blau"}
    assert style.unprintable(["left", "Grün–blau"]) == ""
    assert style.UNKNOWN in style.unprintable(["left", "\x07"])


def test_figures_are_saved_with_the_same_bytes_whatever_the_settings(tmp_path: Path) -> None:
    first = style.save(drawing(), tmp_path / "first", "figure")
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "svg.hashsalt": "other", "savefig.dpi": 30}):
        second = style.save(drawing(), tmp_path / "second", "figure")
    assert set(first) == {"svg", "pdf", "png"}
    for kind, path in first.items():
        assert path.read_bytes() == second[kind].read_bytes(), kind
    assert b"<dc:date>" not in first["svg"].read_bytes()


def test_the_settings_of_the_process_are_given_back() -> None:
    before = dict(matplotlib.rcParams)
    drawing()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("stem", ["../x", "a/b", "", "A b", "x.svg"])
def test_a_stem_is_no_path(stem: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no file name"):
        style.save(drawing(), tmp_path, stem)
