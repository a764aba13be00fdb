"""The contract of task sets, run on plug-ins that keep it and that break it."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.testing.tasks import check_fit, check_targets
from tests.mtl_core.testing.outside import broken_promises, variants

SOURCE = '''"""Two tasks on normal inputs."""

import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.tasks import TaskSource


class Pair(TaskSource):
    """A number and its sign."""

    def build(self):
        x = torch.randn(150, 4, generator=torch.Generator().manual_seed(0))
        y = torch.stack([x.sum(dim=1), (x.sum(dim=1) > 0).float()], dim=1)
        tasks = (Task("number", "regression", "mse"), Task("sign", "binary", "accuracy", 2))
        development = Development(tasks, Examples(x[:100], y[:100]), torch.ones(4, dtype=torch.bool))
        return TaskSet("pair", development, Examples(x[100:], y[100:]))
'''


WRONG = {
    "unseeded": (", generator=torch.Generator().manual_seed(0)", ""),
    "counted": ("y[100:]))", "y[100:] + torch.tensor([0.0, 1.0])))"),
    "double": ("y[100:]))", "y[100:].double()))"),
    "unlabelled": ("y[100:]))", "y[100:] * torch.nan))"),
}
SAID = {
    "unseeded": "unseeded: built twice with the same options it has two fingerprints: draw from a seeded generator",
    "counted": "labels of the binary task 'sign' are class numbers from 0 to 1; test holds [2.0]",
    "double": "test tensors must be float32",
    "unlabelled": "task 'number' has no label in test",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the suite says of a task set and of wrong ones."""
    folder = tmp_path_factory.mktemp("ideas")
    return broken_promises(folder, "tasks", "tasks.check_task_set", variants(SOURCE, "Pair", WRONG))


def test_a_plug_in_that_keeps_its_promises_passes(said: dict[str, str]) -> None:
    assert "pair" not in said, said["pair"]


@pytest.mark.parametrize("name", SAID)
def test_a_plug_in_that_breaks_a_promise_is_told_which(name: str, said: dict[str, str]) -> None:
    assert SAID[name] in said[name]


def visits(development: torch.Tensor, test: torch.Tensor) -> TaskSet:
    tasks, inputs = (Task("visits", "count", "poisson_deviance"),), torch.randn(60, 3)
    pool = Development(tasks, Examples(inputs, development), torch.ones(3, dtype=torch.bool))
    return TaskSet("clinic", pool, Examples(inputs, test))


def test_counts_are_whole_numbers_from_0_and_no_classes() -> None:
    counts = torch.poisson(torch.full((60, 1), 2.0), generator=torch.Generator().manual_seed(0))
    task_set = visits(counts, counts)
    check_targets(task_set)
    check_fit(task_set)
    for odd in (-1.0, 0.5, float("inf")):
        wrong = counts.clone()
        wrong[4] = odd
        with pytest.raises(AssertionError, match=f"the count task 'visits' are whole numbers from 0 up; test .*{odd}"):
            check_targets(visits(counts, wrong))
