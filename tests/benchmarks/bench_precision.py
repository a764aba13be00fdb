"""What rounding the factors of products costs in skill: the same replicas trained in float32 and in another precision.

Replicas of one seed have the same initial parameters, batches and dropout masks in every precision, so their skills on
the test split are compared in pairs.  Test skills are those of networks that run in float32, as a study measures them.

    make gpu              or: python -m tests.benchmarks.bench_precision [--device cpu] [--sets NAME …] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mtl_core.data.task_set import TaskSet
from mtl_core.recipe import Precision, Recipe, ReplicaConfig
from mtl_core.registry import find
from mtl_core.training.device import chosen_device, device_facts
from mtl_core.training.evaluation import score_examples_on
from mtl_core.training.trainer import fit

SEEDS = 32
QUANTILE = 2.0395
"""The 97.5% quantile of Student's t with 31 degrees of freedom; here nothing else needs scipy."""
HYPERPARAMETERS = {"learning_rate": 3e-3, "weight_decay": 1e-2, "dropout": 0.1}


def skills(recipe: Recipe, task_set: TaskSet, device: torch.device) -> tuple[np.ndarray, float]:
    """The mean test skill over the tasks of every replica, in points, and the seconds of training."""
    rows = [ReplicaConfig(str(seed), seed, HYPERPARAMETERS) for seed in range(SEEDS)]
    began = time.perf_counter()
    outcomes = fit(recipe, task_set.development, rows, max_rows=SEEDS if device.type == "cuda" else 16, device=device)
    seconds = time.perf_counter() - began
    assert all(outcome.status == "finished" for outcome in outcomes)
    selected = torch.stack([outcome.selected for outcome in outcomes])
    scores = score_examples_on(recipe, task_set.development, task_set.test, rows, selected)
    return np.array([100 * float(score.test_skill.mean()) for score in scores]), seconds


def compared(exact: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Mean difference of paired skills, half of its 95% interval, and the largest difference of one replica."""
    difference = other - exact
    half = QUANTILE * float(difference.std(ddof=1)) / math.sqrt(len(difference))
    return {"difference": float(difference.mean()), "half": half, "largest": float(np.abs(difference).max())}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--sets", nargs="+", default=["demo", "mixed_scales"], help="task sets; those of digits need scikit-learn"
    )
    parser.add_argument("--backbone", default="mlp")
    parser.add_argument("--widths", type=int, nargs="+", default=[32, 256])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    device = chosen_device(arguments.device)
    others: list[Precision] = ["tf32", "bf16"] if device.type == "cuda" else ["bf16"]
    facts = device_facts(device)
    print(", ".join(f"{name}: {value}" for name, value in facts.items()))
    print(f"points of test skill, {SEEDS} paired seeds, 95% interval")
    columns = f"{'skill':>6} {'± seeds':>7} {'minus float32':>16} {'largest':>7} {'seconds':>7}"
    print(f"{'set':14} {'width':>5} {'precision':9} {columns}")
    results: list[dict[str, Any]] = []
    for name in arguments.sets:
        task_set = find("tasks", name).cls().build()
        for width in arguments.widths:
            exact = np.zeros(SEEDS)
            precisions: list[Precision] = ["float32", *others]
            for precision in precisions:
                recipe = Recipe(
                    depth=1, width=width, backbone=arguments.backbone, epochs=arguments.epochs, precision=precision
                )
                found, seconds = skills(recipe, task_set, device)
                exact = found if precision == "float32" else exact
                fact = compared(exact, found)
                line = f"{name:14} {width:>5} {precision:9} {found.mean():>6.2f} {found.std(ddof=1):>7.2f}"
                shown = f"{fact['difference']:+.2f} ± {fact['half']:.2f}" if precision != "float32" else ""
                print(f"{line} {shown:>16} {fact['largest']:>7.2f} {seconds:>7.1f}", flush=True)
                results.append({"set": name, "width": width, "precision": precision, "seconds": seconds, **fact})
    if arguments.out:
        arguments.out.write_text(json.dumps({"device": facts, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
