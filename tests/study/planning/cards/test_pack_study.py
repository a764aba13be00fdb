"""A study packed on a card that is none: what is measured of its plan, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from study.planning.cards.cards_here import measured_before
from study.planning.cards.measuring import Findings, Wanted, measured
from study.planning.cards.pack_study import MOST_ROWS, Measurable, known_kind, measured_kind
from study.planning.cards.study_cards import StudyCards
from study.planning.forecast import Forecaster
from tests.study.planning.cards.stand_in import GB, StandInCard
from tests.study.planning.test_forecast import plan, task_set

FACTORS: dict[str, Any] = {"width": [8, 16, 32], "stages": [2], "depth": [1]}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mtl-study" / "cards"


def study(**parts: Any) -> Measurable:
    return Forecaster(task_set(), 1).measurable(plan(**{"factors": FACTORS} | parts))


class Measuring:
    """Measures on a stand-in, and notes what it was asked to."""

    def __init__(self, card: StandInCard) -> None:
        self.card, self.asked = card, []

    def __call__(self, wanted: Sequence[Wanted]) -> Findings:
        self.asked.append([(one.network.recipe.sharing, one.network.recipe.width) for one in wanted])
        return measured(wanted, self.card, self.card.sample)


def cards_of(of: Measurable, card: StandInCard, measuring: Any, number: int = 1) -> StudyCards:
    return StudyCards((measured_kind(of, card.card, number, measuring, measured_before(of, card.card)),))


def packed(card: StandInCard, most: int = 4, **parts: Any) -> tuple[StudyCards, Measuring]:
    measuring, of = Measuring(card), study(**parts)
    return cards_of(of, card, measuring).packed_for(of.plan, of.networks, most), measuring


def rows(cards: StudyCards) -> set[int]:
    packing = cards.kinds[0].packing
    return {packing.rows_of(one).number for one in packing.known}


def test_of_every_kind_the_smallest_and_the_largest_are_measured_and_those_between_are_like_them() -> None:
    cards, measuring = packed(StandInCard(), tuning={"draws": 256}, search={"seeds": 2})
    (asked,) = measuring.asked
    assert {width for sharing, width in asked if sharing == "hard"} == {8, 32}
    assert len(cards.kinds[0].packing.known) > len(asked)
    assert len(cards.kinds[0].networks) >= len(asked)
    assert rows(cards) == {128}


def test_a_second_study_measures_nothing(cache: Path) -> None:
    first, _ = packed(StandInCard(), tuning={"draws": 256})
    again, measuring = packed(StandInCard(), tuning={"draws": 256})
    assert measuring.asked == []
    assert (rows(again), again.arrays) == (rows(first), first.arrays)
    for file in cache.iterdir():
        file.write_bytes(file.read_bytes()[:40])
    again, measuring = packed(StandInCard(), tuning={"draws": 256})
    assert len(measuring.asked) == 1, "files that are torn are measured again"
    assert rows(again) == rows(first)


def test_a_study_that_has_more_replicas_than_the_last_one_measures_more_rows() -> None:
    few, _ = packed(StandInCard(), tuning={"draws": 4}, confirm={"seeds": 3}, verdict={"seeds": 4})
    assert max(rows(few)) <= 4 * 2 * 3
    many, measuring = packed(StandInCard(), tuning={"draws": 256})
    assert len(measuring.asked) == 1
    assert rows(many) == {128}


def test_a_tiny_study_fills_a_card_by_several_shards() -> None:
    cards, _ = packed(StandInCard(), tuning={"draws": 2}, search={"seeds": 1}, confirm={"seeds": 3})
    assert cards.arrays == 4
    assert packed(StandInCard(), most=1)[0].arrays == 1


def test_a_large_study_of_small_networks_is_bounded() -> None:
    cards, _ = packed(StandInCard(row=1e3, row_seconds=1e-9), tuning={"draws": 4096})
    assert rows(cards) == {MOST_ROWS}


def test_where_memory_is_short_arrays_are_small_and_alone() -> None:
    """Of three gigabytes 85% less the fixed one hold 155 rows of ten megabytes."""
    cards, _ = packed(StandInCard(total=3 * GB, row_seconds=1e-5), tuning={"draws": 256})
    assert (max(rows(cards)), cards.arrays) == (155, 1)


def test_where_nothing_could_be_measured_it_is_told_and_the_study_goes_on() -> None:
    of, card = study(), StandInCard()
    failed = cards_of(of, card, lambda wanted: Findings()).packed_for(of.plan, of.networks, 2)
    assert (failed.arrays, max(rows(failed)) <= 32, failed.is_measured) == (2, True, False)

    def broken(wanted: Sequence[Wanted]) -> Findings:
        return Findings(failures={one.shape.digest: "ValueError: no" for one in wanted})

    failed = cards_of(of, card, broken)
    assert any(one.failure == "ValueError: no" for one in failed.kinds[0].packing.known)


def test_what_is_known_is_not_measured() -> None:
    of, card = study(), StandInCard()
    first = measured_kind(of, card.card, 2, Measuring(card), measured_before(of, card.card))
    again = known_kind(of, card.card, 2, first.packing.known, measured_before(of, card.card), arrays=2)
    assert (again.networks, again.number, again.packing.arrays) == (first.networks, 2, 2)


def test_what_could_not_be_kept_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cards, _ = packed(StandInCard())
    (kind,) = cards.kinds
    assert "file" in kind.unkept
    assert set(kind.measurement()) == {"seconds", "unkept"}
