"""How the replicas of a phase train: the study file's section ``training``, and what the phase adds to it.

A new setting is a field of :class:`study.config.sections.Training` and one of :class:`mtl_core.recipe.Recipe`, of one
name and one default; nothing between the two names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from analysis.records.unshared import SINGLE_TASK
from mtl_core.recipe import Recipe
from mtl_core.task_tree import Tree
from study.config.sections import Training
from study.config.spec import Spec
from study.planning.arm import BRANCH, INDEPENDENT, NORM, Arm
from study.planning.drawn_options import settled_options

ALWAYS_HASHED = frozenset(
    ["batch_size", "epochs", "patience", "schedule", "backbone_options", "sharing_options", "weighting_options",
     "tasks_per_step", "sampling", "probes"]
)  # fmt: skip
"""Settings of the first records; a newer one is hashed only where it differs from its default: old records count on."""


@dataclass(frozen=True)
class TrainingSettings:
    """What all replicas of a phase have in common.

    Args:
        training: the study file's section; outside the search without patience.
        trees: of ``branch`` by number of stages, where they are found by affinity; they count like trees that are
            written out in ``sharing_options``.
        probes: moments at which the tasks' gradients are compared.
    """

    training: Training
    trees: Mapping[int, Tree] = field(default_factory=dict)
    probes: int = 0

    def content(self, arm: Arm) -> dict[str, Any]:
        """Return the settings that decide the results of ``arm``, its records included, as arguments of a recipe.

        Options of other architectures and weighting methods are left out, and so are options that are drawn, whose
        values are the replicas' own, and probes where there are none: they change no number, and arms that share
        nothing are not probed.
        """
        content = dict(self.training)
        content["backbone_options"] = dict(self.training.backbone_options)
        content["sharing_options"] = settled_options(self.training.sharing_options.get(arm.sharing, {}))
        content["weighting_options"] = settled_options(self.training.weighting_options.get(arm.weighting, {}))
        if arm.sharing == BRANCH and self.trees:
            content["sharing_options"]["tree"] = self.trees[arm.stages]
        if self.probes and arm.sharing not in (SINGLE_TASK, INDEPENDENT):
            content["probes"] = self.probes
        return content

    def hashed(self, arm: Arm) -> dict[str, Any]:
        """Return the part of :meth:`content` that a replica's content hash is made of."""
        fields = type(self.training).model_fields
        return {
            name: value
            for name, value in self.content(arm).items()
            if name in ALWAYS_HASHED or value != fields[name].get_default(call_default_factory=True)
        }


def settings_of(spec: Spec, phase: str, trees: Mapping[int, Tree] | None = None) -> TrainingSettings:
    """Return the training settings of ``phase``: only the search may stop early, only later phases are probed.

    Args:
        spec: the study.
        phase: search, confirm or verdict.
        trees: of ``branch`` by number of stages, see :mod:`study.planning.task_trees`.
    """
    if phase == "search":
        return TrainingSettings(spec.training, trees or {})
    without_patience = spec.training.model_copy(update={"patience": None})
    return TrainingSettings(without_patience, trees or {}, spec.diagnostics.gradients)


def recipe_of(arm: Arm, settings: TrainingSettings) -> Recipe:
    """Return the recipe of an arm's replicas, which is their fusion key."""
    levels = {factor: level for factor, level in arm.levels().items() if factor != "capacity"}
    return Recipe(**levels, **settings.content(arm))


def drawn_recipe(recipe: Recipe, hyperparameters: Mapping[str, Any]) -> Recipe:
    """Return ``recipe`` with the options of the backbone that are among a replica's hyperparameters: its norm."""
    if NORM not in hyperparameters:
        return recipe
    return replace(recipe, backbone_options={**recipe.backbone_options, NORM: hyperparameters[NORM]})
