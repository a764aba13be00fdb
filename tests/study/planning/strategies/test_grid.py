"""Strategy ``grid``: every arm, each for itself."""

from __future__ import annotations

from study.planning.strategies.grid import Grid
from tests.study.planning.strategies.played import play_all, space, whole


def test_every_arm_is_searched_once_and_none_waits_for_another() -> None:
    among = space(search={"strategy": "grid"})
    assert len(Grid().policies(among)) == len(among.candidates + among.baselines)
    _, asked = play_all(Grid(), among)
    assert whole(asked) == [*among.candidates, *among.baselines]


def test_its_amount_is_that_of_halving_in_every_arm() -> None:
    among = space(search={"strategy": "grid", "rungs": [0.5]})
    amount = Grid().of_candidates(among)
    assert amount.trials == 4 * len(among.candidates)
    assert amount.epochs == (4 * 4 + 2 * 4) * len(among.candidates)
