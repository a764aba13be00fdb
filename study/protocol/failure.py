"""The end of a study that cannot judge, since every network failed that a phase needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from analysis.selection import UNSHARED
from mtl_core.errors import UserError
from study.protocol.context import StudyContext
from study.store.archive import Entry


def refuse_without_verdict(context: StudyContext) -> None:
    """Refuse to go on where no network that shares, or none that shares nothing, is left of the verdict phase.

    Raises:
        UserError: as :func:`could_not_judge` makes it; the next run tries the failed replicas again.
    """
    entries = [entry for entry in context.archive.entries.values() if entry.phase == "verdict"]
    unshared = {label for label in {entry.arm for entry in entries} if context.arm(label).sharing in UNSHARED}
    for group in ([entry for entry in entries if (entry.arm in unshared) == alone] for alone in (False, True)):
        if _all_failed(group):
            raise could_not_judge(context, "verdict")


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


def _all_failed(entries: list[Entry]) -> bool:
    """Whether no replica is left, and divergence alone does not explain it."""
    statuses = {entry.status for entry in entries}
    return "failed" in statuses and statuses <= {"failed", "diverged"}
