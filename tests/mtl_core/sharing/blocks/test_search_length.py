"""The length of a search."""

from __future__ import annotations

import pytest

from mtl_core.recipe import Recipe
from mtl_core.sharing.blocks.search_length import search_epochs, why_no_length


def test_it_is_a_share_of_the_epochs_and_at_least_one() -> None:
    assert search_epochs(Recipe(epochs=30), 0.25) == 8
    assert search_epochs(Recipe(epochs=30, sharing_options={"settle_at": 0.5}), 0.25) == 15
    assert search_epochs(Recipe(epochs=1), 0.25) == 1


@pytest.mark.parametrize("wrong", [0, 1, -1, "late"])
def test_what_is_no_share_is_named(wrong: object) -> None:
    assert why_no_length(Recipe(sharing_options={"settle_at": wrong}), 0.25) == (
        f"settle_at must lie between 0 and 1, found {wrong!r}"
    )
    assert why_no_length(Recipe(), 0.25) is None
