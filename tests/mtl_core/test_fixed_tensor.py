"""One copy for every device and data type."""

from __future__ import annotations

import torch

from mtl_core.fixed_tensor import FixedTensor

META = torch.device("meta")


def test_a_tensor_is_copied_once_to_every_device_and_type() -> None:
    fixed = FixedTensor([1, 2, 3])
    assert fixed.at(torch.device("cpu")) is fixed.at(torch.device("cpu"))
    assert fixed.at(META) is fixed.at(META)
    assert fixed.at(META).device == META
    doubled = fixed.like(torch.zeros(1, dtype=torch.float64))
    assert doubled is fixed.like(torch.ones(4, dtype=torch.float64))
    assert doubled.dtype == torch.float64
    assert doubled.tolist() == [1.0, 2.0, 3.0]
    assert fixed.values.dtype == torch.int64


def test_what_is_made_while_a_network_is_traced_has_numbers_afterwards() -> None:
    """A constant that is first used in an export must not stay a tensor without numbers for all later networks."""
    fixed = FixedTensor([1.0, 2.0])

    class Shift(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + fixed.like(x)

    traced = torch.export.export(Shift(), (torch.zeros(3, 2),), strict=False).module()
    assert traced(torch.ones(3, 2))[0].tolist() == [2.0, 3.0]
    assert fixed.like(torch.zeros(2)).tolist() == [1.0, 2.0]
    assert fixed.values.tolist() == [1.0, 2.0]
