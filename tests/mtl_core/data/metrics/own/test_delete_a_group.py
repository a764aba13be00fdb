"""The jackknife over blocks: exact for means, and the same blocks for the same number of examples."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.metrics.own.delete_a_group import MOST_BLOCKS, block_influence


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
