"""The temperature is the one with the smallest log loss, and undoes what made logits too large or too small."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from mtl_core.network.portable.temperature import COLDEST, HOTTEST, temperature

CHANCE = torch.Generator().manual_seed(0)
LOGITS = torch.randn(4000, 3, generator=CHANCE)
LABELS = torch.multinomial(LOGITS.softmax(dim=1), 1, generator=CHANCE)[:, 0]


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_it_undoes_a_factor(factor: float) -> None:
    found = temperature([factor * LOGITS[:1000], factor * LOGITS[1000:]], [LABELS[:1000], LABELS[1000:]])
    assert found == pytest.approx(factor, rel=0.1)
    losses = [cross_entropy(factor * LOGITS / t, LABELS) for t in (found, 0.95 * found, 1.05 * found)]
    assert losses[0] == min(losses)


def test_it_stays_within_bounds_and_is_1_without_two_classes() -> None:
    easy, labels = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1])
    assert temperature([easy], [labels]) == pytest.approx(COLDEST)
    assert temperature([easy], [1 - labels]) == pytest.approx(HOTTEST)
    assert temperature([easy], [torch.zeros(2, dtype=torch.int64)]) == 1.0
    assert temperature([torch.zeros(0, 2)], [torch.zeros(0, dtype=torch.int64)]) == 1.0


def test_an_example_of_weight_2_counts_like_two_and_one_of_weight_0_is_none() -> None:
    weights = torch.arange(4000) % 3
    parts = [slice(0, 1500), slice(1500, 4000)]
    found = temperature(
        [2 * LOGITS[part] for part in parts], [LABELS[part] for part in parts], [*weights.split([1500, 2500])]
    )
    repeated = torch.repeat_interleave(torch.arange(4000), weights)
    assert found == pytest.approx(temperature([2 * LOGITS[repeated]], [LABELS[repeated]]), rel=1e-9)
    assert found != pytest.approx(temperature([2 * LOGITS], [LABELS]), rel=1e-4)
    assert temperature([2 * LOGITS], [LABELS], [(LABELS == 1).double()]) == 1.0, "one class alone weighs anything"
