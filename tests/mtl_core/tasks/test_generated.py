"""Generated tasks: the options do what they say, and the truth handed out is the truth."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.errors import UserError
from mtl_core.tasks.generated import Generated, wave


@pytest.mark.parametrize("relatedness", [0.0, 0.3, 0.8, 1.0])
def test_directions_have_length_one_and_the_cosine_asked_for_and_the_odd_one_none(relatedness: float) -> None:
    truth = Generated(num_related=3, relatedness=relatedness, odd=True).build().truth
    weights = torch.tensor(truth["weights"], dtype=torch.float64)
    expected = torch.full((4, 4), relatedness, dtype=torch.float64).fill_diagonal_(1)
    expected[3, :3] = expected[:3, 3] = 0
    assert torch.allclose(weights @ weights.T, expected, atol=1e-12)
    assert truth["relatedness"] == relatedness
    assert truth["odd"] == "odd"


def test_labels_follow_the_directions_that_the_truth_names() -> None:
    task_set = Generated(noise=0.0, odd=True, num_examples=400).build()
    inputs, targets = task_set.development.examples.inputs, task_set.development.examples.targets
    clean = wave(inputs.double() @ torch.tensor(task_set.truth["weights"], dtype=torch.float64).T)
    for column in range(targets.shape[1]):
        assert torch.corrcoef(torch.stack([clean[:, column], targets[:, column].double()]))[0, 1] > 0.99999


def test_measured_label_correlation_rises_with_relatedness_and_the_odd_task_has_none() -> None:
    pairs, with_odd = [], []
    for relatedness in (0.0, 0.5, 0.9, 1.0):
        source = Generated(relatedness=relatedness, odd=True, num_examples=5000, noise=0.1)
        correlation = torch.tensor(source.build().truth["label_correlation"])
        pairs.append(float(correlation[0, 1]))
        with_odd.append(float(correlation[:-1, -1].abs().max()))
    assert pairs == sorted(pairs)
    assert abs(pairs[0]) < 0.06
    assert pairs[-1] > 0.97
    assert max(with_odd) < 0.06


def test_noise_is_in_deviations_of_the_clean_target_and_independent_between_tasks() -> None:
    clean, noisy = (Generated(noise=noise, num_examples=20_000).build().development.examples for noise in (0.0, 0.5))
    noise = noisy.targets - clean.targets
    assert torch.equal(clean.inputs, noisy.inputs)
    assert torch.allclose(clean.targets.std(0), torch.ones(4), atol=0.02)
    assert torch.allclose(noise.std(0), torch.full((4,), 0.5), atol=0.02)
    assert torch.corrcoef(noise.T).fill_diagonal_(0).abs().max() < 0.05


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("regression", ["regression"] * 4),
        ("classification", ["binary", "multiclass", "binary", "multiclass"]),
        ("mixed", ["regression", "binary", "regression", "multiclass"]),
    ],
)
def test_kinds_come_in_turn_with_balanced_classes(kinds: Any, expected: list[str]) -> None:
    task_set = Generated(kinds=kinds, num_examples=600).build()
    assert [task.kind for task in task_set.tasks] == expected
    for task, column in zip(task_set.tasks, task_set.development.examples.targets.T, strict=True):
        if task.kind != "regression":
            counts = column.long().bincount()
            assert len(counts) == task.num_classes
            assert counts.max() - counts.min() <= 2


def test_scales_differ_in_a_mixed_set() -> None:
    deviation = Generated(kinds="mixed").build().development.examples.targets.std(0)
    assert 50 < deviation[2] / deviation[0] < 200


def test_missing_labels_are_missing_at_the_rate_asked_for_in_development_only() -> None:
    task_set = Generated(missing=0.3, num_examples=4000).build()
    share = task_set.development.examples.targets.isnan().float().mean(0)
    assert torch.allclose(share, torch.full((4,), 0.3), atol=0.04)
    assert not task_set.test.targets.isnan().any()


def test_without_an_odd_task_the_truth_says_so() -> None:
    task_set = Generated(num_related=2, num_inputs=3).build()
    assert task_set.truth["odd"] is None
    assert [task.name for task in task_set.tasks] == ["related 1", "related 2"]


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 1},
        {"relatedness": 0.7},
        {"noise": 0.2},
        {"missing": 0.1},
        {"odd": True},
        {"kinds": "mixed"},
        {"num_test": 999},
    ],
)
def test_every_dial_shows_in_the_fingerprint(options: dict[str, Any]) -> None:
    first, again, other = (Generated(**chosen).build().fingerprint() for chosen in ({}, {}, options))
    assert first == again != other


@pytest.mark.parametrize(
    "options",
    [
        {"num_examples": 10},
        {"num_test": 0},
        {"num_inputs": 4},
        {"num_inputs": 5, "odd": True},
        {"num_related": 0},
        {"relatedness": -0.1},
        {"relatedness": 1.1},
        {"relatedness": float("nan")},
        {"noise": -1.0},
        {"missing": 0.95},
        {"kinds": "ordinal"},
    ],
)
def test_a_dial_out_of_range_is_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=next(iter(options))):
        Generated(**options)
