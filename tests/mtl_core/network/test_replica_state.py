"""Joining and separating the states of replicas."""

from __future__ import annotations

import pytest
import torch

from mtl_core.network.replica_state import join, separate

STATES = [{"parameters": torch.arange(3.0) + row, "epoch": torch.tensor(row)} for row in range(4)]


def test_separating_undoes_joining() -> None:
    stacked = join(STATES)
    assert {name: value.shape for name, value in stacked.items()} == {"parameters": (4, 3), "epoch": (4,)}
    for state, expected in zip(separate(stacked), STATES, strict=True):
        assert list(state) == list(expected)
        assert all(torch.equal(state[name], value) for name, value in expected.items())


def test_separated_states_share_no_memory_with_the_stack() -> None:
    stacked = join(STATES)
    states = separate(stacked)
    stacked["parameters"].zero_()
    assert torch.equal(states[2]["parameters"], STATES[2]["parameters"])


def test_states_that_lack_an_entry_are_not_joined() -> None:
    with pytest.raises(KeyError, match="epoch"):
        join([STATES[0], {"parameters": torch.zeros(3)}])
