"""The shape of a network's arrays: what their memory and their time on a GPU depend on, and not the numbers in them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from mtl_core.data.task_set import Development
from mtl_core.network.cost import cost_of
from mtl_core.recipe import Recipe
from study.planning.trials import Kind, kind_of


@dataclass(frozen=True)
class Shape:
    """The shape of arrays.

    Args:
        digest: equal for two networks whose arrays take the same memory and time.
        kind: see :func:`study.planning.trials.kind_of`.
        multiply_adds: of a forward pass for one example.
        replica_bytes: memory of one row in training, as declared.
    """

    digest: str
    kind: Kind
    multiply_adds: int
    replica_bytes: int


def shape_of(recipe: Recipe, view: Development) -> Shape:
    """Return the shape of arrays of ``recipe`` on the examples of ``view``.

    How long they train, and how often their tasks' gradients are compared, is no part of it.
    """
    cost = cost_of(recipe, view)
    return Shape(digest_of(recipe, view), kind_of(recipe), cost.multiply_adds, cost.replica_bytes)


def digest_of(recipe: Recipe, view: Development) -> str:
    """Return the digest of the shape, as :class:`Shape` has it."""
    content = {
        "recipe": asdict(replace(recipe, epochs=1, patience=None, probes=0)),
        "examples": len(view.examples),
        "inputs": [list(view.shape), str(view.examples.inputs.dtype), view.own_inputs],
        "tasks": [[task.kind, task.metric, task.num_classes, task.num_targets, task.loss] for task in view.tasks],
        "labels": [view.examples.weights is not None, bool(view.labels.all())],
        "split": [view.num_folds, view.validation_share],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
