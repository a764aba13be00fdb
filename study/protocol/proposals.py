"""Hyperparameters that a search strategy has proposed, as the ledger holds them: draws beside those of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from study.planning.arm import Arm
from study.store.ledger import Ledger

PROPOSED = "proposed"


@dataclass(frozen=True)
class Proposal:
    """What a draw of an arm is: its hyperparameters, and the task that it is for, in a single-task arm."""

    hyperparameters: Mapping[str, Any]
    task: str | None


class Proposals:
    """The proposals of a study, by arm and number of the draw; up to date whoever wrote the last one.

    Args:
        ledger: of the run.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._num_read = ledger, 0
        self._of_arm: dict[str, dict[int, Proposal]] = {}

    def of(self, arm: Arm) -> Mapping[int, Proposal]:
        """Return what was proposed for ``arm``, by draw; empty where it is searched with the plan's draws."""
        for event in self._ledger.events[self._num_read :]:
            if event["event"] == PROPOSED:
                proposal = Proposal(event["hyperparameters"], event["task"])
                self._of_arm.setdefault(event["arm"], {})[event["draw"]] = proposal
        self._num_read = len(self._ledger.events)
        return self._of_arm.get(arm.label, {})

    def add(self, arm: Arm, draw: int, proposal: Proposal) -> None:
        """Write to the ledger what a draw of ``arm`` is, once."""
        if draw not in self.of(arm):
            facts = {"draw": draw, "task": proposal.task, "hyperparameters": dict(proposal.hyperparameters)}
            self._ledger.append(PROPOSED, arm=arm.label, **facts)

    def draws(self, arm: Arm, tasks: Sequence[str]) -> Sequence[int] | Mapping[str, Sequence[int]]:
        """Return the numbers of the draws proposed for ``arm``; of a single-task arm those of each task."""
        proposed = self.of(arm)
        if not arm.is_single_task:
            return sorted(proposed)
        return {task: [draw for draw, proposal in sorted(proposed.items()) if proposal.task == task] for task in tasks}
