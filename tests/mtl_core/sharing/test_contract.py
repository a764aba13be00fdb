"""The shipped contract, put to every architecture on every backbone and to every variant of an architecture."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtl_core.testing.cases import Case
from mtl_core.testing.sharing import checks_for
from tests.mtl_core.sharing.cases import VARIANTS, every_case, every_deep_case

CASES = every_case() + every_deep_case()


PROMISES = [(case, check) for case in CASES for check in checks_for(case)]
NAMES = [f"{case}-{check.__name__.removeprefix('check_')}" for case, check in PROMISES]


@pytest.mark.parametrize(("case", "check"), PROMISES, ids=NAMES)
def test_it_keeps_its_promise(case: Case, check: Callable[[Case], None]) -> None:
    check(case)


@pytest.mark.parametrize("sharing", VARIANTS)
def test_every_variant_is_feasible_somewhere(sharing: str) -> None:
    for options in VARIANTS[sharing]:
        assert any(case.recipe.sharing == sharing and case.recipe.sharing_options == options for case in CASES), options
