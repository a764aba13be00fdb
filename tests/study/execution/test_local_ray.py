"""A local Ray that does not come up is started again, and in the end refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.execution import local_ray
from study.execution.local_ray import OBJECT_STORE_BYTES, STARTS, start_local_ray
from study.execution.ray_environment import ENVIRONMENT


class Starts:
    """In the place of ``ray.init`` and ``ray.shutdown``: notes calls, and fails as often as it is told."""

    def __init__(self, failures: int) -> None:
        self.failures, self.options, self.shutdowns = failures, list[dict[str, Any]](), 0

    def init(self, **options: Any) -> None:
        self.options.append(options)
        if len(self.options) <= self.failures:
            raise RuntimeError("Timed out waiting for file gcs_server_port\nand a trace")

    def shutdown(self) -> None:
        self.shutdowns += 1


def starting(monkeypatch: pytest.MonkeyPatch, failures: int) -> Starts:
    made = Starts(failures)
    monkeypatch.setattr(local_ray.ray, "init", made.init)
    monkeypatch.setattr(local_ray.ray, "shutdown", made.shutdown)
    monkeypatch.setattr(local_ray, "keep_local_token_private", lambda: None)
    return made


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_it_is_started_again_where_it_failed(failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = starting(monkeypatch, failures)
    start_local_ray(3, 1000, Path("folder"))
    assert (len(made.options), made.shutdowns) == (failures + 1, failures)
    options = made.options[-1]
    assert (options["num_cpus"], options["_temp_dir"], options["address"]) == (3, "folder", "local")
    assert options["object_store_memory"] == OBJECT_STORE_BYTES + 4000


def test_in_the_end_it_is_refused_with_the_reason_and_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    made = starting(monkeypatch, STARTS)
    with pytest.raises(UserError) as caught:
        start_local_ray(None, 0, Path("folder"))
    assert caught.value.where == "Ray"
    assert caught.value.found == "it did not start on this machine: Timed out waiting for file gcs_server_port"
    assert "--backend inline" in caught.value.remedy
    assert (len(made.options), made.shutdowns) == (STARTS, STARTS)


def test_nobody_waits_for_more_than_a_minute() -> None:
    assert STARTS * int(ENVIRONMENT["RAY_gcs_server_port_wait_time_s"]) <= 60


def test_whoever_interrupts_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    made = starting(monkeypatch, 0)

    def interrupted(**options: Any) -> None:
        made.options.append(options)
        raise KeyboardInterrupt

    monkeypatch.setattr(local_ray.ray, "init", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start_local_ray(1, 0, Path("folder"))
    assert len(made.options) == 1
