"""The pool on a device: one copy, however many arrays and views of single tasks ask for it."""

from __future__ import annotations

import gc

import torch

from mtl_core.data import resident
from mtl_core.data.resident import on_device
from mtl_core.testing.small_tasks import MIXED, small_tasks

META = torch.device("meta")


def test_the_host_keeps_its_own_tensors() -> None:
    examples = small_tasks(MIXED).examples
    here = resident.resident(examples, torch.device("cpu"))
    assert here.inputs is examples.inputs
    assert here.targets is examples.targets
    assert here.weights is None


def test_views_of_single_tasks_share_one_copy_of_the_inputs() -> None:
    data = small_tasks(MIXED)
    copies = [resident.resident(data.only(name).examples, META) for name in MIXED]
    assert all(copy.inputs is copies[0].inputs for copy in copies)
    assert copies[0].inputs.device == copies[0].targets.device == META
    assert copies[0].targets is not copies[1].targets


def test_a_copy_goes_with_the_tensor_that_it_was_made_of() -> None:
    before, values = len(resident._COPIES), torch.zeros(3)
    assert on_device(values, META) is on_device(values, META)
    assert len(resident._COPIES) == before + 1
    del values
    gc.collect()
    assert len(resident._COPIES) == before
