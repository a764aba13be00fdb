"""The end of a study that cannot judge, since every network failed that a phase needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import chain

from analysis.records.unshared import UNSHARED
from mtl_core.errors import UserError
from study.protocol.context import StudyContext


def refuse_without_verdict(context: StudyContext) -> None:
    """Refuse to go on where failures left no chosen arm, or no network that shares nothing, of the verdict phase.

    With outer folds every fold has chosen an arm; the study goes on while one of them is left.

    Raises:
        UserError: as :func:`could_not_judge` makes it; the next run tries the failed replicas again.
    """
    folds = [(fold.of_phase("verdict"), fold.first_frozen("judged")["arms"][:1]) for fold in context.folds]
    chosen = [rows.loc[rows["arm"].isin(arms), "status"] for rows, arms in folds]
    unshared = [rows.loc[rows["sharing"].isin(UNSHARED), "status"] for rows, _ in folds]
    for statuses in (chosen, unshared):
        if _all_failed(chain.from_iterable(statuses)):
            raise could_not_judge(context, "verdict")


def refuse_without_choice(context: StudyContext, sharing: Collection[str]) -> None:
    """Refuse to go on where failures left none of the confirmed arms that share.

    Args:
        context: the study.
        sharing: labels of the arms that share.

    Raises:
        UserError: as :func:`could_not_judge` makes it; the next run tries the failed replicas again.
    """
    rows = context.of_phase("confirm")
    if _all_failed(rows.loc[rows["arm"].isin(sharing), "status"]):
        raise could_not_judge(context, "confirm")


def refuse_without_draws(context: StudyContext, whole: Collection[str]) -> None:
    """Refuse to go on where failures of the search left no arm that shares, or none that shares nothing.

    Nothing is frozen yet: the next run tries the failed replicas again.

    Args:
        context: the study.
        whole: labels of the arms with a draw for every task.

    Raises:
        UserError: as :func:`could_not_judge` makes it.
    """
    records = context.of_phase("search")
    unshared = records["sharing"].isin(UNSHARED)
    for group in (records[~unshared], records[unshared]):
        if "failed" in set(group["status"]) and not set(group["arm"]) & set(whole):
            raise could_not_judge(context, "search")


def could_not_judge(context: StudyContext, phase: str) -> UserError:
    """Write to the ledger that ``phase`` ended the study, and return the error that says so."""
    entries = [entry for entry in context.archive.entries.values() if entry.phase == phase]
    reasons = Counter(entry.reason for entry in entries if entry.status == "failed")
    reason = reasons.most_common(1)[0][0] if reasons else "no reason known"
    context.ledger.append("stopped", reason=reason, failed=reasons.total(), ended=len(entries))
    found = (
        f"whether to share could not be judged: {reasons.total()} of {len(entries)} replicas of the {phase} phase "
        f"failed, and too little is left to compare; most often with: {reason}."
    )
    remedy = "Mend that and run the same command again: they are tried again."
    return UserError(str(context.directory), found, remedy)


def _all_failed(statuses: Iterable[str]) -> bool:
    """Whether no replica is left, and divergence alone does not explain it."""
    found = set(statuses)
    return "failed" in found and found <= {"failed", "diverged"}
