"""Work that is done again and again, recorded until it is known to be the same each time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from torch import Tensor

from mtl_core.training.recorded_steps.program import Program, Structure, program_of
from mtl_core.training.recorded_steps.recording import Recording

MOST_PROGRAMS = 3
"""Programs of one piece of work, of which a new one is needed when its memory is put elsewhere."""
_MOST_KNOWN = 64
_KNOWN: dict[Hashable, Structure] = {}
"""Structures of programs in which two recordings agreed in this process, by the kind of work; the oldest first."""


class Comparison:
    """Records work until its program is known to hold nothing that stems from how often it was done before.

    It is known when two successive recordings agree.  Work of a kind for which they have agreed before in this process,
    in another array, needs one recording: if it has the same structure, it came about in the same way.

    Args:
        kind: of the work; where it is another one, the operations may be others.

    Attributes:
        is_known: whether two recordings of this kind have agreed before.
        why_not: why there will be no program; empty: there will be one.
    """

    def __init__(self, kind: Hashable) -> None:
        self._kind, self.is_known, self.why_not = kind, kind in _KNOWN, ""
        self._before: Program | None = None
        """The program of the time before."""
        self._found = 0

    def forget(self) -> None:
        """Compare nothing that is yet to come with what was recorded so far."""
        self._before = None

    def of(
        self,
        work: Callable[[], Sequence[Tensor] | None],
        inputs: Sequence[Tensor],
        rewritten: Sequence[Tensor] = (),
    ) -> tuple[Sequence[Tensor], Program | None]:
        """Do the work and record it, and return what it returned, and its program as soon as that is known.

        Args:
            work: may return tensors, which the program then returns as well.
            inputs: tensors that are others each time.
            rewritten: tensors that stay where they are, and that something else changes from one time to the next.
        """
        returned: list[Tensor] = []
        recording = Recording().of(lambda: returned.extend(work() or ()))
        program, before = program_of(recording, inputs, rewritten, returned), self._before
        self._before, self.why_not = None, recording.why_not
        if program is None:
            return returned, None
        if program.structure != _KNOWN.get(self._kind):
            if before is None:
                self._before = program
                return returned, None
            if not before.same_as(program):
                self.why_not = "it differs from the time before in other things than its inputs"
                return returned, None
            _remember(self._kind, program.structure)
        if self._found == MOST_PROGRAMS:
            self.why_not = "its state does not stay where it is in memory"
            return returned, None
        self._found += 1
        return returned, program


def _remember(kind: Hashable, structure: Structure) -> None:
    _KNOWN.pop(kind, None)
    _KNOWN[kind] = structure
    if len(_KNOWN) > _MOST_KNOWN:
        _KNOWN.pop(next(iter(_KNOWN)))
