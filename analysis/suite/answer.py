"""The answer of a suite: its rankings, and the sentences with which its report opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.formatting import agree, listing
from analysis.records.load_suite import SuiteRecords, load_suite
from analysis.records.study_state import state_of
from analysis.suite import sentences as words
from analysis.suite.contests import CONTESTS
from analysis.suite.ranking import Ranking, rank


def rankings(suite: SuiteRecords) -> list[Ranking]:
    """What the suite can rank, the contest of more methods first; none before a study has ended."""
    found = [ranking for contest in CONTESTS if (ranking := rank(suite, contest)) is not None]
    return sorted(found, key=lambda ranking: -len(ranking.means))


def opening(suite: SuiteRecords, found: Sequence[Ranking]) -> list[str]:
    """The headline and the sentences after it."""
    if found:
        first, *others = found
        said = [f"{words.title(first)}.", *words.sentences(first), *(f"{words.title(other)}." for other in others)]
        return [*said, *unfinished(suite, found)]
    waiting = unfinished(suite, found)
    if waiting:
        return ["No ranking yet: no study has ended that compares several methods.", *waiting]
    return [f"{len(suite.studies)} studies, each with a verdict of its own: they vary nothing that could be ranked."]


def unfinished(suite: SuiteRecords, found: Sequence[Ranking]) -> list[str]:
    """A sentence on the studies that have yet to end, and one on those that rank nothing."""
    waiting = [
        name for name, records in suite.studies.items() if records is None or state_of(records).phase is not None
    ]
    said = []
    if waiting:
        verb = agree(len(waiting), "has", "have")
        said.append(f"{listing(waiting, limit=len(waiting))} {verb} not ended; the same command goes on with the rest.")
    if found:
        idle = [f"{name} {why}" for name, why in found[0].left_out.items() if name not in waiting]
        said += [f"Without a part in it: {listing(idle, limit=len(idle))}."] if idle else []
    return said


def verdict_words(path: Path) -> list[str]:
    """The headline and the sentences of the suite in ``path``."""
    suite = load_suite(path)
    return opening(suite, rankings(suite))
