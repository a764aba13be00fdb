"""The stand-in for a CUDA graph: it repeats operations where they were, and nothing that Python decides."""

from __future__ import annotations

import pytest
import torch

from mtl_core.testing.recorded_graph import RecordedGraph


def test_operations_are_repeated_on_what_tensors_hold_then() -> None:
    x, kept, graph = torch.tensor([1.0, 2.0]), torch.zeros(2), RecordedGraph()

    def work() -> None:
        made = (x * 2).view(1, 2)[0]  # a new tensor, and views of it
        made += 1
        kept.add_(made)

    graph.capture(work)
    assert kept.tolist() == [0.0, 0.0], "capturing takes no effect"
    graph.replay()
    x.copy_(torch.tensor([10.0, 20.0]))
    graph.replay()
    assert kept.tolist() == [3.0 + 21.0, 5.0 + 41.0]


def test_what_python_decided_stays_decided() -> None:
    total, graph, turns = torch.zeros(()), RecordedGraph(), iter(range(100))

    def work() -> None:
        total.add_(next(turns) + 1.0)

    graph.capture(work)
    for _ in range(3):
        graph.replay()
    assert total.item() == 3.0
    assert next(turns) == 1


def test_gradients_are_repeated_too() -> None:
    weight, x, step = torch.tensor([3.0], requires_grad=True), torch.tensor([2.0]), RecordedGraph()

    def descend() -> None:
        (slope,) = torch.autograd.grad(((weight * x) ** 2).sum(), weight)
        with torch.no_grad():
            weight.sub_(0.1 * slope)

    step.capture(descend)
    by_hand = 3.0
    for value in (2.0, 0.5, 1.0):
        x.fill_(value)
        step.replay()
        by_hand -= 0.1 * 2 * by_hand * value**2
        assert weight.item() == pytest.approx(by_hand)


def test_statistics_that_change_without_saying_so_are_left_as_they_were() -> None:
    mean, variance, graph = torch.zeros(3), torch.ones(3), RecordedGraph()
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(1)) + 5
    graph.capture(lambda: _normalise(x, mean, variance))
    assert mean.tolist() == [0.0] * 3
    graph.replay()
    assert (mean > 0.3).all()


def _normalise(x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> None:
    torch.nn.functional.batch_norm(x, mean, variance, training=True)


@pytest.mark.parametrize(
    "waits",
    [lambda x: x.sum().item(), lambda x: x.nonzero(), lambda x: x[x > 0], lambda x: torch.linalg.eigh(x.outer(x))],
    ids=["item", "nonzero", "mask", "eigenvalues"],
)
def test_what_waits_for_the_host_is_refused_and_leaves_no_trace(waits: object) -> None:
    x, graph = torch.tensor([1.0, 2.0]), RecordedGraph()

    def work() -> None:
        x.mul_(3.0)
        waits(x)  # type: ignore[operator]

    with pytest.raises(RuntimeError, match="is not permitted while a step is captured"):
        graph.capture(work)
    assert x.tolist() == [1.0, 2.0]
