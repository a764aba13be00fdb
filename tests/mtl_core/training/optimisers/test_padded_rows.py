"""Rows lie side by side, filled up to whole vectors."""

from __future__ import annotations

import torch

from mtl_core.training.optimisers.padded_rows import PaddedRows


def test_rows_are_filled_to_whole_vectors_and_views_are_of_their_memory() -> None:
    rows = PaddedRows(torch.ones(2, 21), torch.zeros(2, 21), [5, 16])
    assert rows.moved.shape == (2, 32)
    assert rows.first[:, 21:].eq(0).all()
    first, last = rows.by_slot(rows.moved)
    first += 1
    last += 2
    assert rows.moved[0].tolist() == [1.0] * 5 + [2.0] * 16 + [0.0] * 11
