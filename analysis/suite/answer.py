"""The answer of a suite: its rankings, and the sentences with which its report opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.formatting import agree, listing
from analysis.records.load_suite import SuiteRecords
from analysis.records.study_state import state_of
from analysis.suite import sentences
from analysis.suite.contests import CONTESTS
from analysis.suite.ranking import Ranking, rank


def rankings(suite: SuiteRecords) -> list[Ranking]:
    """Return the rankings of a suite, the one of more methods first; none before a study has ended."""
    found = [ranking for contest in CONTESTS if (ranking := rank(suite, contest)) is not None]
    return sorted(found, key=lambda ranking: -len(ranking.means))


@dataclass(frozen=True)
class Opening:
    """The answer of a suite in words: the headline, and the sentences after it."""

    headline: str
    sentences: list[str]


def opening(suite: SuiteRecords, found: Sequence[Ranking]) -> Opening:
    """Return the words with which the page of a suite opens."""
    waiting = unfinished(suite, found)
    if found:
        first, *others = found
        titles = [f"{sentences.title(other)}." for other in others]
        return Opening(f"{sentences.title(first)}.", [*sentences.sentences(first), *titles, *waiting])
    if waiting and len(_ended(suite)) == len(suite.studies):
        return Opening("No ranking: in every study networks diverged, and nothing can be said.", waiting)
    if waiting:
        return Opening("No ranking yet: no study has ended that compares several methods.", waiting)
    return Opening(
        f"{len(suite.studies)} studies, each with a verdict of its own: they vary nothing that could be ranked.", []
    )


def unfinished(suite: SuiteRecords, found: Sequence[Ranking]) -> list[str]:
    """Return a sentence on the studies that have yet to end, one on those without an answer, one on the idle rest."""
    ended = _ended(suite)
    waiting = [
        name
        for name, records in suite.studies.items()
        if name not in ended and (records is None or state_of(records).phase is not None)
    ]
    said = []
    if waiting:
        verb = agree(len(waiting), "has", "have")
        said.append(f"{listing(waiting, limit=len(waiting))} {verb} not ended; the same command goes on with the rest.")
    if ended:
        said.append(f"{listing(ended, limit=len(ended))} ended without an answer, since networks diverged.")
    if found:
        idle = [f"{name} {why}" for name, why in found[0].left_out.items() if name not in (*waiting, *ended)]
        said += [f"Without a part in it: {listing(idle, limit=len(idle))}."] if idle else []
    return said


def _ended(suite: SuiteRecords) -> list[str]:
    """Return the studies that ended without an answer."""
    return [name for name, records in suite.begun.items() if state_of(records).ended is not None]
