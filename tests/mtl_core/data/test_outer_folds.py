"""Outer folds: a partition in whole groups that serves every task, and networks that never see what judges them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.outer_folds import with_outer_folds
from mtl_core.data.splits import split
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.testing.replicas import differences
from mtl_core.testing.small_tasks import small_tasks
from mtl_core.training import evaluation, trainer

FOLDS = 3
TASKS = ("price", "sold", "grade")


def drawn(groups: list[int] | None = None, *, test: int = 24, missing: float = 0.0) -> TaskSet:
    """A small task set whose last examples were drawn to test on."""
    development = small_tasks(TASKS, columns=6, examples=96 if groups is None else len(groups), missing=missing)
    members = None if groups is None else torch.tensor(groups)
    every = replace(development.examples, groups=members)
    cut = len(every) - test
    parts = [
        Examples(every.inputs[rows], every.targets[rows], None if members is None else members[rows])
        for rows in (slice(cut), slice(cut, None))
    ]
    return TaskSet("small", replace(development, examples=parts[0]), parts[1], test_is_drawn=True)


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_every_row_of_pool_and_test_split_is_in_one_of_folds_of_nearly_equal_size(folds: int) -> None:
    task_set = drawn()
    pool = with_outer_folds(task_set, folds)
    assert torch.equal(
        pool.development.examples.inputs, torch.cat([task_set.development.examples.inputs, task_set.test.inputs])
    )
    assert pool.test is pool.development.examples
    sizes = torch.bincount(pool.development.folds)
    assert len(sizes) == folds == pool.development.num_folds
    assert sizes.max() - sizes.min() <= 1
    assert pool.fingerprint() not in (task_set.fingerprint(), with_outer_folds(task_set, folds, seed=1).fingerprint())


@given(groups=st.lists(st.integers(0, 12), min_size=40, max_size=90).filter(lambda groups: len(set(groups)) > 5))
def test_groups_stay_whole(groups: list[int]) -> None:
    folds = with_outer_folds(drawn(groups, test=10), FOLDS).development.folds
    members = torch.tensor(groups)
    assert all(len(folds[members == group].unique()) == 1 for group in set(groups))
    assert set(folds.tolist()) == set(range(FOLDS))


def test_every_fold_has_labels_of_every_task_and_every_class_that_is_often_enough() -> None:
    task_set = drawn()
    rare = task_set.development.examples.targets.clone()
    rare[4:, 0] = torch.nan  # four labels of the first task, for three folds
    task_set = replace(
        task_set,
        development=replace(task_set.development, examples=replace(task_set.development.examples, targets=rare)),
        test=replace(task_set.test, targets=task_set.test.targets.index_fill(1, torch.tensor(0), torch.nan)),
    )
    for seed in range(5):
        development = with_outer_folds(task_set, FOLDS, seed=seed).development
        for fold in range(FOLDS):
            here = development.examples.targets[development.folds == fold]
            assert not here[:, 0].isnan().all(), "the task with four labels"
            assert set(here[:, 2].tolist()) >= {0.0, 1.0, 2.0}, "classes"


def test_a_test_split_that_was_given_stays() -> None:
    with pytest.raises(UserError, match="given"):
        with_outer_folds(replace(drawn(), test_is_drawn=False), FOLDS)
    with pytest.raises(UserError, match="fewer folds"):
        with_outer_folds(drawn([0, 1, 2] * 20), FOLDS)


@pytest.mark.parametrize("lacks", ["development", "test"])
@pytest.mark.parametrize("name", ["groups", "weights"])
def test_what_only_one_part_has_is_refused_and_not_dropped(name: str, lacks: str) -> None:
    task_set = drawn([row // 4 for row in range(96)])
    pool, test = (
        replace(part, weights=torch.ones(len(part), len(TASKS)))
        for part in (task_set.development.examples, task_set.test)
    )
    both = replace(task_set, development=replace(task_set.development, examples=pool), test=test)
    folded = with_outer_folds(both, FOLDS)
    assert len(folded.development.examples.groups) == len(folded.development.examples.weights) == 96
    if lacks == "test":
        wrong = replace(both, test=replace(test, **{name: None}))
    else:
        wrong = replace(both, development=replace(both.development, examples=replace(pool, **{name: None})))
    with pytest.raises(UserError, match=f"cross_fit: .* have {name}, and the {lacks} examples have none. Give both"):
        with_outer_folds(wrong, FOLDS)


def test_given_rows_to_validate_on_are_refused() -> None:
    task_set = drawn()
    validates = torch.arange(len(task_set.development.examples)) < 20
    given = replace(task_set, development=replace(task_set.development, validates=validates))
    with pytest.raises(UserError, match="cross_fit: the rows to validate on are given for small"):
        with_outer_folds(given, FOLDS)


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
def test_a_seed_trains_and_validates_on_the_other_folds_only(seed: int) -> None:
    development = with_outer_folds(drawn(), FOLDS).development
    train, validation = split(development, seed)
    judged = development.is_judged(seed)
    assert sorted([*train.tolist(), *validation.tolist()]) == (~judged).nonzero().squeeze(1).tolist()
    assert set(development.folds[judged].tolist()) == {seed % FOLDS}
    assert torch.equal(development.only("sold").is_judged(seed), judged)


@pytest.mark.parametrize("sharing", ["hard", "single_task"])
def test_what_judges_a_network_changes_no_bit_of_it(sharing: str) -> None:
    """Poison the fold of seed 1 with other numbers, gaps and classes: its networks stay the same, others do not."""
    development = with_outer_folds(drawn(missing=0.1), FOLDS).development
    development = development.only("price") if sharing == "single_task" else development
    recipe = Recipe(sharing=sharing, depth=1 if sharing == "hard" else None, stages=2, width=8, epochs=3, batch_size=16)
    rows = [
        ReplicaConfig(f"{seed}", seed, {"learning_rate": 1e-2, "weight_decay": 0.0, "dropout": 0.1}) for seed in (0, 1)
    ]
    clean, poisoned = (trainer.fit(recipe, pool, rows, until=3) for pool in (development, _poisoned(development, 1)))
    assert differences(clean[1], poisoned[1]) == []
    assert torch.equal(clean[1].selected, poisoned[1].selected)
    assert not torch.equal(clean[0].selected, poisoned[0].selected), "the poison reaches who may see it"


def test_a_network_is_judged_on_its_own_fold_alone() -> None:
    development = with_outer_folds(drawn(), FOLDS).development
    recipe = Recipe(sharing="hard", depth=1, stages=2, width=8, epochs=1, batch_size=16)
    values = {"learning_rate": 1e-2, "weight_decay": 0.0, "dropout": 0.0}
    rows = [ReplicaConfig(f"{seed}", seed, values) for seed in range(FOLDS)]
    parameters = torch.stack([outcome.selected for outcome in trainer.fit(recipe, development, rows, until=1)])
    scores = list(evaluation.score_examples_on(recipe, development, development.examples, rows, parameters))
    for row, score in zip(rows, scores, strict=True):
        judged = development.is_judged(row.seed).numpy()
        assert (~_missing(score.example_scores)).all(axis=0).tolist() == judged.tolist()
        mean = score.example_scores[:, judged].mean(axis=1)
        assert score.test_metric == pytest.approx(mean, rel=1e-5)
        targets = development.examples.targets[torch.from_numpy(judged)]
        train, _ = split(development, row.seed)
        constant = development.examples.targets[train, 0].mean()
        assert score.trivial_metric[0] == pytest.approx(((targets[:, 0] - constant) ** 2).mean().item(), rel=1e-4)


def _missing(scores: object) -> object:
    return torch.as_tensor(scores).isnan().numpy()


def _poisoned(development: Development, fold: int) -> Development:
    mine = development.folds == fold
    inputs, targets = development.examples.inputs.clone(), development.examples.targets.clone()
    inputs[mine] = 1e6
    targets[mine] = torch.where(targets[mine] > 0, 0.0, 1.0)
    targets[mine] = targets[mine].roll(1, dims=0)  # other gaps, as many: an epoch's length is that of the whole pool
    return replace(development, examples=replace(development.examples, inputs=inputs, targets=targets))
