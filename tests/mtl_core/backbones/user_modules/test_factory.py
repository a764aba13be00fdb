"""A user's modules are found by their paths, built from a seed, and refused where a row cannot hold them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from mtl_core.backbones.user_modules.factory import LARGEST_INTEGER, check, maker
from mtl_core.errors import UserError

CODE = """
from torch import nn

def sized(inputs, width=3):
    return nn.Linear(inputs[0], width)

class Inner:
    made = staticmethod(lambda **anything: nn.Linear(1, 1))
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "their_networks.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "their_networks"
    sys.modules.pop("their_networks", None)


def test_a_factory_gets_the_keywords_that_it_names(path: str) -> None:
    assert maker(f"{path}:sized", "stage 1", (4, 2), 7).build(0).weight.shape == (7, 4)
    assert maker(f"{path}:Inner.made", "stage 1", (4, 2), 7).build(0).weight.shape == (1, 1)
    assert maker(nn.ReLU, "stage 1", (4, 2), 7).build(0).inplace is False


def test_a_seed_means_the_same_parameters_whatever_was_drawn_before() -> None:
    made = maker(lambda: nn.Linear(3, 3), "stage 1", (3,), 3)
    first = made.build(5).weight
    torch.rand(3)
    before = torch.get_rng_state()
    assert torch.equal(made.build(5).weight, first)
    assert not torch.equal(made.build(6).weight, first)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_module_that_cannot_be_reset_is_given() -> None:
    assert maker(nn.Sequential(nn.Linear(2, 2)), "stage 1", (2,), 2).given
    assert not maker(nn.Linear(2, 2), "stage 1", (2,), 2).given
    assert not maker(nn.ReLU(), "stage 1", (2,), 2).given


def test_a_missing_package_says_where_paths_are_looked_for() -> None:
    with pytest.raises(UserError, match="PYTHONPATH"):
        maker("their_missing_networks:sized", "stage 1", (4,), 7)


def test_whole_numbers_that_a_row_cannot_tell_apart_are_refused() -> None:
    module = nn.Module()
    module.register_buffer("table", torch.tensor([LARGEST_INTEGER]))
    check(module, "stage 1")
    module.register_buffer("table", torch.tensor([LARGEST_INTEGER + 1]))
    with pytest.raises(UserError, match="table holds whole numbers beyond 16,777,216"):
        check(module, "stage 1")
