"""States of replicas: dictionaries of tensors, of one replica or stacked with the replica as the first dimension.

Compaction, refill, checkpoint and resume of a fused array are operations that join and separate these states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

ReplicaState = dict[str, Tensor]
"""The complete state of one replica: what :func:`separate` yields and a checkpoint holds."""

StackedStates = dict[str, Tensor]
"""The states of r replicas, stacked: every tensor is ``[r, …]``."""


def join(states: Sequence[Mapping[str, Tensor]]) -> StackedStates:
    """Return the stacked states of replicas whose tensors have equal names and shapes."""
    return {name: torch.stack([state[name] for state in states]) for name in states[0]}


def separate(stacked: StackedStates) -> list[ReplicaState]:
    """Return each replica's state, copied so that it shares no memory with ``stacked``."""
    num_rows = len(next(iter(stacked.values())))
    return [{name: value[row].clone() for name, value in stacked.items()} for row in range(num_rows)]
