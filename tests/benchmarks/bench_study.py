"""CPU-seconds per replica of a whole study: start, dropout, evaluation and report included.

The study runs as its command does, in one process with one thread.  Then :mod:`tests.benchmarks.plain_study` trains the
same networks for the same epochs with the same hyperparameters: a part of them, of which the cost of all is concluded;
what a script needs to start is measured by itself.  All are measured in processor time, in turn.

    make bench-study      or: python -m tests.benchmarks.bench_study [--widths 16 64] [--every 20] [--repeats 2]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

STYLES = ("good", "common")
STUDY = """
name: bench
tasks: {{set: multidigits}}
factors: {{sharing: [hard], depth: [1, 2, 3], stages: [3], width: [{width}]}}
tuning: {{draws: {draws}}}
training: {{epochs: 30}}
search: {{seeds: 2}}
confirm: {{seeds: 4}}
verdict: {{seeds: 4, max_seeds: 4, follow_up: false}}
"""


def processor_seconds(command: list[str]) -> float:
    """Run a command and return the processor time that it and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def replicas_of(run: Path) -> list[dict[str, Any]]:
    """Return what was trained in a run directory, as the plain script reads it."""
    import analysis

    frame = analysis.load(run).replicas
    tasks = sorted(frame["task"].unique())
    found = []
    for _, rows in frame.groupby("replica"):
        first = rows.iloc[0]
        values = json.loads(first["hyperparameters"])
        common = {name: int(first[name]) for name in ("seed", "width", "stages", "epochs")}
        depth = 0 if first["sharing"] != "hard" else int(first["depth"])
        rates = {name: values.get(name, 0.0) for name in ("learning_rate", "weight_decay", "dropout")}
        found.append(common | rates | {"depth": depth, "tasks": [tasks.index(task) for task in rows["task"]]})
    return found


def write_data(path: Path) -> None:
    """Write the development pool for the plain script."""
    import torch

    from mtl_core.registry import find

    examples = find("tasks", "multidigits").cls().build().development.examples
    torch.save({"x": examples.inputs, "y": examples.targets.long()}, path)


def plain_seconds(style: str, replicas: list[dict[str, Any]], every: int, folder: Path) -> float:
    """Return what a plain script needs for all replicas, from the start and from each of ``every`` of them."""

    def run(part: list[dict[str, Any]]) -> float:
        (folder / "replicas.json").write_text(json.dumps(part))
        names = [str(folder / name) for name in ("replicas.json", "data.pt")]
        program = [sys.executable, "-m", "tests.benchmarks.plain_study", *names, style, str(folder / "results.csv")]
        return processor_seconds(program)

    part = replicas[::every]
    start = run([])
    epochs = [sum(one["epochs"] * len(one["tasks"]) for one in chosen) for chosen in (replicas, part)]
    return start + (run(part) - start) * epochs[0] / epochs[1]


def study_seconds(width: int, draws: int, folder: Path) -> tuple[float, list[dict[str, Any]]]:
    """Run the study and return its processor seconds and what it trained."""
    (folder / "study.yaml").write_text(STUDY.format(width=width, draws=draws))
    out = Path(tempfile.mkdtemp(dir=folder)) / "run"
    command = [sys.executable, "-m", "study", "run", str(folder / "study.yaml"), "--out", str(out)]
    return processor_seconds([*command, "--backend", "inline", "--device", "cpu"]), replicas_of(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 64, 128])
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--every", type=int, default=20, help="of so many replicas a plain script trains one")
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    print("width replicas  study s   good s common s  over good  over common")
    for width in arguments.widths:
        with tempfile.TemporaryDirectory() as name:
            folder, seconds = Path(name), {style: [] for style in ("study", *STYLES)}
            write_data(folder / "data.pt")
            for _ in range(arguments.repeats):
                taken, replicas = study_seconds(width, arguments.draws, folder)
                seconds["study"].append(taken / len(replicas))
                for style in STYLES:
                    seconds[style].append(plain_seconds(style, replicas, arguments.every, folder) / len(replicas))
            study, good, common = (statistics.median(seconds[style]) for style in ("study", *STYLES))
            line = f"{width:>5} {len(replicas):>8} {study:>8.3f} {good:>8.3f} {common:>8.3f}"
            print(f"{line} {good / study:>8.2f}× {common / study:>10.2f}×", flush=True)


if __name__ == "__main__":
    main()
