"""Print what becomes of a study under every kind of fault (``make faults``), and write ``faults.json``.

``python -m tests.faults [--share 0.1] [--only NAME …]``; exit status 1 where something was lost, trained twice, differs
from an undisturbed study, was silent for more than a minute, or was not interrupted at all.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.faults.kinds import Kind, kinds
from tests.faults.lab import Lab, Undisturbed
from tests.faults.small_disk import NotPossible
from tests.faults.trial import Row, Trial, row_of

HEAD = f"{'kind':28}{'tried':>6}{'interrupted':>12}{'lost':>6}{'repeated':>9}{'silent s':>9}  outcome"
SHORT_PATH = "/dev/shm"
"""Where studies are run if it is there: memory needs no waiting for a disk, and sockets need short paths."""


def main() -> int:
    """Run the trials of all kinds, or of those that are named."""
    asked = _arguments()
    chosen = [kind for kind in kinds() if not asked.only or kind.name in asked.only]
    rows: list[Row] = []
    print(HEAD, flush=True)
    base = SHORT_PATH if Path(SHORT_PATH).is_dir() else None
    with tempfile.TemporaryDirectory(prefix="f", dir=base) as folder:
        (Path(folder) / "undisturbed").mkdir()
        undisturbed = Undisturbed(Path(folder) / "undisturbed")
        for kind in chosen:
            try:
                found = trials(kind, undisturbed, Path(folder), asked.share)
            except NotPossible as reason:
                print(f"{kind.name:28} not tried: {reason}", flush=True)
                continue
            rows.append(row_of(kind.name, kind.what, found, undisturbed.operations))
            print(line_of(rows[-1]), flush=True)
            asked.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    print(summary(rows))
    return int(not all(row.holds for row in rows))


def trials(kind: Kind, undisturbed: Undisturbed, base: Path, share: float = 1.0, apart: int = 1) -> list[Trial]:
    """Make a share of the trials of a kind, one at least, spread over all; ``apart`` is that of :class:`Lab`."""
    number = max(1, round(kind.trials * share))
    found = []
    for place in range(number):
        with tempfile.TemporaryDirectory(prefix="t", dir=base) as folder:
            found.append(kind.trial(Lab(Path(folder), undisturbed, place, number, apart)))
    return found


def line_of(row: Row) -> str:
    """Return a row as a line of the table."""
    counts = f"{row.kind:28}{row.tried:6}{row.interrupted:12}{row.lost:6}{row.repeated:9}{row.silence:9.1f}"
    return f"{counts}  {row.outcome[:150]}" + (f"  <- {row.different}" if row.different else "")


def summary(rows: list[Row]) -> str:
    """Return the sums over all kinds in a line."""
    tried, interrupted = sum(row.tried for row in rows), sum(row.interrupted for row in rows)
    lost, repeated = sum(row.lost for row in rows), sum(row.repeated for row in rows)
    broken = [row.kind for row in rows if not row.holds]
    promise = f"broken by {', '.join(broken)}" if broken else "held"
    return (
        f"{len(rows)} kinds, {tried} faults tried, {interrupted} interrupted something, {lost} replicas lost, "
        f"{repeated} trained twice, longest silence {max(row.silence for row in rows):.1f} s; promise {promise}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="A study under every kind of fault.")
    parser.add_argument("--share", type=float, default=1.0, help="share of the trials, 0.1 for a tenth")
    parser.add_argument("--only", nargs="*", default=[], help="names of kinds")
    parser.add_argument("--out", type=Path, default=Path("faults.json"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
