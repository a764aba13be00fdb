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
from mtl_core.training.recorded_steps.program import Place, Program, place_of, program_of
from mtl_core.training.recorded_steps.recording import Recording
from mtl_core.training.step_inputs import StepInputs

USUAL_STEPS = 20
"""Steps of an array that are taken as usual before two are recorded: recording takes as long as some ten more."""
MOST_PROGRAMS = 3
"""Programs of an array, of which a new one is needed when the state is put elsewhere in memory."""
Take = Callable[[StepInputs, Callable[[], Noise | None]], None]


def is_recordable(recipe: Recipe, tasks: Sequence[Task]) -> bool:
    """Return whether nothing in a step is of the user's own: code that may do something else in every step."""
    used = {("backbones", recipe.backbone), ("sharing", recipe.sharing), ("weighting", recipe.weighting)}
    parts = [find(kind, name).cls for kind, name in used | {("kinds", task.kind) for task in tasks}]
    own_modules = find("backbones", recipe.backbone).cls.draws_streams or any(task.loss for task in tasks)
    return not own_modules and all(part.__module__.startswith("mtl_core.") for part in parts)


class RecordedSteps:
    """Trains the epochs of one array on a CPU: step by step at first, then by the program of two recorded steps.

    The program is used if both steps came to the same one, so that nothing in it stems from the number of the step.
    Steps in which a task is absent are always taken as usual.

    Args:
        dropout: that of the array; ``None``: nothing is dropped.
        state: returns the tensors that steps change and that are to stay where they are.
        decided: returns what decides, beside the inputs, which operations a step takes.
        usual_steps: steps that are taken as usual at first.
    """

    def __init__(
        self,
        dropout: Dropout | None,
        state: Callable[[], Sequence[Tensor]],
        decided: Callable[[], Hashable],
        usual_steps: int = USUAL_STEPS,
    ) -> None:
        self._dropout, self._state, self._usual_steps = dropout, state, usual_steps
        self._decided, self._decided_then = decided, decided()
        self._before: Program | None = None
        """The program of the step before, to which that of the next one is compared."""
        self._calls: tuple[Calls, Calls] | None = None
        """Those of an epoch, and those of a step, which take what the first return and then the inputs."""
        self._places: list[Place] = []
        self._programs = 0
        self.why_not = ""
        """Why steps are taken as usual from now on; empty: there is a program, or will be."""

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
                self._decided_then, self._calls, self._before = self._decided(), None, None
            return
        changing = self._inputs(place, inputs)
        recording = Recording().of(lambda: take(inputs, noise))
        program = program_of(recording, changing)
        self.why_not = recording.why_not
        if program is None or self._before is None:
            self._before = program
            return
        if not self._before.same_as(program):
            self.why_not = "a step differs from the one before in other things than its inputs"
        elif self._programs == MOST_PROGRAMS:
            self.why_not = "the state does not stay where it is in memory"
        else:
            self._calls, self._places = _calls_of(program), self._places_now()
            self._programs += 1
        self._before = None

    def _inputs(self, place: int, inputs: StepInputs) -> list[Tensor]:
        masks = [] if self._dropout is None else self._dropout.asked_masks(place)
        return [one for one in inputs.tensors if one is not None] + masks

    def _places_now(self) -> list[Place]:
        return [place_of(one) for one in self._state()]


def _calls_of(program: Program) -> tuple[Calls, Calls]:
    once = Calls(program.once, program.kept, [], program.needed)
    return once, Calls(program.each, program.kept, [*program.needed, *program.inputs])
