"""Evaluations of one array's rows by the program of an evaluation, from the moment that there is one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

from mtl_core.layers.matrix_products import ONEDNN
from mtl_core.training.recorded_steps.calls import Calls
from mtl_core.training.recorded_steps.comparison import Comparison
from mtl_core.training.recorded_steps.program import Place, place_of

USUAL_EVALUATIONS, USUAL_IF_KNOWN = 8, 1
"""Evaluations of an array that are done as usual before two are recorded, which take as long as some eight more; and
before one is, if the program of other arrays is known."""
MOST_KEPT = 8 * 2**20
"""Bytes of what does not depend on the parameters, such as standardised inputs, that are kept between evaluations."""


class RecordedEvaluation:
    """Evaluates the rows of an array on a CPU after every epoch: as usual at first, then by a program.

    Args:
        evaluate: returns tensors that depend on the parameters alone.
        parameters: what training changes between two evaluations, where it is.
        kind: of the evaluation, as of :class:`Comparison`.
        usual: evaluations that are done as usual at first; ``None``: as many as pay.
    """

    def __init__(
        self,
        evaluate: Callable[[], tuple[Tensor, ...]],
        parameters: Sequence[Tensor],
        kind: Hashable,
        usual: int | None = None,
    ) -> None:
        self._evaluate, self._parameters, self._comparison = evaluate, parameters, Comparison(kind)
        self._usual = (USUAL_IF_KNOWN if self._comparison.is_known else USUAL_EVALUATIONS) if usual is None else usual
        self._calls: tuple[Calls, Calls] | None = None
        """Those whose results stay, and the others."""
        self._fixed: list[Tensor] | None = None
        self._places: list[Place] = []

    @property
    def why_not(self) -> str:
        """Why evaluations are done as usual from now on; empty: there is a program, or will be."""
        return self._comparison.why_not

    @property
    def has_program(self) -> bool:
        """Whether evaluations are done by a program from now on."""
        return self._calls is not None

    def __call__(self) -> tuple[Tensor, ...]:
        """Return what ``evaluate`` returns."""
        if self._calls is not None and self._places == self._places_now():
            return self._run(*self._calls)
        self._calls = self._fixed = None
        if self.why_not or self._usual > 0:
            self._usual -= 1
            return self._evaluate()
        returned, program = self._comparison.of(self._evaluate, [], self._parameters)
        if program is not None:
            self._calls, self._places = Calls.of(program), self._places_now()
        return tuple(returned)

    def _run(self, once: Calls, each: Calls) -> tuple[Tensor, ...]:
        try:
            with torch.inference_mode():
                fixed = once() if self._fixed is None else self._fixed
                found = each(*fixed)
        finally:
            ONEDNN.off()
        if sum(one.nbytes for one in fixed) <= MOST_KEPT:
            self._fixed = fixed
        return tuple(one.clone() for one in found)  # which may be changed, as those of the inference mode may not

    def _places_now(self) -> list[Place]:
        return [place_of(one) for one in self._parameters]
