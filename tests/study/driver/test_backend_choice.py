"""Which back end runs a study."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from study.driver import backend_choice
from study.driver.backend_choice import RunOptions, choose_backend
from study.execution.inline import Inline
from study.planning.forecast import RAY_PAYS_SECONDS, Forecast
from study.planning.make_plan import make_plan
from study.planning.prepare import Prepared
from tests.study.conftest import small_task_set, tiny


def prepared(seconds: float = 10.0, **changes: Any) -> Prepared:
    """A tiny study whose training is forecast to take so many processor seconds."""
    task_set = small_task_set()
    plan = make_plan(tiny(**changes), task_set.development)
    return Prepared(task_set, plan, Forecast(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, work=seconds))


@pytest.fixture(autouse=True)
def ray(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Put a class in the place of the back end on Ray, which takes seconds to import; returns its arguments."""
    started: list[dict[str, Any]] = []

    class RayTune:
        def __init__(self, scratch: Path, **options: Any) -> None:
            started.append(options)

    module = types.ModuleType("study.execution.ray_tune")
    module.RayTune = RayTune  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "study.execution.ray_tune", module)
    monkeypatch.setattr(backend_choice, "num_cores", lambda: 4)
    return started


@pytest.mark.parametrize(
    ("options", "seconds", "on_ray"),
    [
        (RunOptions(), RAY_PAYS_SECONDS * 4 / 3 - 1, False),
        (RunOptions(), RAY_PAYS_SECONDS * 4 / 3 + 1, True),
        (RunOptions(workers=1), 1e9, False),
        (RunOptions("inline"), 1e9, False),
        (RunOptions("ray"), 0.0, True),
        (RunOptions("inline", address="here:6379"), 0.0, True),
    ],
)
def test_auto_weighs_what_workers_save_and_an_address_is_rays(
    options: RunOptions, seconds: float, on_ray: bool, ray: list[Any], tmp_path: Path
) -> None:
    backend = choose_backend(options, prepared(seconds), tmp_path)
    assert isinstance(backend, Inline) == (not on_ray)
    assert len(ray) == on_ray


def test_workers_are_the_cores_unless_a_cluster_has_its_own(ray: list[Any], tmp_path: Path) -> None:
    for options in (RunOptions("ray"), RunOptions("ray", workers=2), RunOptions(address="here:6379")):
        choose_backend(options, prepared(), tmp_path)
    expected = [
        {"address": None, "workers": 4}, {"address": None, "workers": 2}, {"address": "here:6379", "workers": None},
    ]  # fmt: skip
    same = {"device": "auto", "insecure": False, "settings": prepared().plan.spec.plain()}
    assert ray == [made | same for made in expected]
