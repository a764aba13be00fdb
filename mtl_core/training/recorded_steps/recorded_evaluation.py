"""Evaluations of one array's rows by the program of an evaluation, from the moment that there is one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

from mtl_core.layers.matrix_products import ONEDNN
from mtl_core.training.recorded_steps.calls import Calls
from mtl_core.training.recorded_steps.recorded_work import RecordedWork

USUAL_EVALUATIONS, USUAL_IF_KNOWN = 8, 1
"""Evaluations of an array that are done as usual before two are recorded, which take as long as some eight more; and
before one is, if the program of other arrays is known."""
MOST_KEPT = 8 * 2**20
"""Bytes of what does not depend on the parameters, such as standardised inputs, that are kept between evaluations."""


class RecordedEvaluation(RecordedWork):
    """Evaluates the rows of an array on a CPU after every epoch: as usual at first, then by a program.

    Args:
        evaluate: returns tensors that depend on the parameters alone.
        parameters: what training changes between two evaluations, where it is.
        kind: of the evaluation, as of :class:`RecordedWork`.
        usual: evaluations that are done as usual at first; ``None``: as many as pay.
    """

    def __init__(
        self,
        evaluate: Callable[[], tuple[Tensor, ...]],
        parameters: Sequence[Tensor],
        kind: Hashable,
        usual: int | None = None,
    ) -> None:
        super().__init__(kind, lambda: parameters)
        self._evaluate, self._parameters = evaluate, parameters
        self._usual = (USUAL_IF_KNOWN if self.is_known else USUAL_EVALUATIONS) if usual is None else usual
        self._fixed: list[Tensor] | None = None

    def __call__(self) -> tuple[Tensor, ...]:
        """Return what ``evaluate`` returns."""
        calls = self.calls()
        if calls is not None:
            return self._run(*calls)
        self._fixed = None
        if self.why_not or self._usual > 0:
            self._usual -= 1
            return self._evaluate()
        return tuple(self.record(self._evaluate, [], self._parameters))

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
