"""The choice of a norm: each kind is that norm wherever the features stand, and none is none."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import batch_norm, layer_norm

from mtl_core.layers.bank import SHARED, private
from mtl_core.layers.feature_norm import FeatureNorm, Norm

COPIES, FEATURES = private(("ant", "bee")), 4


def drawn(norm: FeatureNorm) -> dict:
    generator = torch.Generator().manual_seed(3)
    return {slot: 1 + torch.rand(2, len(slot.copies), *slot.shape, generator=generator) for slot in norm.slots}


@pytest.mark.parametrize("axis", [3, -1])
@pytest.mark.parametrize("kind", ["layer", "batch"])
def test_a_copy_is_normalised_as_torch_does_it(kind: Norm, axis: int) -> None:
    norm = FeatureNorm(kind, "norm", COPIES, FEATURES, axis)
    theta = drawn(norm)
    gain, shift = (theta[slot].clone() for slot in norm.slots[:2])
    x = torch.randn(2, 2, 5, 3, 6, FEATURES, generator=torch.Generator().manual_seed(4))
    found = norm(theta, x.movedim(-1, axis), training=True).movedim(axis, -1)
    for row in range(2):
        for copy in range(2):
            one = x[row, copy].flatten(0, -2)
            if kind == "layer":
                expected = layer_norm(one, (FEATURES,), gain[row, copy], shift[row, copy])
            else:
                expected = batch_norm(one, None, None, gain[row, copy], shift[row, copy], training=True)
            torch.testing.assert_close(found[row, copy].flatten(0, -2), expected, rtol=1e-4, atol=1e-5)


def test_none_hands_the_signal_on_and_has_no_parameters() -> None:
    norm, x = FeatureNorm("none", "norm", COPIES, FEATURES), torch.randn(2, 2, 5, FEATURES)
    assert not norm
    assert norm.slots == ()
    assert norm({}, x, training=True) is x
    assert FeatureNorm("layer", "norm", COPIES, FEATURES)


def test_signals_that_share_gain_and_shift_have_statistics_of_their_own() -> None:
    norm = FeatureNorm("batch", "norm", (SHARED,), FEATURES, signals=COPIES)
    theta = drawn(norm)
    assert [len(slot.copies) for slot in norm.slots] == [1, 1, 2, 2]
    x = torch.randn(2, 2, 50, FEATURES) * torch.tensor([1.0, 9.0]).view(1, 2, 1, 1)
    y = (norm(theta, x, training=True) - theta[norm.slots[1]].unsqueeze(2)) / theta[norm.slots[0]].unsqueeze(2)
    torch.testing.assert_close(y.var(dim=2, correction=0), torch.ones(2, 2, FEATURES), rtol=1e-3, atol=0)
