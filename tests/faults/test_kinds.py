"""A trial of kinds of ``make faults``: nothing is lost, nothing is trained twice, nothing differs.

The suite takes one or two kinds of each family, ``make slow`` all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.__main__ import SHORT_PATH, trials
from tests.faults.kinds import Kind, kinds
from tests.faults.lab import Undisturbed
from tests.faults.small_disk import NotPossible
from tests.faults.trial import row_of

SHARE, APART = 0.01, 8
"""Of the trials, one at least; and how much farther apart the operations lie that one trial strikes."""
IN_THE_SUITE = {
    "changed_data",
    "checkpoint_truncated",
    "clock_back",
    "ledger_torn",
    "memory_short_twice",
    "metric_raises",
    "most_fail",
    "moved_directory",
    "object_store_fails",
    "part_truncated",
    "storage_write_fails",
    "terminated",
}


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="f", dir=SHORT_PATH if Path(SHORT_PATH).is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def undisturbed(base: Path) -> Undisturbed:
    (base / "undisturbed").mkdir()
    return Undisturbed(base / "undisturbed")


def test_there_are_thirty_kinds_at_least() -> None:
    assert len(kinds()) >= 30
    assert all(kind.what for kind in kinds())
    assert {kind.name for kind in kinds() if not kind.why_apart} >= IN_THE_SUITE


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind.name in IN_THE_SUITE], ids=lambda kind: kind.name)
def test_a_study_outlives_it(kind: Kind, undisturbed: Undisturbed, base: Path) -> None:
    try:
        found = trials(kind, undisturbed, base, SHARE, APART)
    except NotPossible as reason:
        pytest.skip(str(reason))
    row = row_of(kind.name, kind.what, found, undisturbed.operations)
    assert 0 < row.tried == row.interrupted, "the fault did not come every time"
    assert (row.lost, row.repeated, row.different) == (0, 0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [kind for kind in kinds() if not kind.why_apart and kind.name not in IN_THE_SUITE],
    ids=lambda kind: kind.name,
)
def test_a_study_outlives_the_others_of_its_family(kind: Kind, undisturbed: Undisturbed, base: Path) -> None:
    test_a_study_outlives_it(kind, undisturbed, base)


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind.why_apart], ids=lambda kind: kind.name)
def test_a_study_outlives_what_takes_long(kind: Kind, undisturbed: Undisturbed, base: Path) -> None:
    test_a_study_outlives_it(kind, undisturbed, base)
