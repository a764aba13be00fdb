"""The shipped contract of stages, put to every backbone; the contract of the architectures covers the rest on each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtl_core.registry import entries
from mtl_core.testing.backbones import STAGE_CHECKS, backbone_cases
from mtl_core.testing.cases import Case

CASES = [case for backbone in entries("backbones") for case in backbone_cases(backbone)]


@pytest.mark.parametrize("check", STAGE_CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_keeps_its_promise(case: Case, check: Callable[[Case], None]) -> None:
    check(case)
