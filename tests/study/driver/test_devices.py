"""One device for all replicas of a study, unless its user says that they may differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import analysis
from mtl_core.errors import UserError
from study.cli.status import lines_of, read_status
from study.driver.backend_choice import RunOptions
from study.driver.devices import note_device
from study.driver.run import run_prepared
from study.execution.inline import Inline
from study.planning.prepare import prepare_run
from study.protocol.budget_left import device_seconds_spent
from study.store.archive import Archive
from study.store.ledger import Ledger
from tests.study.conftest import tiny


def run(out: Path, **options: Any) -> Path:
    spec = tiny()
    return run_prepared(prepare_run(spec, out), out=out, options=RunOptions("inline", **options))


def test_records_ledger_manifest_and_status_say_the_device(fake: Path, tmp_path: Path) -> None:
    out = run(tmp_path / "run", device="cpu")
    assert set(analysis.load(out).replicas["device"]) == {"cpu"}
    assert Archive(out).devices() == {"cpu"}
    device = json.loads((out / "manifest.json").read_text())["device"]
    assert (device["asked"], device["device"], device["card"]) == ("auto", "cpu", None)
    assert device["torch"] == torch.__version__
    assert read_status(out).devices == ["cpu"]
    assert "  device   cpu" in lines_of(out, read_status(out))


def test_another_device_is_refused_and_mixing_is_written_down(fake: Path, tmp_path: Path) -> None:
    out = run(tmp_path / "run", device="cpu")
    archive = Archive(out)
    with Ledger(out) as ledger:
        note_device("cpu", archive, ledger, mix=False)
        with pytest.raises(UserError, match=r"were trained on cpu, and this run would train on cuda.*--mix-devices"):
            note_device("cuda", archive, ledger, mix=False)
        note_device("cuda", archive, ledger, mix=True)
        said = [event for event in ledger.events if event["event"] == "device"]
    assert [(event["device"], event["mixed_with"]) for event in said] == [("cpu", []), ("cuda", ["cpu"])]
    found = lines_of(out, read_status(out))
    assert "  device   cuda; replicas of earlier sessions were trained on cpu" in found


def test_another_share_of_the_same_device_is_written_down(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    shard = {"seconds": 50.0, "shard": "a"}
    with Ledger(tmp_path) as ledger:
        for share in (0.5, 0.5, 1.0):
            note_device("cuda", archive, ledger, mix=False, share=share)
            ledger.append("finished", **shard)
        assert [event["share"] for event in ledger.of("device")] == [0.5, 1.0]
        assert device_seconds_spent(ledger.events) == 100


def test_a_ledger_that_says_no_share_means_a_whole_device(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append("device", device="cpu", mixed_with=[])
        note_device("cpu", Archive(tmp_path), ledger, mix=False)
        assert len(ledger.of("device")) == 1


def test_a_run_refuses_before_it_trains(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = run(tmp_path / "run", device="cpu")
    for part in sorted((out / "records").glob("*.parquet"))[1:]:
        part.unlink()
    monkeypatch.setattr(Inline, "begin", lambda self, data: "cuda")
    with pytest.raises(UserError, match="were trained on cpu"):
        run(out)


def test_a_gpu_that_is_not_there_ends_the_command(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from study.cli.app import app

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for command in (["check", "demo"], ["run", "demo", "--out", str(tmp_path / "run"), "--backend", "inline"]):
        with pytest.raises(SystemExit) as ended:
            app([*command, "--device", "cuda"], prog_name="mtl-study")
        assert ended.value.code == 2
        assert "device: cuda" in (said := capsys.readouterr().err)
        assert "Choose cpu or auto" in said
        assert "pilot" not in said
    assert not (tmp_path / "run").exists(), "nothing is written"
