"""Streams are functions of the seed and of their name."""

from __future__ import annotations

import itertools

import torch

from mtl_core.randomness.seeding import generator, stream_seed


def test_a_name_always_means_the_same_numbers() -> None:
    """Fixed for good: other numbers here mean other results for every stored study."""
    assert stream_seed(0, "init", "stage0.weight", "shared") == 3194624624897132162
    assert stream_seed(1000, "dropout", 17, "price") == stream_seed(1000, "dropout", 17, "price")
    first, second = (torch.rand(5, generator=generator(3, "order", 0)) for _ in range(2))
    assert torch.equal(first, second)


def test_other_seeds_names_and_parts_mean_other_streams() -> None:
    names = [("a",), ("b",), ("a", "b"), ("ab",), ("b", "a"), ("a", 1), ("a", 11), ("a1",), ("a", 1, 1), ("", "a"), ()]
    seeds = [stream_seed(seed, *name) for seed, name in itertools.product((0, 1, 10), names)]
    assert len(set(seeds)) == len(seeds)


def test_numbers_fit_a_generator() -> None:
    assert all(0 <= stream_seed(seed, "x") < 2**63 for seed in range(1000))


def test_streams_are_uncorrelated() -> None:
    draws = torch.stack(
        [torch.randn(4000, generator=generator(seed, "order", epoch)) for seed in range(5) for epoch in range(4)]
    )
    correlations = torch.corrcoef(draws) - torch.eye(20)
    assert correlations.abs().max() < 0.08


def test_the_global_generator_is_left_alone() -> None:
    state = torch.get_rng_state()
    torch.rand(3, generator=generator(0, "x"))
    assert torch.equal(torch.get_rng_state(), state)
