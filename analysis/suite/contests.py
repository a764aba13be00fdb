"""What a suite can rank: ways to share, by their gain over single-task networks, and weighting methods, over ``equal``.

A contest says which arms of a study stand for a method, and what each of them is compared with.  Both follow the
question of the same name (:mod:`analysis.questions`), so that a suite of one study would repeat that study's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.questions import sharing, weighting
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.records.unshared import SINGLE_TASK
from analysis.statistics.outcomes import LOOP, baseline

WAY = ("sharing", "depth", "stages")
MARKS = {"depth": ", {:.0f} shared", "stages": " of {:.0f}"}
ENTRIES = ["arm", "against", "setting", "width", "capacity"]


@dataclass(frozen=True)
class Contest:
    """A ranking that a suite may be about.

    Args:
        stem: stem of the files that hold its table and figure.
        name: heading of its section.
        noun: what is ranked, in the plural.
        identity: the columns that make a method; what differs beside them is averaged over.
        over: what a gain is over, in words.
        names: function that names the method of each entry of all studies together.
        entries: function from a study's records and confirmed outcomes to one row per arm that takes part, with columns
            ``identity`` and :data:`ENTRIES`: the arm, the arm it is compared with, and the setting that it shares with
            its rivals.
    """

    stem: str
    name: str
    noun: str
    identity: tuple[str, ...]
    over: str
    names: Callable[[pd.DataFrame], Sequence[str]]
    entries: Callable[[Records, pd.DataFrame], pd.DataFrame]


def ways_to_share(records: Records, scored: pd.DataFrame) -> pd.DataFrame:
    """Return the rivals of the question ``sharing`` as entries; empty where a study has one way to share."""
    arms = sharing.rivals(records, scored)
    if arms.empty or arms.loc[arms["sharing"] != LOOP, "sharing"].nunique() < 2:
        return pd.DataFrame()
    levels = scored.drop_duplicates("arm")
    against = {arm.arm: baseline(levels, arm.arm, SINGLE_TASK) for arm in each(arms)}
    return arms.assign(against=arms["arm"].map(against), setting="").dropna(subset=["against"])


def weighting_methods(records: Records, scored: pd.DataFrame) -> pd.DataFrame:
    """Return every way to weigh as an entry, in each setting in which its zero was confirmed, too.

    The zero is ``equal`` in the same setting, which takes part itself.  Empty where nothing rivals it.
    """
    arms = scored[~scored["sharing"].isin((SINGLE_TASK, LOOP))].drop_duplicates("arm")
    if arms["weighting"].nunique() < 2:
        return pd.DataFrame()
    arms = arms.assign(setting=arms[weighting.OTHERS].astype(str).agg(" ".join, axis=1))
    equal = arms[arms["weighting"] == weighting.EQUAL]
    equal = equal.sort_values("scale", key=lambda scales: scales != weighting.REFERENCE_SCALE, kind="stable")
    zero = equal.drop_duplicates("setting").set_index("setting")["arm"]
    entries = arms.assign(against=arms["setting"].map(zero)).dropna(subset=["against"])
    return entries if entries["weighting"].nunique() > 1 else pd.DataFrame()


def names_of_ways(entries: pd.DataFrame) -> list[str]:
    """Return a name for each row's method: its first column, and of the others what tells it from another method."""
    first, *others = WAY
    found = entries[first].astype(str)
    for column in others:
        several = entries.groupby(first)[column].transform("nunique") > 1
        marks = [MARKS[column].format(value) if pd.notna(value) else "" for value in entries[column]]
        found = found + pd.Series(marks, index=entries.index).where(several, "")
    return list(found)


CONTESTS: Sequence[Contest] = (
    Contest(
        "ways_to_share", "Ways to share", "ways to share", WAY,
        "tuned single-task networks of the reference width", names_of_ways, ways_to_share,
    ),
    Contest(
        "weighting_methods", "Weighting methods", "weighting methods", tuple(weighting.WEIGHING),
        "equal weights", lambda entries: list(weighting.names(entries)), weighting_methods,
    ),
)  # fmt: skip
