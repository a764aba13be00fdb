"""A fused array between two changes of its rows; tests/mtl_core/test_fusion.py shows that rows do not depend on it."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest
import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.fused_array import FusedArray, fresh_state
from mtl_core.training.model_selection import CURVES
from tests.mtl_core.worlds import development, rows

RECIPE = Recipe(depth=1, stages=2, width=8, batch_size=64, epochs=4, weighting="famo")
DATA = development()
NETWORK = Network(RECIPE, DATA.tasks, DATA.shape)


def array_of(chosen: list[ReplicaConfig]) -> FusedArray:
    states = [fresh_state(RECIPE, NETWORK, row) for row in chosen]
    return FusedArray(RECIPE, DATA, NETWORK, chosen, states, [prepare(DATA, row.seed) for row in chosen])


def test_a_fresh_state_has_trained_nothing() -> None:
    row = rows(3)[2]
    state = fresh_state(RECIPE, NETWORK, row)
    assert torch.equal(state["parameters"], NETWORK.layout.initialise([row.seed])[0])
    assert torch.equal(state["selected"], state["parameters"])
    assert (int(state["epoch"]), int(state["selected_epoch"]), float(state["best_skill"])) == (0, -1, -torch.inf)
    assert not state["diverged"]
    assert not state["stopped"]
    assert all(state[name].shape == (4, 3) and state[name].isnan().all() for name in CURVES)
    assert any(name.startswith("weighting.") for name in state)


def test_an_epoch_moves_every_row_and_is_counted() -> None:
    array = array_of(rows(3))
    before = array.states()
    array.advance()
    assert array.epochs == [1, 1, 1]
    assert array.halted == [False] * 3
    for old, new in zip(before, array.states(), strict=True):
        assert not torch.equal(new["parameters"], old["parameters"])
        assert new["first_moment"].any()
        assert new["validation_loss"][0].isfinite().all()
        assert new["validation_loss"][1:].isnan().all()
        assert new["seconds"] > 0
    assert array.best_skill == max(float(state["best_skill"]) for state in array.states())


def test_an_epoch_in_two_parts_is_the_same_epoch() -> None:
    whole, parts = array_of(rows(2)), array_of(rows(2))
    whole.advance()
    parts.after_epoch(parts.train_epoch())
    for one, other in zip(whole.states(), parts.states(), strict=True):
        assert all(torch.equal(one[name].nan_to_num(), other[name].nan_to_num()) for name in one if name != "seconds")


def test_an_epoch_can_end_after_its_first_steps() -> None:
    assert array_of(rows(2)).steps > 2
    two, again, whole = array_of(rows(2)), array_of(rows(2)), array_of(rows(2))
    two.train_epoch(2)
    again.train_epoch(1)
    whole.train_epoch(10_000)
    updates = [array.states()[0]["updates"].max().item() for array in (again, two, whole)]
    assert updates == [1, 2, whole.steps]


@pytest.mark.parametrize("weighting", ["equal", "gradnorm", "pcgrad"])
def test_the_memory_of_an_array_is_free_as_soon_as_nothing_refers_to_it(weighting: str) -> None:
    """Python collects cycles of references when it likes, and a worker makes the next array before that."""
    freed: list[bool] = []
    recipe, chosen = replace(RECIPE, weighting=weighting, batch_size=16), rows(2)
    network = Network(recipe, DATA.tasks, DATA.shape)
    states = [fresh_state(recipe, network, row) for row in chosen]
    array = FusedArray(recipe, DATA, network, chosen, states, [prepare(DATA, row.seed) for row in chosen])
    while array.epochs[0] < 2:
        array.advance()
    assert array._trainer.recorded is not None
    assert array._trainer.recorded.has_program
    gc.collect()
    gc.disable()
    try:
        weakref.finalize(array._trainer, freed.append, True)
        weakref.finalize(array._parts.loader, freed.append, True)
        del array
    finally:
        gc.enable()
    assert freed == [True, True]


def test_states_are_copies_and_one_row_has_one_state() -> None:
    array = array_of(rows(1))
    (kept,) = array.states()
    parameters = kept["parameters"].clone()
    array.advance()
    assert torch.equal(kept["parameters"], parameters)
    assert (len(array.states()), len(array.epochs), len(array.halted)) == (1, 1, 1)


def test_a_row_whose_loss_is_not_finite_has_halted() -> None:
    chosen = rows(2)
    states = [fresh_state(RECIPE, NETWORK, row) for row in chosen]
    states[1]["parameters"].fill_(torch.nan)
    array = FusedArray(RECIPE, DATA, NETWORK, chosen, states, [prepare(DATA, row.seed) for row in chosen])
    array.advance()
    assert array.halted == [False, True]
    assert [bool(state["diverged"]) for state in array.states()] == [False, True]
