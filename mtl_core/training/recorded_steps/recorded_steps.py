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
from mtl_core.training.recorded_steps.comparison import Comparison
from mtl_core.training.recorded_steps.program import Place, place_of
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


class RecordedSteps:
    """Trains the epochs of one array on a CPU: step by step at first, then by the program of recorded steps.

    Steps in which a task is absent are always taken as usual.

    Args:
        dropout: that of the array; ``None``: nothing is dropped.
        state: returns the tensors that steps change and that are to stay where they are.
        decided: returns what decides, beside the inputs, which operations a step takes.
        kind: of the steps, as of :class:`Comparison`.
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
        self._dropout, self._state, self._comparison = dropout, state, Comparison(kind)
        as_many = USUAL_IF_KNOWN if self._comparison.is_known else USUAL_STEPS
        self._usual_steps = as_many if usual_steps is None else usual_steps
        self._decided, self._decided_then = decided, decided()
        self._calls: tuple[Calls, Calls] | None = None
        """Those of an epoch, and those of a step, which take what the first return and then the inputs."""
        self._places: list[Place] = []

    @property
    def why_not(self) -> str:
        """Why steps are taken as usual from now on; empty: there is a program, or will be."""
        return self._comparison.why_not

    @property
    def has_program(self) -> bool:
        """Whether steps are done by a program from now on."""
        return self._calls is not None

    def train(self, steps: Sequence[StepInputs], take: Take) -> None:
        """Take the steps of an epoch.

        Args:
            steps: inputs of the epoch's steps, whose shapes are those of all epochs.
            take: takes a step with its inputs and what makes its dropout masks.
        """
        if self._calls is not None and self._places != self._places_now():
            self._calls = None
        taken = 0
        while taken < len(steps):
            if self._calls is not None and steps[taken].trains_all:
                taken += self._run(*self._calls, steps, taken)
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

        if self.why_not or self._usual_steps > 0 or not inputs.trains_all:
            self._usual_steps -= 1
            take(inputs, noise)
            if self._decided() != self._decided_then:
                self._decided_then, self._calls = self._decided(), None
                self._comparison.forget()
            return
        _, program = self._comparison.of(lambda: take(inputs, noise), self._inputs(place, inputs))
        if program is not None:
            self._calls, self._places = Calls.of(program), self._places_now()

    def _inputs(self, place: int, inputs: StepInputs) -> list[Tensor]:
        masks = [] if self._dropout is None else self._dropout.asked_masks(place)
        return [one for one in inputs.tensors if one is not None] + masks

    def _places_now(self) -> list[Place]:
        return [place_of(one) for one in self._state()]
