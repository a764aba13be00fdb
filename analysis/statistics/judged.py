"""Which arm is judged against which baseline; with outer folds every fold has judged the arms that it chose itself.

A study with outer folds chooses draws, arm and baselines in every fold anew.  What is judged is therefore the choice
of the protocol: on each fold the arm that the other folds chose, against the baselines that they tuned.  It goes by the
name of the arm that all folds together chose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.records.schema import Records
from analysis.statistics.strata import fold_of
from analysis.statistics.verdicts import CHOSEN, REFERENCE, role_of

BASELINES = ("each", "loop", "total", "best")


@dataclass(frozen=True)
class Comparison:
    """A judged arm and one of its baselines.

    Args:
        role: ``chosen``, ``reference``, ``candidate`` or ``added``.
        arm: label of the judged arm.
        baseline: ``each``, ``loop``, ``total`` or ``best``.
        against: label of the baseline, or ``per task``.
        left, right: labels under which both stand in the table of outcomes; ``right`` is one per task for ``best``.
        trained: labels under which the networks of the baseline were trained, one or, with outer folds, several.
    """

    role: str
    arm: str
    baseline: str
    against: str
    left: str
    right: str | Mapping[str, str]
    trained: frozenset[str]


def comparisons(records: Records, scored: pd.DataFrame) -> tuple[pd.DataFrame, list[Comparison]]:
    """Return the outcomes under the labels that the comparisons name, and the comparisons.

    Args:
        records: of the study, whose ledger says what is judged.
        scored: rows of :func:`analysis.statistics.outcomes.outcomes`.
    """
    judged = records.frozen("judged") or {"arms": [], "baselines": {}}
    if records.num_folds > 1:
        return _over_folds(records, scored, judged)
    found = []
    for role, arm in roles(judged).items():
        for name in BASELINES:
            right = judged["baselines"].get(arm, {}).get(name)
            if right and right != arm:
                found.append(Comparison(role_of(role), arm, name, _shown(right), arm, right, _labels(right)))
    alone = [(arm, task) for arm, tasks in judged.get("alone", {}).items() for task in tasks]
    others = scored[~pd.MultiIndex.from_frame(scored[["arm", "task"]]).isin(alone)] if alone else scored
    return pd.concat([others, *(_alone(scored, judged, arm) for arm in judged["arms"])], ignore_index=True), found


def roles(judged: Mapping[str, Any]) -> dict[str, str]:
    """Return the judged arms by role.

    Older ledgers call the chosen arm recommended; the oldest name it first, and the reference behind it.
    """
    named = judged.get("roles") or dict(zip((CHOSEN, REFERENCE), judged["arms"], strict=False))
    return {CHOSEN if role == "recommended" else role: arm for role, arm in named.items()}


def choices(records: Records) -> list[tuple[str, int]]:
    """Return the arms that outer folds have chosen, with the number of folds of each, the most frequent first."""
    chosen = [(records.frozen("arm", fold) or {}).get("arm") for fold in range(records.num_folds)]
    return Counter(str(arm) for arm in chosen if arm is not None).most_common()


def _over_folds(
    records: Records, scored: pd.DataFrame, judged: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[Comparison]]:
    folds = fold_of(scored["seed"], records.num_folds)
    parts, found = [], []
    of_fold = {fold: records.frozen("judged", fold) for fold in range(records.num_folds)}
    for role, arm in roles(judged).items():
        for name in (None, *BASELINES):
            label = f"{role} {name or 'arm'}"
            rows = [
                _rows(scored[folds == fold], here, role, name).assign(arm=label)
                for fold, here in of_fold.items()
                if here is not None
            ]
            parts += rows
            if name and any(len(part) for part in rows):
                against = _shown(judged["baselines"].get(arm, {}).get(name) or "per task")
                trained = frozenset().union(*(_labels(_wanted(here, role, name)) for here in of_fold.values() if here))
                found.append(Comparison(role_of(role), arm, name, against, f"{role} arm", label, trained))
    return pd.concat(parts, ignore_index=True) if parts else scored.head(0), found


def _rows(scored: pd.DataFrame, judged: Mapping[str, Any], role: str, name: str | None) -> pd.DataFrame:
    """The outcomes, on one fold, of the arm that it judged in ``role``, or of the arm's baseline ``name``."""
    wanted = _wanted(judged, role, name)
    if isinstance(wanted, Mapping):
        return scored[scored["arm"] == scored["task"].map(dict(wanted))]
    own = scored[scored["arm"] == wanted]
    return own if name else pd.concat([own, _alone(scored, judged, str(wanted))])


def _wanted(judged: Mapping[str, Any], role: str, name: str | None) -> str | Mapping[str, str] | None:
    """The label of the arm that a fold judged in ``role``, or of its baseline ``name``; ``None`` where it has none.

    Where the chosen arm is the reference itself, or no task was harmed, the fold's chosen arm has that role, too.
    """
    here = roles(judged)
    arm = here.get(role, here[CHOSEN])
    if name is None:
        return arm
    found = judged["baselines"].get(arm, {}).get(name)
    return None if not found or found == arm else found


def _labels(wanted: str | Mapping[str, str] | None) -> frozenset[str]:
    if isinstance(wanted, str):
        return frozenset((wanted,))
    return frozenset((wanted or {}).values())


def _alone(scored: pd.DataFrame, judged: Mapping[str, Any], arm: str) -> pd.DataFrame:
    """The outcomes of the tasks that the arm trains alone: those of their single-task networks, under its label.

    They count on the seeds that the arm was trained on; an added arm has fewer of them than its baselines.
    """
    alone = judged.get("alone", {}).get(arm, [])
    single = judged["baselines"].get(arm, {}).get("each")
    seeds = scored.loc[scored["arm"] == arm, "seed"]
    theirs = (scored["arm"] == single) & scored["task"].isin(alone) & scored["seed"].isin(seeds)
    return scored[theirs].assign(arm=arm)


def _shown(against: object) -> str:
    return against if isinstance(against, str) else "per task"
