"""What every backbone promises: stages of the sizes that it names, under the architectures that rest on it.

``check_backbone("mine")`` checks all of it; ``modules=...`` and the like are its options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mtl_core.backbones import Backbone, backbone_of
from mtl_core.layers.bank import SHARED, Slot, Theta, private
from mtl_core.layers.dropout import noise_of
from mtl_core.layers.forward_context import EVALUATION
from mtl_core.registry import find
from mtl_core.testing.cases import BACKBONE_OPTIONS, Case, cases_of, inputs_for
from mtl_core.testing.sharing import checks_for

UNDER = ("single_task", "independent", "hard")
"""Architectures that a backbone is tried under: one copy, a copy for each task, and one copy that all tasks share."""


def backbone_cases(backbone: str, options: Mapping[str, Any] | None = None) -> list[Case]:
    """Return the cases of a backbone: two narrow stages under each of :data:`UNDER`.

    Args:
        backbone: the backbone's name.
        options: what it cannot do without, or a variant of it.
    """
    settings: dict[str, Any] = {"stages": 2, "width": 8, "batch_size": 13, "epochs": 2}
    chosen = dict(BACKBONE_OPTIONS.get(backbone, {}) if options is None else options)
    return [case for sharing in UNDER for case in cases_of(sharing, backbone, backbone_options=chosen, **settings)]


def check_backbone(backbone: str, **options: Any) -> None:
    """Check the whole contract of a backbone.

    Args:
        backbone: its name in the registry.
        options: what it cannot do without, or a variant of it.

    Raises:
        AssertionError: naming the case and the promise that is not kept.
    """
    cases = backbone_cases(backbone, options or None)
    assert cases, f"{backbone} with {options or 'its defaults'} is feasible nowhere: pass the options that it needs"
    for case in cases:
        for check in (*STAGE_CHECKS, *checks_for(case)):
            check(case)


def check_sizes(case: Case) -> None:
    """Check that stages put out the features that the backbone names, and the heads see as many as it says."""
    backbone = backbone_of(case.recipe, case.data.shape)
    h = backbone.enter(inputs_for(case, signals=1))
    for level in range(case.recipe.stages):
        stage = backbone.stage(level, (SHARED,))
        before, h = h, stage(stage_parameters(stage.slots), h, EVALUATION)
        found, named = h.shape[backbone.feature_axis], backbone.channels_at(level)
        assert found == named, f"{case}: stage {level} puts out {found} features, channels_at says {named}"
        places, wanted = _places(backbone.fit_to(before, level) if level else h, backbone), _places(h, backbone)
        assert places == wanted, f"{case}: fit_to gives an earlier output places {places}, stage {level} has {wanted}"
    seen = tuple(backbone.leave(h).shape)
    expected = (2, 1, 7, backbone.num_features)
    assert seen == expected, f"{case}: the heads see {seen}, num_features says {expected}"


def _places(h: Tensor, backbone: Backbone) -> tuple[int, ...]:
    """The shape of a signal behind the examples, features apart."""
    axis = backbone.feature_axis % h.ndim
    return tuple(size for place, size in enumerate(h.shape) if place > 2 and place != axis)


def check_further_inputs(case: Case) -> None:
    """Check that further input features change the first stage alone."""
    backbone = backbone_of(case.recipe, case.data.shape)
    more = backbone.extended(4)
    assert type(more) is type(backbone), f"{case}: extended makes {type(more).__name__} of it"
    assert more.inputs[0] == backbone.inputs[0] + 4, f"{case}: extended(4) takes {more.inputs} after {backbone.inputs}"
    copies = private(("one", "other"))
    for level in range(1, case.recipe.stages):
        sizes = [[slot.numel for slot in made.stage(level, copies).slots] for made in (backbone, more)]
        assert sizes[0] == sizes[1], f"{case}: four more inputs change the sizes of stage {level}: {sizes}"


def check_affine_layers(case: Case) -> None:
    """Check that an adaptable backbone passes the pre-activation of every layer that it names, once, to the adapter."""
    if not find("backbones", case.recipe.backbone).cls.adaptable:
        return
    backbone = backbone_of(case.recipe, case.data.shape)
    h = backbone.enter(inputs_for(case, signals=1))
    for level in range(case.recipe.stages):
        stage = backbone.stage(level, (SHARED,))
        theta, seen = stage_parameters(stage.slots), []

        def adapt(layer: Any, theta: Theta, x: Tensor, y: Tensor, seen: list[Any] = seen, level: int = level) -> Tensor:
            found, named = y.shape[layer.feature_axis], layer.outputs
            assert found == named, f"{case}: {layer.name} of stage {level} puts out {found}, its outputs say {named}"
            seen.append(layer)
            return y * 1

        adapted, h = stage(theta, h, EVALUATION.adapted(adapt)), stage(theta, h, EVALUATION)
        torch.testing.assert_close(adapted, h, msg=lambda d, at=level: f"{case}: adapting stage {at} by 1: {d}")
        missed = [layer.name for layer in stage.layers if seen.count(layer) != 1]
        assert not missed, f"{case}: {missed} of stage {level} did not pass through context.adapt once"
        assert stage.conditioned in stage.layers, f"{case}: stage {level} is conditioned at no layer of its own"


def check_dropout(case: Case) -> None:
    """Check that every stage of an adaptable backbone drops units of the rows whose rate is above 0, and of no other.

    A user's own modules have dropout of their own, or none.
    """
    if not find("backbones", case.recipe.backbone).cls.adaptable:
        return
    backbone = backbone_of(case.recipe, case.data.shape)
    noise = noise_of([0, 1], [0, 0], [0.0, 0.5])
    h = backbone.enter(inputs_for(case, signals=1, examples=40))
    for level in range(case.recipe.stages):
        stage = backbone.stage(level, (SHARED,))
        theta = stage_parameters(stage.slots)
        kept, dropped = (stage(theta, h, context) for context in (EVALUATION, replace(EVALUATION, noise=noise)))
        assert torch.equal(kept[0], dropped[0]), f"{case}: stage {level} drops units of a row at rate 0"
        assert not torch.equal(kept[1], dropped[1]), f"{case}: stage {level} drops no unit of a row at rate ½"
        h = kept


def stage_parameters(slots: Sequence[Slot]) -> Theta:
    """Return the parameters of a stage with one copy, alike in two rows."""
    generator = torch.Generator().manual_seed(3)
    return {slot: slot.initialise(generator).expand(2, 1, *slot.shape).contiguous() for slot in slots}


STAGE_CHECKS = (check_sizes, check_further_inputs, check_affine_layers, check_dropout)
"""The promises of the stages themselves, one function each, which takes a case."""
