"""The jackknife over blocks: exact for means, the same blocks for the same examples, and whole groups in a block."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.data.metrics.own.delete_a_group import MOST_BLOCKS, block_influence, influence_by_groups


def test_with_few_examples_a_mean_has_its_textbook_influence() -> None:
    numbers = torch.randn(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = block_influence(lambda own: numbers[own].mean().item(), 60)
    torch.testing.assert_close(found, (numbers - numbers.mean()) * (60 / 59) ** 0.5, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("number", [MOST_BLOCKS * 5, MOST_BLOCKS * 7 + 13])
def test_with_many_the_variance_is_right_though_blocks_are_left_out(number: int) -> None:
    chance, ratios = torch.Generator().manual_seed(1), []
    for _ in range(30):
        numbers = torch.randn(number, generator=chance, dtype=torch.float64)
        found = block_influence(lambda own, numbers=numbers: numbers[own].mean().item(), number)
        assert abs(found.mean()) < 1e-9
        ratios.append(found.var() / numbers.var())
    assert torch.stack(ratios).mean() == pytest.approx(1, abs=0.06)


def test_differences_of_two_values_have_the_difference_of_their_contributions() -> None:
    first, second = torch.randn(2, 1000, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    one, other, both = (
        block_influence(lambda own, values=values: values[own].mean().item(), 1000)
        for values in (first, second, first - second)
    )
    torch.testing.assert_close(one - other, both, rtol=1e-9, atol=1e-12)


def groups_of(number: int, sizes: tuple[int, int], chance: torch.Generator) -> Tensor:
    return torch.arange(number).repeat_interleave(torch.randint(sizes[0], sizes[1] + 1, (number,), generator=chance))


def variance_by_groups(influence: Tensor, groups: Tensor) -> float:
    """The jackknife's, as the report computes it of the contributions of examples."""
    sizes, number = groups.bincount().double(), int(groups.max()) + 1
    sums = torch.zeros(number, dtype=torch.float64).index_add_(0, groups, influence) / (len(groups) - sizes)
    return (number - 1) / number * sums.square().sum().item()


def test_with_few_groups_each_has_what_its_examples_have_in_a_mean() -> None:
    chance = torch.Generator().manual_seed(3)
    groups = groups_of(25, (1, 9), chance)
    numbers = torch.randn(len(groups), generator=chance, dtype=torch.float64)
    found = influence_by_groups(lambda own: numbers[own].mean().item(), groups)
    sums = torch.zeros(25, dtype=torch.float64)
    expected = sums.index_add(0, groups, numbers - numbers.mean())
    torch.testing.assert_close(sums.index_add(0, groups, found), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("number", "sizes"), [(40, (3, 8)), (60, (1, 30)), (600, (1, 4))])
@pytest.mark.parametrize("of", ["mean", "correlation"])
def test_the_standard_error_is_that_of_a_bootstrap_over_groups(number: int, sizes: tuple[int, int], of: str) -> None:
    """Examples of a group are alike, so that single examples would seem to say more than they do."""
    values = {"mean": lambda rows: rows[0].mean().item(), "correlation": lambda rows: rows.corrcoef()[0, 1].item()}
    value, ratios = values[of], []
    for seed in range(4):
        chance = torch.Generator().manual_seed(seed)
        groups = groups_of(number, sizes, chance)
        common = torch.randn(2, number, generator=chance, dtype=torch.float64)[:, groups]
        rows = common + 0.5 * torch.randn(2, len(groups), generator=chance, dtype=torch.float64)
        rows[1] += rows[0]
        found = influence_by_groups(lambda own, rows=rows: value(rows[:, own]), groups)
        places = [torch.nonzero(groups == group)[:, 0] for group in range(number)]
        drawn = [
            value(rows[:, torch.cat([places[one] for one in torch.randint(number, (number,), generator=chance)])])
            for _ in range(300)
        ]
        ratios.append(variance_by_groups(found, groups) ** 0.5 / np.std(drawn))
        alone = block_influence(lambda own, rows=rows: value(rows[:, own]), len(groups))
        assert variance_by_groups(found, groups) > 1.3 * alone.var().item() / len(groups)
    assert np.mean(ratios) == pytest.approx(1, abs=0.1)


def test_one_group_says_nothing_of_others() -> None:
    assert influence_by_groups(lambda own: 1.0, torch.zeros(8, dtype=torch.long)).tolist() == [0.0] * 8
