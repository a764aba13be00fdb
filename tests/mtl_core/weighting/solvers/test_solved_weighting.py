"""The frame of the methods that hand a problem to a solver."""

from __future__ import annotations

import torch

from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import entries
from mtl_core.testing.weighting_steps import ALL
from mtl_core.weighting import GramianStep
from mtl_core.weighting.solvers.solved_weighting import SolvedWeighting


class Told(SolvedWeighting):
    """Weighs by the norms, and finds what it is told."""

    def solve(self, parts, step):
        self.seen = parts
        return parts.norms + 1, self.solved


def asked(method: Told, gramian: torch.Tensor, state: dict[str, torch.Tensor]) -> torch.Tensor:
    present = torch.tensor([[True, True, True, False]] * 3)
    return method.weigh(GramianStep(torch.ones(3, 4), present, state, Streams(range(3), "weighting"), gramian))


def test_the_solver_sees_norms_and_the_engine_weights_of_present_tasks() -> None:
    method = Told(ALL)
    method.solved = torch.tensor([True, True, True])
    state = method.start(3)
    weights = asked(method, torch.diag_embed(torch.tensor([4.0, 0.0, 9.0, 25.0])).expand(3, 4, 4), state)
    assert method.seen.norms.tolist() == [[2.0, 0.0, 3.0, 0.0]] * 3
    assert weights.tolist() == [[3.0, 1.0, 4.0, 0.0]] * 3
    assert weights.dtype == torch.float32
    assert state["unconverged"].tolist() == [0, 0, 0]


def test_failures_are_counted_by_row_and_a_lost_row_has_no_weights() -> None:
    method, state = Told(ALL), Told(ALL).start(3)
    gramian = torch.eye(4).repeat(3, 1, 1)
    for solved in ([True, False, True], [True, False, False]):
        method.solved = torch.tensor(solved)
        asked(method, gramian, state)
    assert state["unconverged"].tolist() == [0, 2, 1]
    gramian[0, 0, 0] = torch.nan
    method.solved = torch.tensor([True, True, True])
    assert asked(method, gramian, state).isnan().all(dim=1).tolist() == [True, False, False]
    assert state["unconverged"].tolist() == [1, 2, 1]


def test_the_methods_with_a_solver_are_those_that_count_its_failures() -> None:
    solved = [name for name, entry in entries("weighting").items() if issubclass(entry.cls, SolvedWeighting)]
    assert solved == ["cagrad", "dualproj", "fairgrad", "mgda", "nash", "upgrad"]
