"""The machine's rate: plausible, and the threads are as they were."""

from __future__ import annotations

import torch

from study.planning.machine_rate import machine_rate


def test_it_is_plausible_and_leaves_the_threads_as_they_were() -> None:
    before = torch.get_num_threads()
    assert 1e8 < machine_rate(5) < 1e13
    assert torch.get_num_threads() == before
