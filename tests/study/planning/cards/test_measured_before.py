"""Measurements of one study serve the next one, unless anything differs that they depend on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from study.planning.cards import measured_before as module
from study.planning.cards.card_packing import Known
from study.planning.cards.measured_before import MeasuredBefore
from study.planning.cards.samples import Measured, Sample
from study.planning.cards.shape import Shape
from tests.study.planning.cards.stand_in import StandInCard

CARD = StandInCard().card
SHAPE = Shape("abc", ("hard", "equal", "mlp", 2), 100, 1000)
KNOWN = Known(SHAPE, 500, Measured([Sample(4, 10.0, 1.0), Sample(8, 20.0, 1.0)], "speed", 1e9), at_most=3)
ASKED = Known(SHAPE, 77)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mtl-study" / "cards"


def test_what_was_kept_is_known_to_the_next_study() -> None:
    before = MeasuredBefore(CARD, {})
    assert before.of(ASKED) == ASKED
    before.keep(KNOWN)
    found = before.of(ASKED)
    assert (found.at_most, found.most_rows, before.problem) == (3, 77, "")
    assert found.measured is not None
    assert KNOWN.measured is not None
    assert found.measured.facts() == KNOWN.measured.facts()


def test_but_not_on_another_card_or_torch_or_of_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    MeasuredBefore(CARD, {"mine:f": "1"}).keep(KNOWN)
    assert MeasuredBefore(replace(CARD, free_bytes=1.0), {"mine:f": "1"}).of(ASKED) != ASKED
    for other in (replace(CARD, name="A100"), replace(CARD, torch="3.0"), replace(CARD, memory_bytes=1)):
        assert MeasuredBefore(other, {"mine:f": "1"}).of(ASKED) == ASKED
    assert MeasuredBefore(CARD, {"mine:f": "2"}).of(ASKED) == ASKED
    assert MeasuredBefore(CARD, {"mine:f": "1"}).of(replace(ASKED, shape=replace(SHAPE, digest="d"))).measured is None
    monkeypatch.setattr(module, "ENGINE_VERSION", -1)
    assert MeasuredBefore(CARD, {"mine:f": "1"}).of(ASKED) == ASKED


@pytest.mark.parametrize(
    "value", ["text", [], {"measured": {"samples": []}}, {"measured": 3}, {"measured": "x", "at_most": 5}]
)
def test_a_file_that_says_something_else_is_measured_anew(folder: Path, value: object) -> None:
    before = MeasuredBefore(CARD, {})
    before.keep(KNOWN)
    (file,) = folder.iterdir()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"value": value}))
    assert before.of(ASKED) == ASKED


def test_that_nothing_could_be_kept_is_told(folder: Path) -> None:
    folder.parent.write_text("a file")
    before = MeasuredBefore(CARD, {})
    before.keep(KNOWN)
    assert str(folder) in before.problem
