"""The training of an array's epochs by the program of its steps, from the moment that there is one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.layers.dropout import Dropout, Noise
from mtl_core.layers.matrix_products import ONEDNN
from mtl_core.recipe import Recipe
from mtl_core.registry import find
from mtl_core.training.recorded_steps.calls import Calls
from mtl_core.training.recorded_steps.recorded_work import RecordedWork
from mtl_core.training.step_inputs import StepInputs

USUAL_STEPS, USUAL_IF_KNOWN = 20, 1
"""Steps of an array that are taken as usual before two are recorded, which takes as long as some ten more; and before
one is, if the program of other arrays is known."""
Take = Callable[[StepInputs, Callable[[], Noise | None]], None]


def is_recordable(recipe: Recipe, tasks: Sequence[Task]) -> bool:
    """Return whether nothing in a step is of the user's own: code that may do something else in every step."""
    used = {("backbones", recipe.backbone), ("sharing", recipe.sharing), ("weighting", recipe.weighting)}
    parts = [find(kind, name).cls for kind, name in used | {("kinds", task.kind) for task in tasks}]
    own_modules = find("backbones", recipe.backbone).cls.draws_streams or any(task.loss for task in tasks)
    return not own_modules and all(part.__module__.startswith("mtl_core.") for part in parts)


class RecordedSteps(RecordedWork):
    """Trains the epochs of one array on a CPU: step by step at first, then by the program of recorded steps.

    Steps in which a task is absent are always taken as usual.

    Args:
        dropout: that of the array; ``None``: nothing is dropped.
        state: returns the tensors that steps change and that are to stay where they are.
        decided: returns what decides, beside the inputs, which operations a step takes.
        kind: of the steps, as of :class:`RecordedWork`.
        usual_steps: steps that are taken as usual at first; ``None``: as many as pay.
    """

    def __init__(
        self,
        dropout: Dropout | None,
        state: Callable[[], Sequence[Tensor]],
        decided: Callable[[], Hashable],
        kind: Hashable,
        usual_steps: int | None = None,
    ) -> None:
        super().__init__(kind, state)
        self._dropout, self._decided, self._decided_then = dropout, decided, decided()
        self._usual = (USUAL_IF_KNOWN if self.is_known else USUAL_STEPS) if usual_steps is None else usual_steps

    def train(self, steps: Sequence[StepInputs], take: Take) -> None:
        """Take the steps of an epoch.

        Args:
            steps: inputs of the epoch's steps, whose shapes are those of all epochs.
            take: takes a step with its inputs and what makes its dropout masks.
        """
        taken = 0
        while taken < len(steps):
            calls = self.calls() if steps[taken].trains_all else None
            if calls is not None:
                taken += self._run(*calls, steps, taken)
            else:
                self._take_usually(taken, steps[taken], take)
                taken += 1

    def _run(self, once: Calls, each: Calls, steps: Sequence[StepInputs], first: int) -> int:
        """Do the steps from ``first`` on by their program, up to one that has none, and return their number."""
        last = next((place for place in range(first, len(steps)) if not steps[place].trains_all), len(steps))
        try:
            with torch.inference_mode():
                fixed = once()
            for place in range(first, last):
                inputs = self._inputs(place, steps[place])  # masks outlive the block, and others may train on them
                with torch.inference_mode():
                    each(*fixed, *inputs)
        finally:
            ONEDNN.off()
        return last - first

    def _take_usually(self, place: int, inputs: StepInputs, take: Take) -> None:
        """Take a step as usual, and record it when its time has come."""

        def noise() -> Noise | None:
            return self._dropout.at(place) if self._dropout else None

        if self.why_not or self._usual > 0 or not inputs.trains_all:
            self._usual -= 1
            take(inputs, noise)
            if self._decided() != self._decided_then:
                self._decided_then = self._decided()
                self.forget()
        else:
            self.record(lambda: take(inputs, noise), self._inputs(place, inputs))

    def _inputs(self, place: int, inputs: StepInputs) -> list[Tensor]:
        masks = [] if self._dropout is None else self._dropout.asked_masks(place)
        return [one for one in inputs.tensors if one is not None] + masks
