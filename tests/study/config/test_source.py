"""Where a study was written: the line of its file, or the ``--set``, for whatever finds a mistake in it later."""

from __future__ import annotations

import pytest

from mtl_core.errors import UserError
from study.config.source import Source
from study.config.strict_yaml import parse

FILE = """tasks: {set: digits3}
training:
  weighting_options:
    dwa: {temperature: 2}
suite:
  canvas:
    training: {epochs: 3}
"""
SOURCE = Source(parse(FILE, "a.yaml"), "a.yaml", ["training.sharing_options.mmoe.experts=x"])


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("training.weighting_options.dwa.temperature", "a.yaml, line 4: training.weighting_options.dwa.temperature"),
        ("training.weighting_options.mgda", "a.yaml, line 3: training.weighting_options.mgda"),
        ("tasks.seed", "a.yaml, line 1: tasks.seed"),
        ("training.sharing_options.mmoe.experts", "--set training.sharing_options.mmoe.experts=x"),
        ("factors.norm", "factors.norm"),
        ("data.csv: column 'x'", "data.csv: column 'x'"),
        ("budget 2h", "budget 2h"),
    ],
)
def test_a_mistake_names_the_line_of_the_setting(where: str, place: str) -> None:
    with pytest.raises(UserError) as placed, SOURCE.placing():
        raise UserError(where, "it is odd.", "Mend it.")
    assert (placed.value.where, placed.value.found, placed.value.remedy) == (place, "it is odd.", "Mend it.")
    with pytest.raises(UserError) as again, SOURCE.placing():
        raise placed.value
    assert again.value.where == place


def test_a_study_of_a_suite_has_what_stands_in_its_section_or_beside_it() -> None:
    canvas = Source(SOURCE.document, "a.yaml", ["suite.canvas.band=2"], "canvas")
    assert canvas.place(("training", "epochs")) == "a.yaml, line 7: suite.canvas.training.epochs"
    assert canvas.place(("training", "weighting_options", "dwa")).startswith("a.yaml, line 4: training.")
    assert canvas.place(("band",)) == "--set suite.canvas.band=2"
    assert canvas.is_own(("training", "epochs"))
    assert not canvas.is_own(("training", "weighting_options"))


def test_where_a_study_was_written_makes_it_no_other() -> None:
    assert Source() == SOURCE
