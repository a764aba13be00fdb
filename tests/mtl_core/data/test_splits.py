"""Properties of the split: a partition, whole groups, the share, and blindness to the tasks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.splits import nested_subset, split
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.errors import UserError
from tests.mtl_core.worlds import development

SEEDS = st.integers(0, 10_000)
SHARES = st.floats(0.01, 0.99)
GROUPS = st.lists(st.integers(-3, 8), min_size=2, max_size=80).filter(lambda groups: len(set(groups)) > 1)


def pool(num_examples: int, groups: list[int] | None = None, share: float = 0.2, num_tasks: int = 2) -> Development:
    """A pool of ``num_examples`` examples without content."""
    tasks = tuple(Task(f"task {number}", "regression", "mse") for number in range(num_tasks))
    members = None if groups is None else torch.tensor(groups)
    examples = Examples(torch.zeros(num_examples, 3), torch.zeros(num_examples, num_tasks), members)
    return Development(tasks, examples, torch.ones(3, dtype=torch.bool), share)


@given(num_examples=st.integers(2, 200), share=SHARES, seed=SEEDS)
def test_without_groups_the_split_is_a_sorted_partition_with_the_exact_share(
    num_examples: int, share: float, seed: int
) -> None:
    train, validation = split(pool(num_examples, share=share), seed)
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(num_examples))
    assert train.tolist() == sorted(train.tolist())
    assert validation.tolist() == sorted(validation.tolist())
    assert train.dtype == validation.dtype == torch.int64
    assert len(validation) == min(max(round(share * num_examples), 1), num_examples - 1)


@given(groups=GROUPS, share=SHARES, seed=SEEDS)
def test_groups_stay_whole_and_validation_is_no_group_larger_than_it_must_be(
    groups: list[int], share: float, seed: int
) -> None:
    train, validation = split(pool(len(groups), groups, share), seed)
    members = torch.tensor(groups)
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(len(groups)))
    assert not set(members[train].tolist()) & set(members[validation].tolist())
    assert len(train) > 0
    assert len(validation) > 0
    wanted = max(round(share * len(groups)), 1)
    sizes = [int((members == group).sum()) for group in set(members[validation].tolist())]
    assert len(validation) - max(sizes) < wanted
    assert len(validation) >= wanted or len(set(members[train].tolist())) == 1


@given(groups=GROUPS, seed=SEEDS)
def test_the_split_does_not_know_which_tasks_are_kept(groups: list[int], seed: int) -> None:
    whole = pool(len(groups), groups, num_tasks=3)
    for kept in (whole.only("task 2"), whole.only("task 1", "task 0")):
        assert all(torch.equal(a, b) for a, b in zip(split(whole, seed), split(kept, seed), strict=True))


def test_one_seed_one_split_and_another_seed_another() -> None:
    development = pool(100)
    first, again, other = (split(development, seed)[1] for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_every_group_validates_for_some_seed() -> None:
    development = pool(100, [number % 10 for number in range(100)])
    seen = {int(group) for seed in range(60) for group in development.examples.groups[split(development, seed)[1]]}
    assert seen == set(range(10))


@given(
    num_examples=st.integers(1, 200),
    fractions=st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)),
    seed=SEEDS,
)
def test_subsets_of_one_seed_are_nested_and_sorted(
    num_examples: int, fractions: tuple[float, float], seed: int
) -> None:
    index = torch.arange(num_examples) * 3
    small, large = (nested_subset(index, fraction, seed).tolist() for fraction in sorted(fractions))
    assert set(small) <= set(large) <= set(index.tolist())
    assert len(small) == max(round(min(fractions) * num_examples), 1)
    assert small == sorted(small)


def test_the_whole_fraction_is_the_whole_index_and_seeds_differ() -> None:
    index = torch.arange(50)
    assert torch.equal(nested_subset(index, 1.0, 0), index)
    assert nested_subset(index, 0.5, 0).tolist() != nested_subset(index, 0.5, 1).tolist()


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_outside_zero_and_one_is_refused(share: float) -> None:
    with pytest.raises(UserError, match="share"):
        split(pool(10, share=share), 0)


@pytest.mark.parametrize("fraction", [0.0, 1.5, float("nan")])
def test_a_fraction_outside_its_range_is_refused(fraction: float) -> None:
    with pytest.raises(UserError, match="train_fraction"):
        nested_subset(torch.arange(10), fraction, 0)


@pytest.mark.parametrize("development", [pool(1), pool(5, [7] * 5)])
def test_a_pool_that_cannot_be_cut_is_refused(development: Development) -> None:
    with pytest.raises(UserError, match="at least two"):
        split(development, 0)


def test_an_order_that_leaves_a_task_without_labels_is_drawn_again() -> None:
    """Task 'sold' is labelled in three of thirty groups: many orders put none, or all, of them on one side."""
    data = development(examples=300)
    groups, targets = torch.arange(300) // 10, data.examples.targets.clone()
    targets[groups >= 3, 1] = torch.nan
    data = replace(data, examples=Examples(data.examples.inputs, targets, groups))
    labels = data.labels[:, 1]
    for seed in range(40):
        train, validation = split(data, seed)
        assert labels[train].any()
        assert labels[validation].any()
        assert not set(groups[train].tolist()) & set(groups[validation].tolist())


def test_the_tasks_that_are_kept_do_not_change_the_split() -> None:
    data = development(examples=300)
    groups, targets = torch.arange(300) // 10, data.examples.targets.clone()
    targets[groups >= 3, 1] = torch.nan
    data = replace(data, examples=Examples(data.examples.inputs, targets, groups))
    for seed in range(20):
        for one, other in zip(split(data, seed), split(data.only(data.tasks[0].name), seed), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("metric", ["accuracy", "auroc"])
def test_a_rare_class_is_on_both_sides_where_the_metric_needs_it(metric: str) -> None:
    """Three positives: a fifth of the rows holds none of them in half of the seeds."""
    targets = torch.zeros(100, 2)
    targets[[3, 40, 77], 0] = 1.0
    tasks = (Task("rare", "binary", metric, 2), Task("other", "regression", "mse"))
    pool = Development(tasks, Examples(torch.zeros(100, 1), targets), torch.ones(1, dtype=torch.bool))
    counts = [[int(targets[side, 0].sum()) for side in split(pool, seed)] for seed in range(20)]
    assert all(min(pair) > 0 for pair in counts) == (metric == "auroc")
    for seed in range(20):
        whole, alone = split(pool, seed), split(pool.only("other"), seed)
        assert all(torch.equal(one, other) for one, other in zip(whole, alone, strict=True))
