"""Three fifths of the replicas fail: the study stops early with the commonest reason, and is tried again."""

from __future__ import annotations

from typing import Any

from tests.faults.engines import Failing
from tests.faults.lab import REFUSED, Lab
from tests.faults.trial import Trial

TRIALS = 3


def most(recipe: Any, rows: Any) -> bool:
    """Whether the shard is one of the three fifths, which depends on the shard alone."""
    return sum(map(ord, rows[0].key)) % 5 < 3


def error() -> RuntimeError:
    return RuntimeError("no such kernel")


def trial(lab: Lab) -> Trial:
    first = lab.drive(Failing(lab.out, most, error))
    right = first.code == REFUSED and "no such kernel" in first.refusal
    return lab.resumed(first, came=right, held=lab.held.without_stopped()).saying(first.refusal)
