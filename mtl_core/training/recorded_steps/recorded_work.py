"""Work that is done again and again, recorded until it is known to be the same each time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from torch import Tensor

from mtl_core.training.recorded_steps.calls import Calls
from mtl_core.training.recorded_steps.program import Place, Program, Structure, place_of, program_of
from mtl_core.training.recorded_steps.recording import Recording

MOST_PROGRAMS = 3
"""Programs of one piece of work, of which a new one is needed when its memory is put elsewhere."""
_MOST_KNOWN = 64
_KNOWN: dict[Hashable, Structure] = {}
"""Structures of programs in which two recordings agreed in this process, by the kind of work; the oldest first."""


class RecordedWork:
    """Records work until its program is known to hold nothing that stems from how often it was done before.

    It is known when two successive recordings agree.  Work of a kind for which they have agreed before in this process,
    in another array, needs one recording: if it has the same structure, it came about in the same way.

    Args:
        kind: of the work; where it is another one, the operations may be others.
        state: returns the tensors that the program changes or reads anew, and that are to stay where they are.

    Attributes:
        is_known: whether two recordings of this kind have agreed before.
        why_not: why there will be no program; empty: there is one, or will be.
    """

    def __init__(self, kind: Hashable, state: Callable[[], Sequence[Tensor]]) -> None:
        self._kind, self._state = kind, state
        self.is_known, self.why_not = kind in _KNOWN, ""
        self._before: Program | None = None
        """The program of the time before."""
        self._found = 0
        self._calls: tuple[Calls, Calls] | None = None
        self._places: list[Place] = []

    @property
    def has_program(self) -> bool:
        """Whether the work is done by a program from now on."""
        return self._calls is not None

    def calls(self) -> tuple[Calls, Calls] | None:
        """Return the calls whose results stay, and the others; ``None``: the work is done as usual, or recorded."""
        if self._calls is not None and self._places != self._places_now():
            self.forget()
        return self._calls

    def forget(self) -> None:
        """Give up the program, and compare nothing that is yet to come with what was recorded so far."""
        self._calls = self._before = None

    def record(
        self,
        work: Callable[[], Sequence[Tensor] | None],
        inputs: Sequence[Tensor],
        rewritten: Sequence[Tensor] = (),
    ) -> Sequence[Tensor]:
        """Do the work, record it, and return what it returned.

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
            return returned
        if program.structure != _KNOWN.get(self._kind):
            if before is None:
                self._before = program
                return returned
            if not before.same_as(program):
                self.why_not = "it differs from the time before in other things than its inputs"
                return returned
            _remember(self._kind, program.structure)
        if self._found == MOST_PROGRAMS:
            self.why_not = "its state does not stay where it is in memory"
            return returned
        self._found += 1
        self._calls, self._places = Calls.of(program), self._places_now()
        return returned

    def _places_now(self) -> list[Place]:
        return [place_of(one) for one in self._state()]


def _remember(kind: Hashable, structure: Structure) -> None:
    _KNOWN.pop(kind, None)
    _KNOWN[kind] = structure
    if len(_KNOWN) > _MOST_KNOWN:
        _KNOWN.pop(next(iter(_KNOWN)))
