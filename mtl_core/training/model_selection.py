"""Evaluation after every epoch, and the choice of each row's best epoch by its validation skill."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import padded
from mtl_core.data.preprocessing import skill
from mtl_core.training.array_parts import ArrayParts
from mtl_core.training.device import CPU
from mtl_core.training.evaluation import evaluate
from mtl_core.training.recorded_steps.recorded_evaluation import RecordedEvaluation
from mtl_core.training.recorded_steps.recorded_steps import is_recordable

CURVES = ("train_loss", "validation_loss", "train_metric", "validation_metric", "validation_skill", "weight")
"""What is recorded of each task after every epoch, ``[epochs, t]`` each."""
LOWEST_SKILL = -1.0
"""Floor of a task's skill in the mean that selects an epoch: one task that is not learnt must not decide for all."""


class ModelSelection:
    """Records the curves of an array's rows, and keeps the parameters of each row's best epoch.

    Args:
        parts: the array; its state is updated in place.
        usual: evaluations on a CPU that are done as usual before they are recorded; ``None``: as many as pay.
    """

    def __init__(self, parts: ArrayParts, usual: int | None = None) -> None:
        self._parts, preparations = parts, parts.preparations
        self.of_training, self.of_validation = (_evaluation(parts, split, usual) for split in ("probe", "validation"))
        counted = parts.development.labels_in_loss
        has_labels = torch.stack([counted[preparation.probe].any(dim=0) for preparation in preparations])
        self._has_training_labels = has_labels.to(parts.device)
        self._trivial_loss, self._trivial_metric = (
            torch.stack([getattr(preparation, name) for preparation in preparations]).to(parts.device)
            for name in ("trivial_loss", "trivial_metric")
        )

    def after_epoch(self, weights: Float[Tensor, "r t"]) -> None:
        """Evaluate every row, record its curves, and update its selected parameters and whether it has to stop.

        Args:
            weights: mean weight of each task in the epoch, for the curves.
        """
        parts, state = self._parts, self._parts.state
        in_search, searching = [epoch < 0 for epoch in parts.epochs], state["epoch"] < 0
        if any(in_search):  # a search is not judged, but must not go astray unseen
            lost = ~parts.network.layout.pack(parts.parameters).isfinite().all(dim=1)
            state["diverged"] |= lost & searching
            if all(in_search):
                return
        train_loss, train_metric = self.of_training()
        loss, metric = self.of_validation()
        skills = skill(parts.network.tasks, metric, self._trivial_metric)
        for name, values in zip(CURVES, (train_loss, loss, train_metric, metric, skills, weights), strict=True):
            self._record(state[name], values, searching)
        # a task without labels in a split has no loss there, which is no divergence
        finite = (train_loss.isfinite() | ~self._has_training_labels) & (loss.isfinite() | self._trivial_loss.isnan())
        state["diverged"] |= ~finite.all(dim=1) & ~searching
        floored = skills if skills.shape[1] == 1 else skills.clamp(min=LOWEST_SKILL)
        self._select(torch.where(searching, -torch.inf, floored.nanmean(dim=1).nan_to_num(-torch.inf)))

    def _record(self, curve: Float[Tensor, "r e t"], values: Float[Tensor, "r t"], searching: Tensor) -> None:
        """Write the values of this epoch into the curve of every row that does not search."""
        place = self._parts.state["epoch"].clamp(min=0).view(-1, 1, 1).expand(-1, 1, curve.shape[2])
        before = curve.gather(1, place)
        curve.scatter_(1, place, torch.where(searching.view(-1, 1, 1), before, values.unsqueeze(1)))

    def _select(self, mean_skill: Float[Tensor, " r"]) -> None:
        """Keep the parameters of rows that are better than ever, and stop rows whose patience has run out."""
        parts, state = self._parts, self._parts.state
        better = (mean_skill > state["best_skill"]) & ~state["diverged"]
        state["best_skill"] = torch.where(better, mean_skill, state["best_skill"])
        state["selected_epoch"] = torch.where(better, state["epoch"], state["selected_epoch"])
        current = parts.network.layout.pack(parts.parameters)
        state["selected"] = torch.where(better[:, None], current, state["selected"])
        if parts.recipe.patience is not None:
            state["stopped"] |= state["epoch"] - state["selected_epoch"] >= parts.recipe.patience


def _evaluation(parts: ArrayParts, split: str, usual: int | None) -> Callable[[], tuple[Tensor, ...]]:
    """What computes the loss and the metric of every row and task on the row's own split."""
    labelled, own = parts.development.labels, parts.development.own_inputs
    examples = padded([_signals(getattr(one, split), labelled, own) for one in parts.preparations])
    index, real = (part.to(parts.device) for part in examples)
    as_usual = partial(evaluate, parts.network, parts.theta, parts.loader, index, real)
    if parts.device == CPU and is_recordable(parts.recipe, parts.network.tasks):
        return RecordedEvaluation(as_usual, parts.parameters, (split, parts.kind), usual)
    return as_usual


def _signals(index: Int[Tensor, " n"], labelled: Bool[Tensor, "n t"], own_inputs: bool) -> list[Int[Tensor, " m"]]:
    """Return the examples to evaluate: the same for all tasks, or each task's own."""
    return [index[labelled[index, place]] for place in range(labelled.shape[1])] if own_inputs else [index]
