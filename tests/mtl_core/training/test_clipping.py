"""A row's gradient is clipped whatever the other rows' are."""

from __future__ import annotations

import torch

from mtl_core.training.clipping import clip_


def test_clipping_shortens_long_rows_alone() -> None:
    gradients = [torch.tensor([[3.0], [0.3], [0.0], [torch.nan]]), torch.tensor([[4.0], [0.4], [0.0], [1.0]])]
    clip_(gradients, 1.0)
    found = torch.cat(gradients, dim=1)
    torch.testing.assert_close(found[:3], torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]]))
    assert found[3].isnan().all()
