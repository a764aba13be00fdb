"""What the product makes of one hostile file, and whether that is what is expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from typer.testing import CliRunner

from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.table import Table
from study.cli.app import app

Outcome = Literal["right", "said", "refused"]


@dataclass(frozen=True)
class Expected:
    """The outcome that a file must have, and how it is judged.

    Args:
        outcome: ``right``: read, and the data are as the oracle says; ``said``: the same, and ``check`` prints a
            remark; ``refused``: exit 2 with where, found and do.
        oracle: what the data must be, in words.
        holds: whether they are; not asked where the file is refused.
        words: that the remark or the refusal must contain.
    """

    outcome: Outcome
    oracle: str
    holds: Callable[[TaskSet], bool] = lambda task_set: True
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hostile:
    """One file: kind of fault, name, format, how it is written, the options of its study, and what is expected.

    ``environment`` holds variables that are set, or unset where they are ``None``; ``path`` is how the study file names
    the data, where that is not the path that was written.
    """

    kind: str
    name: str
    format: str
    write: Callable[[Path], Path]
    expected: Expected
    options: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)
    path: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.name} ({self.format})"


@dataclass(frozen=True)
class Actual:
    """What happened: the outcome, whether it is the expected one, and what was printed that matters."""

    outcome: str
    is_expected: bool
    detail: str


def outcome_of(hostile: Hostile, folder: Path) -> Actual:
    """Write the file into ``folder``, check a study of it on the command line, and compare with what is expected."""
    written = hostile.write(folder)
    options = {"targets": ["y*"], **hostile.options, "path": hostile.path or str(written)}
    study = folder / "study.yaml"
    study.write_text(yaml.safe_dump({"tasks": {"set": "table", **options}}, allow_unicode=True), encoding="utf-8")
    result = CliRunner().invoke(app, ["check", str(study)], env=hostile.environment)
    printed, expected = " ".join(result.stdout.split()), hostile.expected
    if result.exit_code == 2:
        return _refusal(result.stderr, expected)
    if result.exit_code:
        return Actual("crashed", False, f"exit {result.exit_code}: {result.exception!r}")
    task_set = Table(**_as_arguments(options | {"path": str(written)})).build()
    missing = [word for word in expected.words if word not in printed]
    spoken = "said" if expected.words and not missing else "right"
    if expected.outcome == "refused":
        return Actual("accepted", False, "; ".join(remark.text for remark in task_set.remarks)[:300])
    if not expected.holds(task_set):
        return Actual("wrong", False, f"not so: {expected.oracle}")
    if missing:
        return Actual(
            "silent", False, f"not said: {missing}; said: {'; '.join(remark.text for remark in task_set.remarks)[:400]}"
        )
    return Actual(spoken, spoken == expected.outcome, "")


def _refusal(printed: str, expected: Expected) -> Actual:
    lines = dict(line.strip().split("  ", 1) for line in printed.splitlines() if "  " in line.strip())
    if set(lines) != {"where", "found", "do"}:
        return Actual("refused badly", False, printed[:300])
    told = " ".join(" ".join(lines.values()).split())
    missing = [word for word in expected.words if word not in told]
    return Actual("refused", expected.outcome == "refused" and not missing, told[:300])


def _as_arguments(options: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}


def column_of(task_set: TaskSet, place: int, what: Literal["inputs", "targets"] = "inputs") -> np.ndarray:
    """Return a column in the user's unit as float64, sorted, because the test rows stand apart."""
    parts = [getattr(part, what)[:, place].double().numpy() for part in (task_set.development.examples, task_set.test)]
    pool = task_set.development
    origin = pool.input_origin if what == "inputs" else pool.target_origin
    return np.sort(np.concatenate(parts) + (0.0 if origin is None else float(origin[place])))


def agrees(found: np.ndarray, wanted: Any, share: float = 2e-4) -> bool:
    """Whether sorted values agree with those wanted to a share of their deviation."""
    wanted = np.sort(np.asarray(wanted, dtype=np.float64))
    return len(found) == len(wanted) and bool(np.abs(found - wanted).max() <= share * wanted.std())


def class_counts(task_set: TaskSet, task: int = 0) -> dict[str, int]:
    """Return the number of rows of every class, in both drawers together."""
    parts = [part.targets[:, task].numpy() for part in (task_set.development.examples, task_set.test)]
    codes = np.concatenate(parts)
    return {name: int((codes == code).sum()) for code, name in enumerate(task_set.tasks[task].classes)}
