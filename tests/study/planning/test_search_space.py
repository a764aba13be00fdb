"""What a strategy may choose from."""

from __future__ import annotations

from study.planning.search_space import survivors_epochs
from tests.study.planning.strategies.played import space


def test_references_are_always_searched_and_open_to_no_choice() -> None:
    among = space()
    assert set(among.open_candidates) | set(among.references) == set(among.candidates)
    assert not set(among.open_candidates) & set(among.references)
    assert set(among.always) == set(among.baselines) | set(among.references)
    assert space(search={"strategy": "grid"}).references == ()


def test_epochs_of_what_is_left_at_every_rung() -> None:
    assert survivors_epochs(9, [1, 3, 9], 3) == 9 * 1 + 3 * 2 + 1 * 6
    assert survivors_epochs(4, [8], 3) == 32
    assert space(search={"rungs": [0.5]}).halved_epochs() == 4 * 4 + 2 * 4
