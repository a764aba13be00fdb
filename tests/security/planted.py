"""Run directories from somebody else: a finished study, with something planted in it."""

from __future__ import annotations

import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Plant = Callable[[Path, Path], None]
"""Plants something in a run directory; the second path is a file outside of it that must not change."""

RUN_ME = "import pathlib; pathlib.Path({canary!r}).write_text('ran')\n"


class Bomb:
    """An object whose unpickling writes the file ``canary``."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.system, (f"touch {self.canary}",)


def canary(run: Path) -> Path:
    """Return the file that planted code would write."""
    return run.parent / "canary"


def pickles(run: Path, outside: Path) -> None:
    content = pickle.dumps(Bomb(canary(run)))
    for name in ("error.pkl", "records/0.parquet", "checkpoints/0.safetensors", "models/0.safetensors", "scores/0.pt"):
        (run / name).write_bytes(content)


def modules(run: Path, outside: Path) -> None:
    """Python files with the names of what the commands import, in the directory where they are started."""
    for name in ("numpy", "torch", "pandas", "json", "sitecustomize", "planted", "conftest", "study", "analysis"):
        (run / f"{name}.py").write_text(RUN_ME.format(canary=str(canary(run))))


def backbone_by_path(run: Path, outside: Path) -> None:
    _in_study(run, "backbone_options: {}", "backbone_options: {modules: ['planted:Module']}")
    _in_study(run, "mlp", "custom")


def metric_by_path(run: Path, outside: Path) -> None:
    _in_study(run, "tasks:\n", "tasks:\n  metrics: {y_price: 'planted:metric'}\n")


def stored_metric_by_path(run: Path, outside: Path) -> None:
    tasks = json.loads((run / "tasks.json").read_text())
    for task in tasks["tasks"]:
        task["metric"] = "planted:metric"
    (run / "tasks.json").write_text(json.dumps(tasks))


def data_set_by_path(run: Path, outside: Path) -> None:
    (run / "study.yaml").write_text("tasks: {set: dataset, call: 'planted:Data'}\n")


def yaml_tags(run: Path, outside: Path) -> None:
    (run / "study.yaml").write_text(f"name: !!python/object/apply:os.system ['touch {canary(run)}']\n")


def yaml_bomb(run: Path, outside: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]
    (run / "study.yaml").write_text("\n".join(lines))


def deep_json(run: Path, outside: Path) -> None:
    (run / "tasks.json").write_text("[" * 200_000)
    with open(run / "ledger.jsonl", "a") as file:
        file.write('{"event": ' + "[" * 200_000 + '\n{"event": "x"}\n')


def pipes(run: Path, outside: Path) -> None:
    for name in ("tasks.json", "manifest.json", "records/0.parquet", "scores/0.parquet", "conflict/0.parquet"):
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)


def study_pipe(run: Path, outside: Path) -> None:
    (run / "study.yaml").unlink()
    os.mkfifo(run / "study.yaml")


def endless(run: Path, outside: Path) -> None:
    for name in ("tasks.json", "manifest.json", "study.yaml"):
        (run / name).unlink()
        (run / name).symlink_to("/dev/zero")


def table_of_nulls(run: Path, outside: Path) -> None:
    pq.write_table(pa.table({"replica": pa.nulls(50_000_000, pa.string())}), run / "records" / "0.parquet")


def long_texts(run: Path, outside: Path) -> None:
    table = pa.table({"replica": pa.array(["x" * 1_000_000] * 200)})
    pq.write_table(table, run / "scores" / "0.parquet", compression="zstd")


def huge_header(run: Path, outside: Path) -> None:
    for path in [*(run / "models").iterdir(), run / "checkpoints" / "0.safetensors"]:
        path.write_bytes(struct.pack("<Q", 2**62) + b"{}")


def huge_tensor(run: Path, outside: Path) -> None:
    header = json.dumps({"a/parameters": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    for path in (run / "models").iterdir():
        path.write_bytes(struct.pack("<Q", len(header)) + header)


def ledger_link(run: Path, outside: Path) -> None:
    _replaced_by_link(run / "ledger.jsonl", outside)


def lock_link(run: Path, outside: Path) -> None:
    _replaced_by_link(run / ".lock", outside)
    _replaced_by_link(run / ".scratch", outside)


def folder_links(run: Path, outside: Path) -> None:
    """Folders of which the study removes files."""
    for name in ("checkpoints", "models"):
        folder = run / name
        folder.rename(run.parent / f"former {name}")
        folder.symlink_to(outside.parent)


def report_links(run: Path, outside: Path) -> None:
    for name in ("report.html", "figures", "tables", "model", "verdict.json"):
        _replaced_by_link(run / name, outside)


def names_that_climb(run: Path, outside: Path) -> None:
    """Labels of arms and names of tasks that are paths."""
    for name in ("ledger.jsonl", "tasks.json", "manifest.json"):
        text = (run / name).read_text()
        (run / name).write_text(text.replace("y_price", "../../outside/precious"))


def scratch_note(run: Path, outside: Path) -> None:
    import socket

    (run / ".scratch").write_text(f"{socket.gethostname()}\n{outside.parent}\n")


PLANTS: tuple[Plant, ...] = (
    pickles, modules, backbone_by_path, metric_by_path, stored_metric_by_path, data_set_by_path, yaml_tags, yaml_bomb,
    deep_json, pipes, study_pipe, endless, table_of_nulls, long_texts, huge_header, huge_tensor, ledger_link, lock_link,
    folder_links, report_links, names_that_climb, scratch_note,
)  # fmt: skip


def _in_study(run: Path, before: str, after: str) -> None:
    text = (run / "study.yaml").read_text()
    assert before in text, text
    (run / "study.yaml").write_text(text.replace(before, after))


def _replaced_by_link(path: Path, outside: Path) -> None:
    if path.is_dir():
        path.rename(path.with_name(f"former {path.name}"))
    path.unlink(missing_ok=True)
    path.symlink_to(outside)
