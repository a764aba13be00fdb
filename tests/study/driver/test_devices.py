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
from study.driver.devices import note_device, refuse_a_missing_gpu, refuse_precision
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


@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize(("precision", "why"), [("tf32", "only GPUs multiply"), ("bf16", "save no time on a CPU")])
def test_a_precision_that_needs_a_gpu_is_refused_without_one(
    precision: str, why: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=f"training.precision: {precision}: .*{why}.*trained on cpu. Leave"):
        refuse_a_missing_gpu(device, None, precision)
    refuse_a_missing_gpu(device, "auto", precision)  # the machines of a cluster may have one
    refuse_precision("float32", "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    refuse_a_missing_gpu("auto", None, precision)
    with pytest.raises(UserError, match=why):
        refuse_a_missing_gpu("cpu", None, precision)


@pytest.mark.parametrize("what", ["digits3", "sharing"])
@pytest.mark.parametrize("command", ["check", "run"])
def test_commands_refuse_it_before_they_train_or_write(
    command: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from study.cli.app import app

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit) as ended:
        app([command, what, "--out", str(tmp_path / "run"), "--precision", "bf16"], prog_name="mtl-study")
    assert ended.value.code == 2
    assert "training.precision: bf16" in (said := capsys.readouterr()).err
    assert not said.out
    assert not (tmp_path / "run").exists()


def test_a_cluster_without_a_gpu_is_refused_before_it_trains(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger, pytest.raises(UserError, match="save no time on a CPU"):
        note_device("cpu", Archive(tmp_path), ledger, mix=False, precision="bf16")
    assert not Ledger(tmp_path).events


def test_ledger_and_status_say_a_precision_that_is_not_float32(fake: Path, tmp_path: Path) -> None:
    out = run(tmp_path / "run", device="cpu")
    assert read_status(out).use.precision == "float32"
    assert "  device   cpu" in lines_of(out, read_status(out))
    with Ledger(out) as ledger:
        note_device("cuda", Archive(out), ledger, mix=True, precision="tf32")
        assert [event.get("precision") for event in ledger.of("device")] == [None, "tf32"]
    found = read_status(out)
    assert found.facts()["precision"] == "tf32"
    assert "  device   cuda, products in tf32; replicas of earlier sessions were trained on cpu" in lines_of(out, found)


def test_a_study_in_bf16_has_replicas_of_its_own(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU that is taken for a GPU: nothing of a study in float32 counts for it, nor does it go on in float32."""
    monkeypatch.setattr("study.driver.devices.refuse_precision", lambda precision, device: None)
    outs = [tmp_path / name for name in ("bf16", "float32")]
    for out in outs:
        spec = tiny(training={"epochs": 2, "precision": out.name})
        run_prepared(prepare_run(spec, out), out=out, options=RunOptions("inline", device="cpu"))
    rounded, exact = (set(analysis.load(out).replicas["replica"]) for out in outs)
    assert len(rounded) == len(exact) > 0
    assert not rounded & exact
    assert [read_status(out).use.precision for out in outs] == ["bf16", "float32"]
    with pytest.raises(UserError, match="another study"):
        run_prepared(prepare_run(spec, tmp_path / "new"), out=outs[0], options=RunOptions("inline", device="cpu"))
