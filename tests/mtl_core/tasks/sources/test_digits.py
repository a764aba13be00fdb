"""Base digits are dealt evenly, and never into two parts."""

from __future__ import annotations

import pytest
import torch

from mtl_core.tasks.sources.digits import base_digits, deal, development_and_test


def test_pixels_lie_between_zero_and_one_and_no_image_is_there_twice() -> None:
    images, labels = base_digits()
    assert images.shape == (1797, 8, 8)
    assert labels.shape == (1797,)
    assert images.min() == 0
    assert images.max() == 1
    assert len(images.flatten(1).unique(dim=0)) == 1797


@pytest.mark.parametrize("num_parts", [2, 3, 10, 50])
def test_parts_have_equal_sizes_and_every_class_is_spread_evenly(num_parts: int) -> None:
    labels = base_digits()[1]
    part = deal(labels, num_parts, 0, "any")
    sizes = part.bincount(minlength=num_parts)
    assert sizes.max() - sizes.min() <= 1
    counts = torch.stack([part[labels == digit].bincount(minlength=num_parts) for digit in range(10)])
    assert ((counts.amax(1) - counts.amin(1)) <= 1).all()


def test_the_deal_follows_seed_and_stream() -> None:
    labels = base_digits()[1]
    first, again = deal(labels, 3, 5, "one"), deal(labels, 3, 5, "one")
    assert torch.equal(first, again)
    assert not torch.equal(first, deal(labels, 3, 6, "one"))
    assert not torch.equal(first, deal(labels, 3, 5, "two"))


def test_development_and_test_are_disjoint_and_complete() -> None:
    development, test = development_and_test(1)
    assert sorted([*development.tolist(), *test.tolist()]) == list(range(1797))
    assert len(test) == 599
