"""Training examples on which gradient conflicts are probed, the same ones at every probe of a replica."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mtl_core.data.preprocessing import Preparation
from mtl_core.data.task_set import Development
from mtl_core.randomness.seeding import generator


def probe_batch(
    development: Development, preparation: Preparation, seed: int, half: int
) -> tuple[Int[Tensor, "h g b"], Bool[Tensor, "h g b"]]:
    """Return two disjoint halves of training examples, common or each task's own, and the mask of real entries.

    A half always has the length ``half``, so that a row's bits do not depend on the splits of its neighbours; where the
    split is too small, the rest is padding.

    Args:
        development: the pool and its tasks.
        preparation: with the training split.
        seed: of the replica.
        half: number of examples in a half, b.
    """
    pools = [preparation.train]
    streams: list[tuple[str, ...]] = [()]
    if development.own_inputs:
        labels = development.labels_in_loss[preparation.train]
        pools = [preparation.train[labelled] for labelled in labels.T]
        streams = [(task.name,) for task in development.tasks]
    index = torch.zeros(2, len(pools), half, dtype=torch.int64)
    real = torch.zeros(index.shape, dtype=torch.bool)
    for signal, (pool, stream) in enumerate(zip(pools, streams, strict=True)):
        chosen = pool[torch.randperm(len(pool), generator=generator(seed, "conflict", *stream))][: 2 * half]
        for place, part in enumerate(chosen.tensor_split(2)):
            index[place, signal, : len(part)] = part
            real[place, signal, : len(part)] = True
    return index, real
