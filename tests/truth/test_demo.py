"""The demo's planted odd task is found, and nothing else is: whole studies, minutes each (``make slow``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analysis.questions import transfer
from analysis.recommendation.recommend import DO_NOT_SHARE, recommend
from analysis.records.load import load
from analysis.statistics.verdicts import HURT_BY_SHARING

SEEDS = range(20)
STUDIES_AT_ONCE = 2


def study(directory: Path, seed: int, odd: bool) -> Path:
    """One demo study on freshly drawn data, in a process of its own; nobody needs its report."""
    out = directory / f"{'with' if odd else 'without'}-{seed}"
    program = (
        "from pathlib import Path; from study import load_spec, run\n"
        f"spec = load_spec('demo', overrides=['tasks.seed={seed}', 'tasks.odd={json.dumps(odd)}'])\n"
        f"run(spec, out=Path({str(out)!r}), backend='inline')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    return out


def hurt_tasks(out: Path) -> set[str]:
    """Tasks that are called hurt by sharing, under the recommended or the fully shared arm."""
    rows = transfer.table(transfer.score(load(out)))
    return set(rows.loc[rows["word"] == HURT_BY_SHARING, "task"])


def studies(directory: Path, odd: bool) -> list[Path]:
    with ThreadPoolExecutor(STUDIES_AT_ONCE) as pool:
        return list(pool.map(lambda seed: study(directory, seed, odd), SEEDS))


@pytest.mark.slow
def test_the_odd_task_is_found_and_the_recommendation_acts_on_it(tmp_path: Path) -> None:
    outs = studies(tmp_path, odd=True)
    hurt = [hurt_tasks(out) for out in outs]
    assert sum("odd" in tasks for tasks in hurt) >= 19
    assert sum(bool(tasks - {"odd"}) for tasks in hurt) <= 1
    for out, tasks in zip(outs, hurt, strict=True):
        card = recommend(load(out))
        assert "odd" not in tasks or card.decision == DO_NOT_SHARE or "odd" in card.alone or not shares_all(card.arm)


@pytest.mark.slow
def test_without_an_odd_task_nobody_is_called_hurt(tmp_path: Path) -> None:
    assert sum(bool(hurt_tasks(out)) for out in studies(tmp_path, odd=False)) <= 1


def shares_all(arm: str) -> bool:
    """Whether the arm is the demo's fully shared one (labels are for people, but a test may read them)."""
    return arm.startswith("hard d2")
