"""The shipped contract, put to every weighting method."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import entries
from mtl_core.testing.weighting import CHECKS, TRAINED_CHECKS
from mtl_core.testing.weighting_steps import EVERYBODY, LOSSES, method
from mtl_core.weighting import LossWeighting, Step


@pytest.mark.parametrize("check", [*CHECKS, *TRAINED_CHECKS], ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("name", entries("weighting"))
def test_it_keeps_its_promise(name: str, check: Callable[[str], None]) -> None:
    check(name)


def test_looking_again_is_refused_by_those_that_did_not_ask_for_it() -> None:
    weighting = method("equal")
    assert isinstance(weighting, LossWeighting)
    with pytest.raises(AssertionError, match="Equal does not look again"):
        weighting.observe_step(Step(LOSSES, EVERYBODY, {}, Streams(range(3), "weighting")))
