"""A study: everything that the study file says, section by section."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from study.config.budgets import CPU_HOURS, GPU_HOURS, Quantity
from study.config.field_types import AUTO, BudgetField, StudyName, number_or_auto, positive_by_name, refusal
from study.config.sections import (
    Confirm,
    Diagnostics,
    Evaluation,
    Factors,
    Search,
    Section,
    Tasks,
    Training,
    Tuning,
    Verdict,
)
from study.config.source import Source

TABLE = "table"
ARRAYS, DATASET = "arrays", "dataset"
OF_DATA = (TABLE, ARRAYS, DATASET)
"""Task sets of the user's own data."""
LEFT_TO_THE_DATA = {"training": ("epochs", "batch_size"), "factors": ("width", "weighting")}
"""Settings that the size of the data decides where a study of the user's own data does not say them."""


class Spec(Section):
    """A study: everything that the study file says.

    Args:
        name: names the run directory.
        importance: how much each task counts in the mean gain, the choice of the arm and the recommendation, by name or
            pattern: ``{y_a: 3}``; a task that is not named has 1.  Training and tuning weigh all tasks alike.
        band: half-width of the band of no practical difference, in points of skill.  ``auto`` is 1 point, or a tenth
            of half the interval of a single-task skill with the planned number of judging rows where that is more.
        prefer: which rule of the report takes one of the options; it changes no result.
        budget: what the plan has to fit into: wall time (``2h``), ``5000 replicas``, ``10 GPU-hours`` or ``40
            CPU-hours``.
        backend: ``auto`` takes Ray where it is worth its start-up time.
        workers: processes; one per core when left out.
        device: what replicas train on; ``auto`` is a GPU where there is one.
    """

    name: StudyName = "study"
    tasks: Tasks
    factors: Factors = Factors()
    tuning: Tuning = Tuning()
    training: Training = Training()
    search: Search = Search()
    confirm: Confirm = Confirm()
    verdict: Verdict = Verdict()
    evaluation: Evaluation = Evaluation()
    diagnostics: Diagnostics = Diagnostics()
    importance: Annotated[dict[str, float], positive_by_name()] = Field(default_factory=dict)
    band: Annotated[float | Literal["auto"], number_or_auto(0, 100)] = 1.0
    prefer: Literal["accuracy", "balanced", "cost"] = "balanced"
    budget: BudgetField | None = None
    backend: Literal["auto", "inline", "ray"] = "auto"
    workers: Annotated[int, Field(ge=1, le=10_000)] | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"

    _source: Source = PrivateAttr(default_factory=Source)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_sections(cls, data: Any) -> Any:
        """Leave out sections without a value, such as one whose lines are all commented out."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None}

    @model_validator(mode="before")
    @classmethod
    def _left_to_the_data(cls, data: Any) -> Any:
        """Say ``auto`` for settings that the study of the user's own data leaves out."""
        tasks = data.get("tasks") if isinstance(data, dict) else None
        if (tasks.get("set") if isinstance(tasks, dict) else getattr(tasks, "set", None)) not in OF_DATA:
            return data
        own = {name: data.get(name) or {} for name in LEFT_TO_THE_DATA}
        auto = {name: dict.fromkeys(LEFT_TO_THE_DATA[name], AUTO) for name in own}
        return data | {name: auto[name] | part for name, part in own.items() if isinstance(part, dict)}

    @model_validator(mode="after")
    def _budget_of_its_device(self) -> Spec:
        other = {"cpu": GPU_HOURS, "cuda": CPU_HOURS}.get(self.device)
        if isinstance(self.budget, Quantity) and self.budget.unit == other:
            raise refusal(f"the budget is {self.budget}, but the device is {self.device}.", "Change one of the two.")
        return self

    @property
    def source(self) -> Source:
        """Where the study was written; of one that was made in Python there is no such place."""
        return self._source

    def written_in(self, source: Source) -> Spec:
        """Return the same study with the place where it was written."""
        written = self.model_copy()
        written._source = source
        return written

    def plain(self) -> dict[str, Any]:
        """Return the study as mappings, lists and scalars: what the run directory's ``study.yaml`` holds."""
        return self.model_dump(mode="json")

    def with_tasks(self, tasks: Mapping[str, Any]) -> Spec:
        """Return the same study of another task set; what was left to the defaults is still known to be so.

        Args:
            tasks: the section ``tasks`` of a study file.
        """
        return self.model_copy(update={"tasks": Tasks.model_validate(dict(tasks))})

    @property
    def band_points(self) -> float:
        """Half-width of the band in points; a study that was prepared, or read from a run directory, has a number.

        Raises:
            ValueError: the band is still ``auto``.
        """
        if self.band == "auto":
            raise ValueError("The band is not settled: prepare the study for its data first.")
        return self.band

    def digest(self) -> str:
        """Return a hash of all that can change a result.

        It does not depend on the name, on where or how fast the study runs, on what its reader prefers, nor on where
        its data or the earlier run that it starts from lie: a project that was moved goes on, the fingerprint says
        whether the data are the same, and the ledger keeps what was taken from the earlier run.
        Studies from before there were outer folds, an importance of tasks, a choice of norm, several strategies,
        clipping or a choice of precision keep their hash; a study may go on to more seeds than it had.
        """
        left_out: dict[str, Any] = dict.fromkeys(("name", "prefer", "budget", "backend", "workers", "device"), True)
        added = {"max_seeds", "follow_up"} if self.verdict.follow_up else {"max_seeds"}
        options = self.tasks.options
        paths = {key for key in ("test", "validation") if Path(str(options.get(key) or "")).is_absolute()}
        left_out |= {"tasks": {"path", *paths}, "verdict": added}
        if self.evaluation.design != "cross_fit":
            left_out["evaluation"] = True
        if not self.importance:
            left_out["importance"] = True
        factor = {"reduction_factor"} if self.search.strategy != "successive_halving" else set[str]()
        left_out["search"] = factor | {"warm_start"}
        if self.factors.norm is None:
            left_out["factors"] = {"norm"}
        newer = {"clip_norm": None, "precision": "float32"}
        left_out["training"] = {name for name, default in newer.items() if getattr(self.training, name) == default}
        content = self.model_dump_json(exclude=left_out) + ("" if self.search.warm_start is None else "warm_start")
        return hashlib.sha256(content.encode()).hexdigest()[:16]
