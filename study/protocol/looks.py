"""The looks of a study: every judgement is written to the ledger before the test split is opened for it."""

from __future__ import annotations

from analysis.statistics.looks import share_of_level
from study.protocol.context import StudyContext


def count_look(context: StudyContext, look: int) -> None:
    """Write to the ledger that the study is judged for the ``look``-th time, once.

    Nothing is written for a study that has nothing to judge.
    """
    counted = [event.get("look", 1) for event in context.ledger.of("looked")]
    if context.frozen("judged") is not None and look not in counted:
        context.ledger.append("looked", look=look, level_divisor=share_of_level(look))
