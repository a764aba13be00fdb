"""The cards of this machine, as a study that is prepared finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from study.planning.cards import cards_here as module
from study.planning.cards.cards_here import cards_here, trains_on_gpu
from study.planning.cards.facts import packing_facts
from study.planning.cards.measuring import Findings, Wanted, measured
from tests.study.planning.cards.stand_in import StandInCard
from tests.study.planning.cards.test_pack_study import cache, study  # noqa: F401 - a fixture


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, cache: Path) -> StandInCard:  # noqa: F811
    """Three such cards."""
    found = StandInCard()

    def measured_here(wanted: Sequence[Wanted]) -> Findings:
        return measured(wanted, found, found.sample)

    monkeypatch.setattr(module, "measured_here", measured_here)
    monkeypatch.setattr(module, "card_here", lambda: found.card)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    return found


@pytest.mark.parametrize(
    ("device", "there", "found"),
    [("auto", True, True), ("cuda", True, True), ("cpu", True, False), ("cuda", False, False)],
)
def test_gpus_train_where_there_are_some_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, device: str, there: bool, found: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert trains_on_gpu(device) is found


def test_one_card_is_measured_for_all(card: StandInCard) -> None:
    said: list[int] = []
    found = cards_here(study(), announce=lambda: said.append(len(card.tried)))
    assert (found.number, found.is_settled, found.is_measured) == (3, False, True)
    tried = len(card.tried)
    assert tried
    assert said == [0]
    cards_here(study(), announce=lambda: said.append(len(card.tried)))
    assert len(card.tried) == tried, "kept for the next study"
    assert said == [0]


def test_a_study_that_was_begun_on_such_a_card_goes_on_as_it_was_packed(
    card: StandInCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = cards_here(study()).shared_by(2)
    event = {"event": "packed", **packing_facts(before, before.kinds[0])}
    tried = len(card.tried)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    found = cards_here(study(), [{"event": "planned"}, event])
    assert (found.arrays, found.is_settled, len(card.tried)) == (2, True, tried)
    assert found.kinds[0].networks == before.kinds[0].networks
    other = replace(card.card, name="A100")
    monkeypatch.setattr(module, "card_here", lambda: other)
    assert not cards_here(study(), [event]).is_settled, "another card is measured"
    assert len(card.tried) > tried
