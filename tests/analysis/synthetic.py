"""A run directory with known answers: what a study would have written, had its tasks had these effects.

Nothing is trained.  Every dial is in points of skill, so a test can say what the report must find.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from analysis.records.schema import CONFLICT, SCORES, TRAINING, Columns, schema

STAGES_PARAMETERS = 40
WITHIN = 0.4
FIRST_SEED = {"search": 0, "confirm": 1000, "verdict": 2000}
METRICS = {"accuracy": (0.5, 1.0), "mse": (1.0, 0.0)}
"""(trivial, perfect) value of each metric."""


@dataclass(frozen=True)
class Truth:
    """What is true of a synthetic study, and how much of it is written.

    Args:
        effects: per task, gain in points of full sharing over `each` at the smallest width; shallower sharing has its
            share of it, wider networks the share ``smallest width / width``.
        loop_effects: per task, gain of the multi-task loop without sharing over `each`; part of ``hard``, too.
        base: skill in points of the single-task networks at the largest width; narrower ones lose ``width_loss``.
        seed_noise: standard deviation of a replica's skill between seeds, in points.
        test_noise: standard deviation of the per-example difference between two arms, in points.
        loss_noise: the same of the skill in log loss, of tasks that accuracy judges; ``None``: not recorded.
        num_rarer: test examples outside the most frequent class, of tasks whose losses are recorded.
        draw_spread: how much the worst draw loses against the best, in points.
        missing: share of labels that are missing, per task.
        failing: share of the search replicas that diverge or fail.
        weighting_effects: what a way to weigh gains over equal weights on every task; ``name native`` is ``name`` at
            that scale, and is run only where it is named here.
        further: ways to share beside ``hard``, at full depth, and what each gains over it on every task.
        chosen: label of the arm that the ledger froze; ``None`` lets ``choose_arm`` decide.
        reference_width: width of the arm that shares everything; ``None``: that of the chosen arm.
        phases: which phases are finished.
        agreement: cosine between the gradients of two tasks, ``WITHIN`` where none is given, in the last shared stage,
            and ``WITHIN`` in the others; ``None``: nothing was measured.
    """

    effects: Mapping[str, float] = field(default_factory=lambda: {"left": 4.0, "right": 3.0, "odd": -8.0})
    loop_effects: Mapping[str, float] = field(default_factory=dict)
    base: float = 70.0
    width_loss: float = 4.0
    seed_noise: float = 1.0
    test_noise: float = 8.0
    loss_noise: float | None = None
    num_rarer: int = 60
    draw_spread: float = 6.0
    metrics: Sequence[str] = ("mse", "accuracy")
    missing: Mapping[str, float] = field(default_factory=dict)
    failing: float = 0.0
    widths: Sequence[int] = (16, 64)
    stages: int = 3
    weightings: Sequence[str] = ("equal",)
    weighting_effects: Mapping[str, float] = field(default_factory=dict)
    further: Mapping[str, float] = field(default_factory=dict)
    draws: int = 4
    seeds: Mapping[str, int] = field(default_factory=lambda: {"search": 2, "confirm": 10, "verdict": 10})
    epochs: int = 16
    num_test: int = 240
    groups: int | None = None
    chosen: str | None = None
    reference_width: int | None = None
    phases: Sequence[str] = ("search", "confirm", "verdict")
    level_divisor: int = 1
    agreement: Mapping[tuple[str, str], float] | None = None
    seed: int = 0

    @property
    def tasks(self) -> list[str]:
        return list(self.effects)

    def metric(self, task: str) -> str:
        return self.metrics[self.tasks.index(task) % len(self.metrics)]

    def skill(self, arm: Mapping[str, Any], task: str) -> float:
        """The expected test skill of an arm, in points."""
        narrow = np.log2(max(self.widths) / arm["width"]) / max(1.0, np.log2(max(self.widths) / min(self.widths)))
        skill = self.base - self.width_loss * narrow
        if arm["sharing"] != "single_task":
            skill += self.loop_effects.get(task, 0.0)
        if arm["sharing"] not in ("single_task", "independent"):
            skill += self.further.get(arm["sharing"], 0.0)
            scale = "" if arm["scale"] == "matched" else f" {arm['scale']}"
            skill += self.weighting_effects.get(arm["weighting"] + scale, 0.0)
            skill += self.effects[task] * arm["depth"] / self.stages * min(self.widths) / arm["width"]
        return skill


def arms_of(truth: Truth) -> list[dict[str, Any]]:
    """Every arm of the study as factor columns with its label."""
    levels: list[tuple[str, int | None, str]] = [("single_task", None, "equal"), ("independent", 0, "equal")]
    native = [name for name in truth.weighting_effects if name.endswith(" native")]
    weighed = (*truth.weightings, *native)
    levels += [("hard", depth, name) for name in weighed for depth in range(1, truth.stages + 1)]
    levels += [(name, truth.stages, "equal") for name in truth.further]
    return [_arm(truth, sharing, depth, width, name) for width in truth.widths for sharing, depth, name in levels]


def _arm(truth: Truth, sharing: str, depth: int | None, width: int, weighting: str = "equal") -> dict[str, Any]:
    shown = "" if sharing in ("single_task", "independent") else f" d{depth}"
    method = "" if sharing == "single_task" else f" {weighting}"
    return {
        "arm": f"{sharing}{shown} w{width} l{truth.stages}{method} adamw",
        "sharing": sharing,
        "depth": depth,
        "stages": truth.stages,
        "width": width,
        "backbone": "mlp",
        "weighting": weighting.removesuffix(" native"),
        "scale": "native" if weighting.endswith(" native") else "matched",
        "optimiser": "adamw",
        "train_fraction": 1.0,
        "capacity": width,
    }


def write_study(path: Path, truth: Truth | None = None) -> Path:
    """Write the run directory ``path`` and return it."""
    truth = truth or Truth()
    for name in ("records", "scores", "conflict"):
        (path / name).mkdir(parents=True, exist_ok=True)
    arms, ledger = arms_of(truth), _Ledger(path / "ledger.jsonl")
    ledger.add("planned", **_plan(truth, arms))
    if "search" in truth.phases:
        _write_phase(path, truth, arms, "search", ledger)
        ledger.add("frozen", choice="draws", value={arm["arm"]: dict.fromkeys(truth.tasks, 0) for arm in arms})
    if "confirm" in truth.phases:
        _write_phase(path, truth, arms, "confirm", ledger)
        judged = _freeze(path, truth, arms, ledger)
        if "verdict" in truth.phases:
            _write_phase(path, truth, judged, "verdict", ledger)
            ledger.add("looked", level_divisor=truth.level_divisor)
    _write_descriptions(path, truth)
    return path


class _Ledger:
    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_text("")

    def add(self, event: str, **content: Any) -> None:
        with self.file.open("a") as stream:
            stream.write(json.dumps({"event": event, "time": "2026-01-05T10:00:00+00:00", **content}) + "\n")


def _plan(truth: Truth, arms: list[dict[str, Any]]) -> dict[str, Any]:
    single = sum(arm["sharing"] == "single_task" for arm in arms)
    trained = len(arms) - single + single * len(truth.tasks)
    return {
        "arms": [arm | {"role": "candidate"} for arm in arms],
        "skipped": [{"arm": f"hard d0 w{width}", "reason": "the same as independent"} for width in truth.widths],
        "replicas": {
            "search": trained * truth.draws * truth.seeds["search"],
            "confirm": trained * truth.seeds["confirm"],
            "verdict": 5 * truth.seeds["verdict"],
        },
        "draws": truth.draws,
        "seeds": dict(truth.seeds),
        "epochs": truth.epochs,
        "forecast": {"seconds": 60.0, "bytes": 1_000_000},
        "shrunk": [],
        "spec_hash": "0" * 16,
        "fingerprint": "f" * 16,
        "engine_version": "1",
    }


def _freeze(path: Path, truth: Truth, arms: list[dict[str, Any]], ledger: _Ledger) -> list[dict[str, Any]]:
    """Freeze the chosen arm and what is judged; returns the arms that the verdict phase trains."""
    by_label = {arm["arm"]: arm for arm in arms}
    chosen = by_label[truth.chosen or _choose(path)]
    full = _arm(truth, "hard", truth.stages, truth.reference_width or chosen["width"])
    judged = [chosen] + [full] * (full["arm"] != chosen["arm"])
    baselines, trained, best = {}, list(judged), _best_widths(path, truth)
    for arm in judged:
        each = _arm(truth, "single_task", None, arm["width"])
        loop = _arm(truth, "independent", 0, arm["width"])
        total = _arm(truth, "single_task", None, max(2, arm["width"] * 2 // 3))
        names = {name: baseline["arm"] for name, baseline in (("each", each), ("loop", loop), ("total", total))}
        ratio = _parameters(truth, total) / _parameters(truth, arm)
        baselines[arm["arm"]] = names | {"total_ratio": ratio, "best": best}
        trained += [each, loop, total]
    ledger.add("frozen", choice="arm", value={"arm": chosen["arm"], "eligible": [chosen["arm"]], "best": chosen["arm"]})
    ledger.add("frozen", choice="judged", value={"arms": [arm["arm"] for arm in judged], "baselines": baselines})
    return list({arm["arm"]: arm for arm in trained}.values())


def _choose(path: Path) -> str:
    from analysis.selection.arms import choose_arm

    return choose_arm(_confirmed(path)).arm


def _best_widths(path: Path, truth: Truth) -> dict[str, str]:
    """The single-task network of the best width for each task, as the protocol chooses it."""
    from analysis.selection.arms import choose_arm

    alone = _confirmed(path)
    alone = alone[(alone["sharing"] == "single_task") & (alone["status"] == "finished")]
    known = [
        rows for _, rows in alone.groupby("task") if any(np.isfinite(curve).any() for curve in rows["validation_skill"])
    ]
    return {rows["task"].iloc[0]: choose_arm(rows).best for rows in known}


def _confirmed(path: Path) -> pd.DataFrame:
    from analysis.records.load import read_replicas

    replicas = read_replicas(path)
    return replicas[replicas["phase"] == "confirm"]


def _parameters(truth: Truth, arm: Mapping[str, Any]) -> int:
    copies, width, tasks = _copies(truth, arm), arm["width"], len(truth.tasks)
    return int(sum(copies) * STAGES_PARAMETERS * width + tasks * width)


def _copies(truth: Truth, arm: Mapping[str, Any]) -> list[int]:
    shared = arm["depth"] if arm["sharing"] not in ("single_task", "independent") else 0
    return [1] * shared + [len(truth.tasks)] * (truth.stages - shared)


def _write_phase(path: Path, truth: Truth, arms: list[dict[str, Any]], phase: str, ledger: _Ledger) -> None:
    rows: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    for arm in arms:
        for number, row in enumerate(_replicas(truth, arm, phase)):
            rows.append(row)
            if phase != "search":
                scores.append(_score(truth, arm, row))
            if number == 0:
                ledger.add("started", shard=arm["arm"], phase=phase, arm=arm["arm"], replicas=[row["replica"]])
                ledger.add(
                    "finished", shard=arm["arm"], phase=phase, arm=arm["arm"], replicas=[row["replica"]], seconds=1
                )
    _part(path / "records" / f"{phase}.parquet", rows, TRAINING)
    if truth.agreement is not None and phase != "search":
        _part(path / "conflict" / f"{phase}.parquet", list(_comparisons(truth, rows)), CONFLICT)
    if scores:
        _part(path / "scores" / f"{phase}.parquet", scores, SCORES)
        ledger.add("test_opened", phase=phase, replicas=len({row["replica"] for row in scores}))


def _comparisons(truth: Truth, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What probes after the first and the last epoch found of every replica that shares."""
    planted, tasks = truth.agreement or {}, truth.tasks
    for row in [row for row in rows if row["sharing"] == "hard" and row["task"] == tasks[0]]:
        noise = _stream(truth, "conflict", row["replica"])
        places = [(epoch, stage) for epoch in (0, truth.epochs - 1) for stage in range(row["depth"])]
        for epoch, stage in places:
            for i, task in enumerate(tasks):
                for other in tasks[i:]:
                    last = stage == row["depth"] - 1
                    across = planted.get((task, other), WITHIN) if last else WITHIN
                    alone = task == other
                    yield {
                        "replica": row["replica"], "epoch": epoch, "stage": f"stage{stage}", "task": task,
                        "other": other, "norm": 2.0**i if alone else np.nan, "cosine": np.nan if alone else across,
                        "across": across + 0.02 * noise.normal(),
                    }  # fmt: skip


def _part(file: Path, rows: list[dict[str, Any]], columns: Columns) -> None:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema(columns)), file)


def _stream(truth: Truth, *parts: Any) -> np.random.Generator:
    words = [truth.seed, *(int.from_bytes(str(part).encode()[-60:], "little") for part in parts)]
    return np.random.default_rng(words)


def _replicas(truth: Truth, arm: dict[str, Any], phase: str) -> Iterator[dict[str, Any]]:
    single = arm["sharing"] == "single_task"
    for draw in range(truth.draws if phase == "search" else 1):
        for offset in range(truth.seeds[phase]):
            seed = FIRST_SEED[phase] + offset
            lucky = _stream(truth, "failing", arm["arm"], draw, seed, phase).random()
            for task in truth.tasks:
                name = f"{arm['arm']}-{draw}-{seed}" + (f"-{task}" if single else "")
                identity = {"replica": name, "phase": phase, "draw": draw, "seed": seed, "task": task, **arm}
                failed = phase == "search" and lucky < truth.failing
                yield identity | (_failure(truth) if failed else _training(truth, arm, identity)) | _cost(truth, arm)


def _cost(truth: Truth, arm: Mapping[str, Any]) -> dict[str, Any]:
    single = arm["sharing"] == "single_task"
    total = _parameters(truth, arm) // (len(truth.tasks) if single else 1)
    shared = arm["width"] * STAGES_PARAMETERS * (arm["depth"] or 0)
    multiply_adds = total - (1 if single else len(truth.tasks))
    return {"parameters_shared": shared, "parameters_total": total, "multiply_adds": multiply_adds, "seconds": 0.5}


def _failure(truth: Truth) -> dict[str, Any]:
    curves = ("train_loss", "validation_loss", "train_metric", "validation_metric", "validation_skill", "weight")
    return {
        **{curve: [] for curve in curves},
        "hyperparameters": "{}",
        "status": "diverged",
        "reason": "the loss became infinite in epoch 0",
        "budget_epochs": truth.epochs,
        "epochs": 0,
        "selected_epoch": -1,
        "trivial_loss": 1.0,
        "trivial_metric": 1.0,
        "num_train": 400,
        "num_validation": 100,
    }


def _replica_skill(truth: Truth, arm: Mapping[str, Any], identity: Mapping[str, Any]) -> float:
    """The skill that this replica is heading for, in points: arm, draw, seed; a part of the seed noise is paired."""
    own = _stream(truth, "own", identity["replica"], identity["task"]).normal()
    paired = _stream(truth, "paired", identity["seed"], identity["task"]).normal() * 2
    worse = truth.draw_spread * identity["draw"] / max(1, truth.draws - 1)
    return truth.skill(arm, identity["task"]) + truth.seed_noise * (own / np.sqrt(2) + paired) - worse


def _training(truth: Truth, arm: Mapping[str, Any], identity: Mapping[str, Any]) -> dict[str, Any]:
    epoch = np.arange(truth.epochs)
    goal = 1 - _replica_skill(truth, arm, identity) / 100
    shared = (arm["depth"] or 0) / truth.stages
    turn = truth.epochs * (0.55 + 0.3 * shared)
    fall = np.exp(-epoch / (truth.epochs * 0.15))
    validation = goal + (1 - goal) * fall + 0.02 * np.clip(epoch - turn, 0, None) * (1 - 0.7 * shared)
    train = goal * (0.9 - 0.35 * (1 - shared) * epoch / truth.epochs) + (1 - goal * 0.9) * fall
    trivial, perfect = METRICS[truth.metric(identity["task"])]
    if truth.missing.get(identity["task"], 0) >= 1:
        train, validation = train * np.nan, validation * np.nan
    return {
        "hyperparameters": json.dumps(
            {"learning_rate": 0.003 * (1 + identity["draw"]), "weight_decay": 1e-4, "dropout": 0.1}
        ),
        "status": "finished",
        "reason": "",
        "budget_epochs": truth.epochs,
        "epochs": truth.epochs,
        "selected_epoch": int(min(truth.epochs - 1, np.ceil(turn))),
        "train_loss": train,
        "validation_loss": validation,
        "train_metric": trivial + (perfect - trivial) * (1 - train),
        "validation_metric": trivial + (perfect - trivial) * (1 - validation),
        "validation_skill": 1 - validation,
        "weight": np.ones(truth.epochs),
        "trivial_loss": 1.0,
        "trivial_train_loss": 1.0,
        "trivial_metric": trivial,
        "num_train": int(400 * (1 - truth.missing.get(identity["task"], 0))),
        "num_validation": int(100 * (1 - truth.missing.get(identity["task"], 0))),
    }


def _score(truth: Truth, arm: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    task = row["task"]
    trivial, perfect = METRICS[truth.metric(task)]
    goal = _replica_skill(truth, arm, row) / 100
    examples = goal + _example_noise(truth, arm, task)
    labelled = _stream(truth, "labelled", task).random(truth.num_test) >= truth.missing.get(task, 0)
    values = np.where(labelled, trivial + (perfect - trivial) * examples, np.nan).astype(np.float32)
    metric = float(np.mean(values[labelled], dtype=np.float64)) if labelled.any() else None
    return {
        "replica": row["replica"],
        "task": task,
        "metric": truth.metric(task),
        "test_metric": metric,
        "trivial_metric": trivial,
        "perfect_metric": perfect,
        "test_skill": None if metric is None else (metric - trivial) / (perfect - trivial),
        "num_test": int(labelled.sum()),
        "example_scores": values,
        **(
            _losses(truth, arm, row, labelled)
            if truth.loss_noise is not None and truth.metric(task) == "accuracy"
            else {}
        ),
    }


def _losses(truth: Truth, arm: Mapping[str, Any], row: Mapping[str, Any], labelled: np.ndarray) -> dict[str, Any]:
    """Log losses of a task that accuracy judges, of the same expected skill; those of class frequencies are 0.7."""
    skills = _replica_skill(truth, arm, row) / 100 + _example_noise(truth, arm, row["task"], truth.loss_noise)
    losses = np.where(labelled, 0.7 * (1 - skills), np.nan).astype(np.float32)
    mean = float(np.mean(losses[labelled], dtype=np.float64)) if labelled.any() else None
    return {"num_rarer": truth.num_rarer, "test_loss": mean, "trivial_loss": 0.7, "example_losses": losses}


def _example_noise(truth: Truth, arm: Mapping[str, Any], task: str, deviation: float | None = None) -> np.ndarray:
    """What the test examples add to an arm: common to all arms, and the arm's own; equal within a group."""
    size = truth.groups or truth.num_test
    common = _stream(truth, "examples", task).normal(size=size) * 0.3
    noise = truth.test_noise if deviation is None else deviation
    own = _stream(truth, "examples", task, arm["arm"]).normal(size=size) * noise / 100 / np.sqrt(2)
    return (common + own)[np.arange(truth.num_test) % size]


def _write_descriptions(path: Path, truth: Truth) -> None:
    tasks = [
        {
            "task": task,
            "kind": "regression" if truth.metric(task) == "mse" else "binary",
            "metric": truth.metric(task),
            "num_classes": 1 if truth.metric(task) == "mse" else 2,
            "num_development": 500,
            "num_test": truth.num_test,
            "labelled_development": int(500 * (1 - truth.missing.get(task, 0))),
            "labelled_test": int(truth.num_test * (1 - truth.missing.get(task, 0))),
        }
        for task in truth.tasks
    ]
    groups = None if truth.groups is None else [number % truth.groups for number in range(truth.num_test)]
    content = {"fingerprint": "f" * 16, "name": "synthetic", "tasks": tasks, "test_groups": groups, "remarks": []}
    (path / "tasks.json").write_text(json.dumps(content))
    manifest = {
        "versions": {"pandas": pd.__version__, "numpy": np.__version__},
        "engine_version": "1",
        "fingerprint": "f" * 16,
        "command": ["mtl-study", "run", "synthetic"],
        "started": "2026-01-05T10:00:00+00:00",
        "machine": {"cores": 2, "memory_bytes": 8_000_000_000, "platform": "Linux"},
        "commit": None,
    }
    (path / "manifest.json").write_text(json.dumps(manifest))
    spec = {"name": "synthetic", "tasks": {"set": "generated"}, "band": 1.0, "factors": {"width": list(truth.widths)}}
    (path / "study.yaml").write_text(yaml.safe_dump(spec))
