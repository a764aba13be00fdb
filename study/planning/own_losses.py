"""A check of the user's own losses before anything trains: shapes, numbers, gradients, and examples kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature

import torch
from torch import Tensor

from mtl_core.data.kinds import KindOfNumbers, kind_named
from mtl_core.data.own_losses.own_loss import own_function
from mtl_core.data.preprocessing import target_standards
from mtl_core.data.target_columns import columns_of, targets_of
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.training.device import chosen_device

MOST_ROWS = 500
SIZES = (0.0, 1.0, 5.0)
"""Standard deviations of the outputs that are tried; a network that begins badly puts out as large ones."""
ARGUMENTS = "Its arguments are outputs, then targets, as tensors of torch."


def check_own_losses(development: Development, device: str = "cpu") -> None:
    """Check the tasks' own losses on labels to develop on; the user's code is imported here.

    Args:
        development: the pool and its tasks.
        device: of the study, on which the functions are tried where this machine has it.

    Raises:
        UserError: when one cannot be imported, fails, does not return a finite loss of 0 or more for each example, lets
            no gradient through to the outputs, changes what it gets, draws random numbers, or lets the loss of an
            example depend on others.
    """
    own = [task.loss is not None for task in development.tasks]
    if not any(own):
        return
    targets = development.examples.targets
    shift, scale = target_standards(development.tasks, targets)
    standard = (targets - shift) * scale
    here = chosen_device(device if torch.cuda.is_available() else "cpu")
    for task, columns in zip(development.tasks, columns_of(development.tasks), strict=True):
        if task.loss is not None:
            labels = targets_of(standard, columns)
            known = ~labels.view(len(labels), -1).isnan().any(dim=1)
            _Trial(task, task.loss, labels[known][:MOST_ROWS].to(here)).run()


@dataclass(frozen=True)
class _Trial:
    """The trial of one task's loss on ``labels``, standardised, [n] or [n, k]."""

    task: Task
    path: str
    labels: Tensor

    def run(self) -> None:
        first = _first_argument(own_function(self.path))
        if any(word in first.lower() for word in ("target", "label", "true")):
            raise self._error(f"its first argument is called {first!r}, and outputs come first.", ARGUMENTS)
        for size in SIZES:
            outputs, targets = self._seen(size)
            losses = self._losses(outputs, targets, f"outputs of about {size:g}")
            self._check_gradient(outputs, losses, f"outputs of about {size:g}", may_vanish=size == 0)
        if self._is_standardised:
            outputs = self.labels.detach().clone().requires_grad_()
            losses = self._losses(outputs, self.labels, "outputs that equal the targets")
            self._check_gradient(outputs, losses, "outputs that equal the targets", may_vanish=True)
        self._check_apart()

    @property
    def _is_standardised(self) -> bool:
        """Whether outputs and targets are numbers around 0."""
        kind = kind_named(self.task.kind)
        return isinstance(kind, KindOfNumbers) and kind.is_centred

    def _seen(self, size: float) -> tuple[Tensor, Tensor]:
        """Outputs of that size, a leaf, and targets, as the function gets them."""
        kind, number = kind_named(self.task.kind), len(self.labels)
        chance = torch.Generator().manual_seed(0)
        raw = size * torch.randn(1, 1, self.task.num_outputs, number, generator=chance)
        outputs, targets = kind.seen_by_own_loss(raw.to(self.labels.device), self.labels.movedim(0, -1)[None, None])
        outputs = (outputs.squeeze(2) if outputs.shape[2] == 1 else outputs.movedim(2, -1))[0, 0]
        targets = (targets.movedim(2, -1) if targets.ndim > 3 else targets)[0, 0]
        return outputs.detach().clone().requires_grad_(), targets

    def _losses(self, outputs: Tensor, targets: Tensor, what: str) -> Tensor:
        random, passed = torch.get_rng_state(), (outputs.clone(), targets.clone())
        losses = self._called(*passed)
        wanted = f"Return a tensor with one loss for each of the n examples: [{len(targets)}] here."
        if not isinstance(losses, Tensor):
            raise self._error(f"it returned {type(losses).__name__}, for {_shapes(outputs, targets)}.", wanted)
        if losses.shape != targets.shape[:1] or not losses.is_floating_point():
            kind = str(losses.dtype).removeprefix("torch.")
            found = f"it returned {kind} of shape {list(losses.shape)} for {_shapes(outputs, targets)}."
            raise self._error(found, wanted)
        if any(one._version > 0 for one in passed):
            raise self._error("it changes the tensors that it gets.", "Compute new ones: x - y, not x.sub_(y).")
        if not torch.equal(random, torch.get_rng_state()):
            raise self._error("it draws random numbers, which no run could repeat.", "Take them out.")
        if not losses.isfinite().all():
            found = f"{int((~losses.isfinite()).sum())} of {len(losses)} losses are not finite for {what}."
            standard = " Targets of a regression are standardised: half of them are below 0." * self._is_standardised
            advice = f"Write it so that it is finite for every number, as with clamp or log_softmax.{standard}"
            raise self._error(found, advice)
        if (losses < -1e-5).any():
            found = f"a loss is {losses.min().item():.4g} for {what}."
            raise self._error(found, "Methods that weigh tasks need losses of 0 or more: add a constant.")
        return losses

    def _check_gradient(self, outputs: Tensor, losses: Tensor, what: str, *, may_vanish: bool = False) -> None:
        advice = "Compute it from outputs by operations of torch, without detach, item, numpy or rounding."
        if not losses.requires_grad:
            raise self._error("no gradient reaches the outputs.", advice)
        (gradient,) = torch.autograd.grad(losses.sum(), outputs, retain_graph=True, allow_unused=True)
        if gradient is None or not (may_vanish or gradient.any()):
            raise self._error(f"the gradient by the outputs is 0 for {what}.", advice)
        if not gradient.isfinite().all():
            found = f"a gradient by the outputs is not finite for {what}."
            raise self._error(
                found, "Avoid infinite slopes, such as that of a square root at 0: add a small number inside."
            )
        self._check_several_gradients(outputs, losses)

    def _check_several_gradients(self, outputs: Tensor, losses: Tensor) -> None:
        """Some architectures take the gradients of all tasks in one pass."""
        each = torch.eye(2, len(losses), device=losses.device, dtype=losses.dtype)
        try:
            torch.autograd.grad(losses, outputs, each, is_grads_batched=True)
        except Exception as error:  # an own backward of the user's may raise anything there
            found = f"its gradient cannot be taken for several tasks at once ({type(error).__name__}: {error})."
            raise self._error(found, "Use operations of torch, or give the autograd.Function a vmap rule.") from error

    def _check_apart(self) -> None:
        """A loss depends on its own example alone: neither on the values of others nor on their number."""
        outputs, targets = (one.detach() for one in self._seen(1.0))
        whole, number = self._called(outputs.clone(), targets.clone()), len(targets)
        fewer = self._called(outputs[: number // 2].clone(), targets[: number // 2].clone())
        moved = torch.cat([outputs[:1] + 10.0, outputs[1:]])
        others = self._called(moved, targets.clone())
        if not (_alike(fewer, whole[: number // 2]) and _alike(others[1:], whole[1:])):
            advice = "Use nothing of other examples: no mean, sum, maximum or number of them."
            raise self._error("the loss of an example depends on other examples of its batch.", advice)

    def _called(self, outputs: Tensor, targets: Tensor) -> Tensor:
        function: Callable[[Tensor, Tensor], Tensor] = own_function(self.path)
        try:
            return function(outputs, targets)
        except Exception as error:  # the user's code runs here, and whatever it raises is theirs to know
            found = f"it fails on {_shapes(outputs, targets)} ({type(error).__name__}: {error})."
            raise self._error(found, ARGUMENTS) from error

    def _error(self, found: str, do: str) -> UserError:
        return UserError(f"loss {self.path} of {self.task.name!r}", found, do)


def _first_argument(function: Callable[..., object]) -> str:
    try:
        return next(iter(signature(function).parameters), "")
    except ValueError:  # some built-in ones have no signature
        return ""


def _alike(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=1e-4, atol=1e-6)


def _shapes(outputs: Tensor, targets: Tensor) -> str:
    return f"outputs {list(outputs.shape)} and targets {list(targets.shape)}"
