"""Feasibility of an arm: the conditions that backbone, architecture and weighting method set on a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mtl_core.data.task_set import Development
from mtl_core.layers.forward_context import EVALUATION
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import last_shared_stage
from mtl_core.recipe import Recipe
from mtl_core.registry import find


def why_infeasible(recipe: Recipe, development: Development) -> str | None:
    """Return why an arm cannot be trained, as a phrase for the plan's list of skipped arms; ``None`` if it can.

    Args:
        recipe: recipe of the arm.
        development: the examples to train on, with their tasks.
    """
    backbone, sharing = find("backbones", recipe.backbone).cls, find("sharing", recipe.sharing).cls
    return (
        backbone.why_infeasible(recipe, development.shape)
        or sharing.why_infeasible(recipe, development)
        or why_not_in_precision(recipe)
        or _why_not_weighable(recipe, development)
    )


def why_not_in_precision(recipe: Recipe) -> str | None:
    """Return why the recipe's precision would not be that of the network's products; ``None`` if it is."""
    if recipe.precision == "bf16" and not find("backbones", recipe.backbone).cls.follows_precision:
        return f"bf16 is a precision of this program's own layers, and {recipe.backbone} has others"
    return None


def _why_not_weighable(recipe: Recipe, development: Development) -> str | None:
    """Why the weighting method lacks the gradients that it needs, or that the recipe tells it to use."""
    method, needs = recipe.weighting, _needs_of(recipe.weighting, recipe.weighting_options)
    elsewhere = recipe.gradients != "parameters" or recipe.gramian_rows is not None
    if needs == "losses":
        idle = elsewhere and find("weighting", method).cls.needs != "losses"
        return f"{method} averages weights of losses, and has no use for inner products" if idle else None
    if elsewhere and needs == "jacobian":
        return f"{method} combines the gradients themselves, so inner products taken elsewhere are of no use to it"
    if getattr(find("weighting", method).cls, "adaptive", False):
        if recipe.optimiser != "adamw":
            return f"{method} keeps the moments of Adam for each task, and {recipe.optimiser} has none to keep"
        if recipe.clip_norm is not None:
            return f"{method} hands over finished steps, and clip_norm shortens gradients"
    network = Network(recipe, development.tasks, development.shape)
    if not network.layout.count_shared():
        return f"{method} weighs gradients on shared parameters, and nothing is shared"
    if recipe.gradients == "last_stage" and not last_shared_stage(network.layout):
        return "no stage has shared parameters"
    if recipe.gradients == "representation" and not _has_common_representation(network, development):
        return "there is no single representation that all tasks read"
    if recipe.gramian_rows is not None and recipe.gramian_rows >= recipe.batch_size:
        return f"gramian_rows: {recipe.gramian_rows} is no part of a batch of {recipe.batch_size}"
    return None


def _needs_of(method: str, options: Mapping[str, Any]) -> str:
    """What a weighting method needs with these options: what the method needs that it consults, if it does."""
    consulted = find("weighting", method).cls.consulted(options)
    return find("weighting", method).cls.needs if consulted is None else _needs_of(*consulted)


def _has_common_representation(network: Network, development: Development) -> bool:
    if development.own_inputs or not network.parts_tasks:
        return False
    theta = {slot: torch.zeros(1, len(slot.copies), *slot.shape) for slot in network.layout.slots}
    with torch.no_grad():
        z = network.represent(theta, torch.zeros(1, 1, 2, development.num_inputs), EVALUATION)
    return z.shape[1] == 1
