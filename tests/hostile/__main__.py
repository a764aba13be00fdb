"""Print what becomes of every hostile file (``make hostile``); exit 1 where one outcome is not the expected one."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.hostile.every_kind import every_kind
from tests.hostile.outcomes import Hostile, outcome_of


def main() -> int:
    """Run every input in a folder of its own."""
    counts: Counter[str] = Counter()
    files = every_kind()
    for hostile in files:
        with tempfile.TemporaryDirectory() as folder:
            actual = outcome_of(hostile, Path(folder))
        counts[actual.outcome if actual.is_expected else "NOT AS EXPECTED"] += 1
        _say(hostile, actual.outcome, "" if actual.is_expected else f"  <- {actual.detail}")
    print(f"{len(files)} inputs: " + ", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    return int(counts["NOT AS EXPECTED"] > 0)


def _say(hostile: Hostile, outcome: str, mark: str) -> None:
    expected = hostile.expected
    judged_by = "; ".join([expected.oracle, *map(repr, expected.words)]).strip("; ")
    columns = f"{hostile.kind}  {hostile.name:36}{hostile.format:24}{expected.outcome:9}{outcome:9}"
    print(f"{columns}{judged_by}{mark}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
