"""Hostile files become what they must: one format of every input here, all formats by ``make hostile``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.hostile.every_kind import every_kind
from tests.hostile.kinds import USUAL, each
from tests.hostile.outcomes import Expected, Hostile, outcome_of

ALL = every_kind()


def one_format_of_each() -> list[Hostile]:
    """The formats take turns, so that all of them are tried."""
    by_name: dict[tuple[str, str], list[Hostile]] = {}
    for hostile in ALL:
        by_name.setdefault((hostile.kind, hostile.name), []).append(hostile)
    return [formats[place % len(formats)] for place, formats in enumerate(by_name.values())]


@pytest.mark.parametrize("hostile", one_format_of_each(), ids=str)
def test_a_hostile_file_becomes_what_it_must(hostile: Hostile, tmp_path: Path) -> None:
    actual = outcome_of(hostile, tmp_path)
    assert actual.is_expected, f"{actual.outcome}: {actual.detail}"


def test_every_kind_is_there_many_times() -> None:
    kinds = Counter(hostile.kind for hostile in ALL)
    assert set(kinds) == set("ABCDEFGHIJK")
    assert min(kinds.values()) >= 8
    assert len(ALL) >= 120


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [
        (Expected("refused", ""), "accepted"),
        (Expected("right", "never", lambda found: False), "wrong"),
        (Expected("said", "", words=("no remark says this",)), "silent"),
    ],
)
def test_another_outcome_than_the_expected_one_is_found(expected: Expected, outcome: str, tmp_path: Path) -> None:
    (usual,) = each("-", "a usual file", USUAL, expected, ("csv",))
    actual = outcome_of(usual, tmp_path)
    assert (actual.outcome, actual.is_expected) == (outcome, False)
