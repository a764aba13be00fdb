"""What a metric and a kind of task promise together: that no class, and no label, predicted for all betters skill 0."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_core.data.constants import fitted_constant
from mtl_core.data.example_weights import weighted_mean
from mtl_core.data.kinds import KindOfNumbers, kind_named, kind_of_classes
from mtl_core.data.metrics import MeanMetric, metric_named
from mtl_core.data.metrics.statistics.classes import certain
from mtl_core.data.preprocessing import target_standards
from mtl_core.data.task import Task

ROUNDING = 1e-5
LABELS = 240


def check_best_constant(task: Task) -> None:
    """Check that skill is measured from the best constant: that no class predicted for all examples has a better value.

    Of numbers it is no label predicted for all.  Labels are even, have one frequent class, or are frequent at both ends
    and rare between; in means over examples they are weighed, too.

    Args:
        task: of some kind, judged by some metric.

    Raises:
        AssertionError: naming the metric, the kind, the constant and what is better.
    """
    metric, chance = metric_named(task.metric), torch.Generator().manual_seed(29)
    weights: list[Tensor | None] = [None]
    if isinstance(metric, MeanMetric):
        weights.append(torch.rand(LABELS, generator=chance).double() + 0.1)
    for labels in _label_sets(task, chance):
        standards = target_standards((task,), labels[:, None])
        for own in weights:
            found = fitted_constant(task, labels, standards, (own, own)).for_metric
            value, worth = _value(task, found, labels, own), _values_of_others(task, labels, own)
            far = {name: abs(metric.perfect - other) for name, other in worth.items()}
            best = min(far, key=lambda name: far[name])
            assert abs(metric.perfect - value) <= far[best] + ROUNDING, (
                f"{task.metric} of {task.kind} tasks: the best constant has {value:.4f}, and {best} predicted for all "
                f"examples has {worth[best]:.4f}: skill would be had for nothing"
            )


def _label_sets(task: Task, chance: torch.Generator) -> list[Tensor]:
    """Labels of all classes, some at least, in several distributions; or numbers."""
    if isinstance(kind_named(task.kind), KindOfNumbers):
        return [torch.poisson(torch.full((LABELS,), mean), generator=chance) for mean in (0.7, 4.0)]
    classes = torch.arange(task.num_classes).double()
    middle = (task.num_classes - 1) / 2
    odds = [torch.ones_like(classes), 3 ** (classes - middle).abs(), 3**-classes, 3**classes]
    every = torch.arange(task.num_classes).repeat(2)
    drawn = [torch.multinomial(each, LABELS - len(every), replacement=True, generator=chance) for each in odds]
    return [torch.cat([every, one]).float() for one in drawn]


def _values_of_others(task: Task, labels: Tensor, weights: Tensor | None) -> dict[str, float]:
    if isinstance(kind_named(task.kind), KindOfNumbers):
        return {f"{label:g}": _value(task, label.view(1), labels, weights) for label in labels.unique()}
    found = {}
    for number in range(task.num_classes):
        outputs = certain(task, number)
        predicted = kind_of_classes(task.kind).predicted(outputs.view(1, 1, -1, 1)).item()
        assert predicted == number, f"{task.kind}: outputs that are all but sure of class {number} predict {predicted}"
        found[f"class {number}"] = _value(task, outputs, labels, weights)
    return found


def _value(task: Task, constant: Tensor, labels: Tensor, weights: Tensor | None) -> float:
    metric, targets = metric_named(task.metric), labels[None, None]
    outputs = constant.view(1, 1, -1, 1).expand(-1, -1, -1, len(labels))
    if weights is None:
        return metric.of_all(task, outputs, targets)
    return weighted_mean(metric.keep(task, outputs, targets)[0, 0, 0], weights).item()
