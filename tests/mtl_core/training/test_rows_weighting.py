"""What a weighting method remembers and is told, as entries and columns of the rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.training.rows_weighting import weighting_memory, weighting_of, weighting_state
from tests.mtl_core.worlds import development, rows

RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=64, epochs=4)
DATA = development()


def test_a_methods_memory_is_found_again_in_the_state_and_not_copied() -> None:
    memory = {"weights": torch.ones(2, 3), "target": torch.zeros(2, 3)}
    state = weighting_state(memory) | {"parameters": torch.zeros(2, 5)}
    again = weighting_memory(state)
    assert again.keys() == memory.keys()
    assert all(again[name] is value for name, value in memory.items())


def test_hyperparameters_of_the_method_are_columns() -> None:
    network = Network(RECIPE, DATA.tasks, DATA.shape)
    method = weighting_of(replace(RECIPE, weighting="cagrad"), network, rows(2, c=[0.2, 0.7]))
    torch.testing.assert_close(method.c, torch.tensor([[0.2], [0.7]]))  # type: ignore[attr-defined]
    with pytest.raises(KeyError, match="c"):
        weighting_of(replace(RECIPE, weighting="cagrad"), network, [*rows(1, c=0.2), *rows(1)])


def test_columns_are_where_the_method_works() -> None:
    """The device, or the host for a method that solves its problems there."""
    network, meta = Network(RECIPE, DATA.tasks, DATA.shape), torch.device("meta")
    stch = weighting_of(replace(RECIPE, weighting="rlw"), network, rows(2), meta)
    dwa = weighting_of(replace(RECIPE, weighting="dwa"), network, rows(2, temperature=[1.0, 2.0]), meta)
    cagrad = weighting_of(replace(RECIPE, weighting="cagrad"), network, rows(2, c=[0.2, 0.7]), meta)
    assert not stch.solves_on_host
    assert dwa.temperature.device == meta  # type: ignore[attr-defined]
    assert cagrad.c.device.type == "cpu"  # type: ignore[attr-defined]


def test_a_rows_value_outside_the_domain_is_refused() -> None:
    network = Network(RECIPE, DATA.tasks, DATA.shape)
    with pytest.raises(ValueError, match="temperature is 0; it should be a finite number above 0"):
        weighting_of(replace(RECIPE, weighting="dwa"), network, rows(2, temperature=[1.0, 0]))
    with pytest.raises(ValueError, match="temperature is 0"):
        weighting_of(replace(RECIPE, weighting="dwa", weighting_options={"temperature": 0}), network, rows(2))
