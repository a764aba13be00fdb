"""Metrics for Prometheus."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.driver.backend_choice import RunOptions
from study.driver.run import run_prepared
from study.driver.watching import metrics_file
from study.driver.watching.device_use import DeviceUse
from study.driver.watching.metrics_file import METRICS, MetricsFile, exposition
from study.planning.prepare import prepare_run
from tests.study.conftest import tiny
from tests.study.driver.watching.test_device_words import SHORT, USE
from tests.study.driver.watching.test_words import PROGRESS

SAMPLE = re.compile(r'mtl_study_(\w+)\{((?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+)\} (-?\d+(?:\.\d+)?(?:e-?\d+)?)')


def samples(text: str) -> dict[tuple[str, str], float]:
    """Values by gauge and labels; every line is a comment or a sample, and ends."""
    assert text.endswith("\n")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = [SAMPLE.fullmatch(line) for line in lines]
    assert all(found), lines
    return {(match[1], match[2]): float(match[3]) for match in found if match}


def test_every_gauge_says_what_it_holds() -> None:
    text = exposition(replace(PROGRESS, study="shop", use=USE))
    found = samples(text)
    assert {name for name, _ in found} == set(METRICS)
    assert all(f"# HELP mtl_study_{name} " in text and f"# TYPE mtl_study_{name} gauge" in text for name in METRICS)
    assert found["replicas_done", 'study="shop",phase="search"'] == 3
    assert found["replicas_planned", 'study="shop",phase="search"'] == 40
    assert found["replicas_failed", 'study="shop"'] == 2
    assert found["seconds_left", 'study="shop",end="high"'] == 180
    card = 'study="shop",machine="gpu-1",card="NVIDIA H200"'
    assert found["device_memory_bytes", card] == 140 * 2**30
    assert found["shards_out_of_memory", 'study="shop"'] == 0
    short = samples(exposition(replace(PROGRESS, use=replace(USE, cards=(), out_of_memory=SHORT))))
    assert short["shards_out_of_memory", 'study=""'] == 1
    assert not any("device_memory" in name for name, _ in short)


def test_what_is_not_known_is_left_out_and_names_are_escaped() -> None:
    found = samples(exposition(replace(PROGRESS, left=None, per_minute=None, use=DeviceUse('a"\\\n'))))
    assert not {"seconds_left", "replicas_per_minute"} & {name for name, _ in found}
    assert found["workers", r'study="",device="a\"\\\n"'] == 2


def test_the_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "mtl.prom", []
    screen, original = MetricsFile(path), os.replace

    def seeing(source: Path, target: Path) -> None:
        seen.append((target.read_text(), source.read_text(), source.suffix))
        original(source, target)

    monkeypatch.setattr(metrics_file.os, "replace", seeing)
    screen.show(PROGRESS)
    assert seen == [("", exposition(PROGRESS), ".tmp")]
    assert [entry.name for entry in tmp_path.iterdir()] == ["mtl.prom"]


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written") as caught:
        MetricsFile(tmp_path / "no" / "mtl.prom")
    assert "--metrics-file" in caught.value.where


def test_a_full_disk_ends_the_file_and_not_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = MetricsFile(tmp_path / "mtl.prom")

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(metrics_file.os, "replace", full)
    screen.show(PROGRESS)
    screen.show(PROGRESS)
    assert capsys.readouterr().err.count("No space left on device") == 1


def test_a_study_keeps_its_progress_there(fake: Path, tmp_path: Path) -> None:
    path = tmp_path / "mtl.prom"
    options = RunOptions("inline", metrics_file=path)
    run_prepared(prepare_run(tiny(), tmp_path / "run"), out=tmp_path / "run", options=options)
    found = samples(path.read_text())
    assert found["replicas_done", 'study="tiny",phase="verdict"'] > 0
