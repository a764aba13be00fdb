"""What is taken from an earlier run: read once, and kept by the ledger when that run is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.protocol.known_points import WARM_START, known_points
from tests.study.protocol.conftest import Opener


def test_an_earlier_run_is_read_once(opened: Opener, finished: Path, tmp_path: Path) -> None:
    earlier = shutil.copytree(finished, tmp_path / "earlier")
    context = opened(search={"strategy": "joint", "warm_start": str(earlier)})
    first = known_points(context)
    assert {arm for arm, _ in first} <= set(context.plan.space().open_candidates)
    assert first
    shutil.rmtree(earlier)
    assert known_points(context) == first, "a study that is resumed does not need it"
    assert len(context.ledger.of(WARM_START)) == 1


def test_a_run_that_is_gone_before_the_search_is_missed(opened: Opener, tmp_path: Path) -> None:
    context = opened(search={"strategy": "joint", "warm_start": str(tmp_path / "none")})
    with pytest.raises(UserError, match="warm_start"):
        known_points(context)


def test_nothing_is_known_without_one(opened: Opener) -> None:
    context = opened(search={"strategy": "joint"})
    assert known_points(context) == []
    assert not context.ledger.of(WARM_START)
