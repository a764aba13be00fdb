"""The end of a study without an answer: all that the next phase needs has diverged."""

from __future__ import annotations

from collections.abc import Collection

from study.protocol.context import StudyContext


def ends_here(context: StudyContext, phase: str, arms: Collection[str] | None = None) -> bool:
    """Return whether ``arms`` have no finished replica of ``phase`` and some that diverged; the ledger then says so.

    The report tells the rest from the records.  Nothing is frozen: a resumed study finds the same records and comes to
    the same end.

    Args:
        context: the study.
        phase: the phase that cannot be followed by another.
        arms: labels of the arms that the next phase needs; ``None``: the caller knows that none is left that it needs,
            and that failures are not why.
    """
    entries = [entry for entry in context.archive.entries.values() if entry.phase == phase]
    statuses = {entry.status for entry in entries if arms is None or entry.arm in arms}
    if "diverged" not in statuses or (arms is not None and "finished" in statuses):
        return False
    if not any(event["phase"] == phase for event in context.ledger.of("ended")):
        context.ledger.append("ended", phase=phase, reason="diverged")
    return True
