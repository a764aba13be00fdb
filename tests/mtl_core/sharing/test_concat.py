"""The task descriptor beside the inputs."""

from __future__ import annotations

import pytest
import torch

from mtl_core.layers.bank import SHARED
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import shaken
from tests.mtl_core.sharing.harness import (
    THREE,
    assert_rows_equal_plain,
    batch,
    logits_of,
    network_for,
)
from tests.mtl_core.sharing.plain.concat import Plain
from tests.mtl_core.worlds import development

VECTORS = {"ant": [0.0, 1.0], "bee": [0.5, -0.5], "cow": [2.0, 1.0]}


@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_networks() -> None:
    assert_rows_equal_plain(Plain, network_for("concat"), depth=None)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("descriptors", [None, VECTORS], ids=["one-hot", "vectors"])
def test_it_is_additive_with_the_weights_side_by_side(descriptors: dict[str, list[float]] | None) -> None:
    """W = [W_x W_z], at equal weights everywhere else."""
    concat = network_for("concat", descriptors=descriptors)
    additive = network_for("additive", descriptors=descriptors)
    theta, copied = shaken(concat), shaken(additive)
    sources = {slot.name: value for slot, value in theta.items()}
    with torch.no_grad():
        for slot, value in copied.items():
            weight = sources["stage0.weight"]
            if slot.name == "stage0.weight":
                value.copy_(weight[:, :, :5])
            elif slot.name == "stage0.descriptor":
                value.copy_(weight[:, 0, 5:] if descriptors is None else weight[:, :, 5:])
            else:
                value.copy_(sources[slot.name])
    one, other = (logits_of(n, t, batch()) for n, t in ((concat, theta), (additive, copied)))
    assert one.std(dim=1).max() > 1e-3, "the tasks were not told apart: nothing was tested"
    torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


def test_tasks_differ_by_their_descriptor_alone() -> None:
    equal = network_for("concat", descriptors={task.name: [1.0, 2.0] for task in THREE})
    outputs = logits_of(equal, shaken(equal), batch())
    torch.testing.assert_close(outputs[:, 0], outputs[:, 2])
    told = network_for("concat")
    outputs = logits_of(told, shaken(told), batch())
    assert (outputs[:, 0] - outputs[:, 2]).abs().max() > 1e-3


def test_everything_is_shared_and_so_is_a_head_that_fits_all() -> None:
    assert all(slot.copies == (SHARED,) for slot in network_for("concat").layout.slots)
    mixed = network_for("concat", tasks=(*THREE, *development(("price",)).tasks))
    private = {slot.name for slot in mixed.layout.slots if slot.copies != (SHARED,)}
    assert private
    assert all(name.startswith("head") for name in private)


@pytest.mark.parametrize("sharing", ["concat", "additive", "multiplicative"])
def test_unfit_descriptors_are_a_reason(sharing: str) -> None:
    def reason(**descriptors: list[float]) -> str | None:
        options = {"descriptors": descriptors} if descriptors else {}
        return why_infeasible(Recipe(sharing=sharing, sharing_options=options), development())

    assert reason() is None
    assert reason(price=[1.0], sold=[2.0], grade=[3.0]) is None
    assert "'grade'" in (reason(price=[1.0], sold=[2.0]) or "")
    assert "'rent'" in (reason(price=[1.0], sold=[2.0], grade=[3.0], rent=[4.0]) or "")
    assert "1 for 'price' and 2 for 'sold'" in (reason(price=[1.0], sold=[2.0, 3.0], grade=[3.0]) or "")
    assert "finite" in (reason(price=[1.0], sold=[float("nan")], grade=[3.0]) or "")
    assert "finite" in (reason(price=[], sold=[], grade=[]) or "")
    assert "nobody" in (why_infeasible(Recipe(sharing=sharing), development(("price",))) or "")


def test_what_the_backbone_cannot_take_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def twelve(recipe: Recipe, inputs: tuple[int, ...]) -> str | None:
        return None if inputs == (12,) else f"{inputs[0]} columns are too many"

    monkeypatch.setattr("mtl_core.backbones.mlp.MLP.why_infeasible", twelve)
    assert "15 columns" in (why_infeasible(Recipe(sharing="concat"), development()) or "")
    assert why_infeasible(Recipe(sharing="additive"), development()) is None
