"""Everything that replicas own, as rows: a dictionary of tensors whose first dimension is the replica.

Compaction, refill, checkpoint and resume are nothing but taking, joining and separating rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

ReplicaState = dict[str, Tensor]
"""The complete state of one replica: what :func:`separate` yields and a checkpoint holds."""

StackedStates = dict[str, Tensor]
"""The states of r replicas, stacked."""


def join(states: Sequence[Mapping[str, Tensor]]) -> StackedStates:
    """Stack the states of replicas with equal shapes."""
    return {name: torch.stack([state[name] for state in states]) for name in states[0]}


def separate(rows: StackedStates) -> list[ReplicaState]:
    """Each replica's state, in memory of its own."""
    num_rows = len(next(iter(rows.values())))
    return [{name: value[row].clone() for name, value in rows.items()} for row in range(num_rows)]
