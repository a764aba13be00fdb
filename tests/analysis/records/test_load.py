"""Reading a run directory: whole, torn, corrupt and hostile."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import analysis
from analysis.questions import transfer
from analysis.records.schema import TRAINING, UnreadableRun, schema
from tests.analysis.synthetic import Truth, write_study

SMALL = Truth(effects={"a": 1.0, "b": 0.0}, widths=(16,), stages=1, draws=2, epochs=4, num_test=12)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("reading") / "run", SMALL)


@pytest.fixture
def run(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "run"))


def write_part(run: Path, name: str, *rows: dict) -> None:
    first = pq.read_table(run / "records" / "confirm.parquet").slice(0, 1).to_pylist()[0]
    rows = [first | {"replica": "extra"} | row for row in rows]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema(TRAINING)), run / "records" / f"{name}.parquet")


def test_everything_that_was_written_is_read(run: Path) -> None:
    records = analysis.load(str(run))
    per_phase = records.replicas.groupby("phase").size()
    assert per_phase["confirm"] == 3 * 10 * 2  # arms × seeds × tasks
    assert list(records.tasks["task"]) == ["a", "b"]
    assert len(records.scores) == per_phase["confirm"] + per_phase["verdict"]
    assert len(records.scores["example_scores"].iloc[0]) == 12
    assert records.frozen("judged")["arms"]
    assert records.manifest["name"] == "synthetic"


def test_importing_the_house_imports_nothing_heavy() -> None:
    code = "import sys, analysis; print(sorted({'pandas', 'matplotlib', 'scipy', 'torch', 'ray'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_whole_house_needs_neither_torch_nor_ray(written: Path) -> None:
    code = (
        f"import sys, analysis; records = analysis.load({str(written)!r})\n"
        "import analysis.recommendation.recommend; analysis.recommendation.recommend.recommend(records)\n"
        "heavy = {'torch', 'ray', 'mtl_core', 'study'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_tail_torn_at_any_byte_is_left_out(run: Path) -> None:
    ledger = run / "ledger.jsonl"
    whole = ledger.read_bytes()
    last = {"event": "looked", "time": "2026-01-05", "note": "ü"}
    line = json.dumps(last, ensure_ascii=False).encode()
    before = len(analysis.load(run).ledger)
    for end in range(len(line)):
        ledger.write_bytes(whole + line[:end])
        assert len(analysis.load(run).ledger) == before
    ledger.write_bytes(whole + line)
    assert analysis.load(run).ledger[-1] == last


def test_a_broken_line_inside_the_ledger_is_named(run: Path) -> None:
    ledger = run / "ledger.jsonl"
    whole = ledger.read_bytes()
    last = whole.count(b"\n") + 1
    for number, content in ((1, b'{"event": "pl\n' + whole), (last, whole + b'{"event": "pl\n')):
        ledger.write_bytes(content)
        with pytest.raises(UnreadableRun, match=rf"ledger\.jsonl, line {number}:"):
            analysis.load(run)


@pytest.mark.parametrize("keep", [0, 3, 40, -1, -9])
def test_a_truncated_part_is_named_with_the_remedy(run: Path, keep: int) -> None:
    part = run / "records" / "confirm.parquet"
    part.write_bytes(part.read_bytes()[:keep])
    with pytest.raises(UnreadableRun, match=r"confirm\.parquet: cannot be read.*Delete this file and run the same"):
        analysis.load(run)


def test_garbage_within_a_part_is_named(run: Path) -> None:
    part = run / "scores" / "confirm.parquet"
    content = bytearray(part.read_bytes())
    content[4 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4)
    part.write_bytes(bytes(content))
    with pytest.raises(UnreadableRun, match=r"confirm\.parquet"):
        analysis.load(run)


def test_a_run_from_before_a_column_was_new_is_read_as_if_it_were_missing(run: Path) -> None:
    part = run / "records" / "confirm.parquet"
    pq.write_table(pq.read_table(part).drop_columns(["trivial_train_loss"]), part)
    replicas = analysis.load(run).replicas
    assert replicas.loc[replicas["phase"] == "confirm", "trivial_train_loss"].isna().all()
    assert list(replicas.columns) == list(TRAINING)


def test_scores_from_before_losses_were_recorded_give_the_same_verdicts(run: Path) -> None:
    part = run / "scores" / "verdict.parquet"
    before = transfer.table(transfer.score(analysis.load(run)))
    new = ["num_rarer", "test_loss", "trivial_loss", "example_losses"]
    pq.write_table(pq.read_table(part).drop_columns(new), part)
    records = analysis.load(run)
    assert records.scores[new].isna().all(axis=None)
    pd.testing.assert_frame_equal(transfer.table(transfer.score(records)), before)


def test_a_part_without_a_column_is_named(run: Path) -> None:
    part = run / "records" / "confirm.parquet"
    pq.write_table(pq.read_table(part).drop_columns(["status"]), part)
    with pytest.raises(UnreadableRun, match="lacks the column 'status'"):
        analysis.load(run)


def test_temporary_files_are_no_parts(run: Path) -> None:
    before = len(analysis.load(run).replicas)
    (run / "records" / ".half.parquet").write_bytes(b"PAR1")
    (run / "records" / "half.parquet.tmp").write_bytes(b"PAR1")
    assert len(analysis.load(run).replicas) == before


def test_the_longest_part_of_a_replica_counts(run: Path) -> None:
    write_part(run, "z-early", {"epochs": 2, "status": "running"})
    write_part(run, "a-late", {"epochs": 4, "status": "finished"})
    mine = analysis.load(run).replicas.query("replica == 'extra'")
    assert mine[["epochs", "status"]].to_numpy().tolist() == [[4, "finished"]]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_of_equally_long_parts_the_final_one_counts(run: Path, names: tuple[str, str]) -> None:
    write_part(run, names[0], {"epochs": 4, "status": "running"})
    write_part(run, names[1], {"epochs": 4, "status": "stopped"})
    assert analysis.load(run).replicas.query("replica == 'extra'")["status"].tolist() == ["stopped"]


@pytest.mark.parametrize("name", ["tasks.json", "manifest.json", "study.yaml"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_missing_or_broken_description_is_named(run: Path, name: str, content: bytes | None) -> None:
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    with pytest.raises(UnreadableRun, match=name):
        analysis.load(run)


def test_what_is_no_run_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRun, match="no run directory"):
        analysis.load(tmp_path / "nowhere")


def test_a_run_without_records_yet_is_empty(run: Path) -> None:
    shutil.rmtree(run / "records")
    shutil.rmtree(run / "scores")
    records = analysis.load(run)
    assert records.replicas.empty
    assert list(records.replicas.columns) == list(TRAINING)


@pytest.mark.parametrize(
    "text",
    [
        "name: !!python/object/apply:os.system ['touch planted']\n",
        "name: !!python/name:os.system\n",
        "a: &a [x, x]\nb: [*a, *a]\n",
    ],
)
def test_a_foreign_study_file_runs_no_code(run: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    (run / "study.yaml").write_text(text)
    with pytest.raises(UnreadableRun, match=r"study\.yaml"):
        analysis.load(run)
    assert not (run / "planted").exists()


def test_numbers_of_the_study_file_are_those_of_yaml_1_2(run: Path) -> None:
    (run / "study.yaml").write_text("name: x\nband: 1e-3\n")
    assert analysis.load(run).spec["band"] == 1e-3


def test_missing_numbers_stay_missing(run: Path) -> None:
    write_part(run, "x", {"depth": None, "sharing": "single_task"})
    assert np.isnan(analysis.load(run).replicas.query("replica == 'extra'")["depth"].iloc[0])
