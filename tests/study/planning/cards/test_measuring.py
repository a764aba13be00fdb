"""The measurement of several networks within one stretch of time."""

from __future__ import annotations

import pickle
from functools import partial
from itertools import count
from typing import Any

import pytest
import torch

from mtl_core.training.device import CPU
from study.planning.cards.measuring import PROBE_SECONDS, Card, Wanted, card_here, measured, measured_here
from study.planning.cards.samples import Sample
from study.planning.cards.shape import Shape, shape_of
from study.planning.network_costs import NetworkCosts
from tests.study.planning.cards.stand_in import StandInCard
from tests.study.planning.test_forecast import plan, task_set


def wanted(*digests: str, most: int = 1024) -> list[Wanted]:
    networks: list[Any] = [*digests]
    return [Wanted(Shape(name, ("hard", "equal", "mlp", 2), 10, 10), name, most) for name in networks]


def test_networks_are_measured_in_order() -> None:
    card = StandInCard()
    found = measured(wanted("a", "b"), card, card.sample)
    assert list(found.measured) == ["a", "b"]
    assert found.failures == {}
    assert found.measured["a"].limit == "speed"
    assert found.measured["a"].free_bytes == card.total


def test_all_of_them_together_take_no_longer_than_the_probe_may() -> None:
    """Each takes 12 seconds by itself: the second is cut short, the third has no time."""
    card = StandInCard(host=1.0, row_seconds=1 / 16)
    began = card.now
    found = measured(wanted("a", "b", "c"), card, card.sample)
    assert card.now - began <= PROBE_SECONDS
    assert [one.limit for one in found.measured.values()] == ["speed", "time"]
    assert "c" not in found.failures


def test_a_network_that_cannot_be_trained_does_not_keep_others_from_it() -> None:
    card = StandInCard()

    def sample(network: Any, rows: int) -> Sample:
        if network == "broken":
            raise ValueError("my module says no\nand more")
        if network == "huge":
            rows *= 10**6
        return card.sample(network, rows)

    found = measured(wanted("broken", "huge", "sound"), card, sample)
    assert list(found.measured) == ["sound"]
    assert found.failures == {
        "broken": "ValueError: my module says no",
        "huge": "not one row fits into the card's memory",
    }


def test_what_a_user_interrupts_is_interrupted() -> None:
    def sample(network: Any, rows: int) -> Sample:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(wanted("a"), StandInCard(), sample)


class HostMeter:
    """A meter whose clock goes on by a second at every look."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.looks = device, count(1)

    def free_bytes(self) -> float:
        return 5e9

    def forget_peak(self) -> None:
        pass

    def peak_bytes(self) -> float:
        return 1e6

    def seconds(self) -> float:
        return float(next(self.looks)) / 100


@pytest.fixture
def cpu_for_card(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"card": "H100", "memory_bytes": 80 * 10**9}
    monkeypatch.setattr("mtl_core.training.device.chosen_device", lambda name: CPU)
    monkeypatch.setattr("mtl_core.training.device.device_facts", lambda device: facts)
    monkeypatch.setattr("mtl_core.training.device_meter.CardMeter", HostMeter)


def test_what_is_done_on_a_card_here_and_in_a_process_elsewhere(cpu_for_card: None) -> None:
    """What Ray sends to a process and back is what it was."""
    assert card_here() == Card("H100", 80 * 10**9, torch.__version__, 5e9)
    networks = NetworkCosts(task_set(60)).networks(plan(factors={"width": [8]}))[:2]
    asked = [Wanted(shape_of(one.recipe, one.view), one, 8) for one in networks]
    threads = torch.get_num_threads()
    sent = pickle.loads(pickle.dumps(partial(measured_here, asked)))
    found = pickle.loads(pickle.dumps(sent()))
    assert torch.get_num_threads() == threads
    assert found.failures == {}
    assert set(found.measured) == {one.shape.digest for one in asked}
    for one in found.measured.values():
        assert [sample.rows for sample in one.samples] == [4, 8]
        assert one.limit == "replicas"
