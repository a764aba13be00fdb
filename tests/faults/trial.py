"""What a trial of a fault found, and what all trials of one kind found together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

FINISHED, RESUMABLE = "finished", "resumable"


@dataclass(frozen=True)
class Trial:
    """What one or several faults of a kind did to a study.

    Args:
        outcome: ``finished``: the session went on to the end in spite of it; ``resumable``: the same command, or what
            the refusal says, ended in the tables of an undisturbed study; else a refusal in one line.
        interrupted: faults that truly interrupted something.
        silence: longest silence of a driver in seconds.
        tried: faults that were tried.
        lost: replicas whose records were there when the fault came and are not in the end.
        repeated: replicas that were recorded when the fault came and were trained to the same epoch again.
        different: what differs from an undisturbed study; empty: nothing does.
        covered: labels of the operations that were struck.
    """

    outcome: str
    interrupted: int
    silence: float
    tried: int = 1
    lost: int = 0
    repeated: int = 0
    different: str = ""
    covered: tuple[str, ...] = ()

    def saying(self, refusal: str) -> Trial:
        """Return the same with the refusal that came before the study went on."""
        return replace(self, outcome=f"{self.outcome}; {refusal}" if refusal else self.outcome)


@dataclass(frozen=True)
class Row:
    """A row of the table: all trials of a kind."""

    kind: str
    what: str
    tried: int
    interrupted: int
    lost: int
    repeated: int
    outcome: str
    silence: float
    different: str = ""

    @property
    def holds(self) -> bool:
        """Whether each fault came, nothing was lost, repeated or different, and nobody waited for over a minute."""
        whole = 0 < self.tried == self.interrupted and not self.different
        return whole and self.lost == self.repeated == 0 and self.silence <= 60


def row_of(kind: str, what: str, trials: Iterable[Trial], operations: Collection[str]) -> Row:
    """Sum up the trials of a kind; ``operations`` are the labels of all that an undisturbed study does to its files."""
    found = list(trials)
    outcomes = list(dict.fromkeys(trial.outcome for trial in found))
    struck = {label for trial in found for label in trial.covered} & set(operations)
    if struck:
        outcomes.append(f"{len(struck)} of {len(set(operations))} different operations struck")
    return Row(
        kind,
        what,
        sum(trial.tried for trial in found),
        sum(trial.interrupted for trial in found),
        sum(trial.lost for trial in found),
        sum(trial.repeated for trial in found),
        "; ".join(outcomes),
        round(max((trial.silence for trial in found), default=0.0), 1),
        "; ".join(dict.fromkeys(trial.different for trial in found if trial.different)),
    )
