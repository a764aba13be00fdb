"""The sections of a study file: their keys, each with a default, and what a key accepts.

The docstrings of the sections are also what the reference of the study file says.  A new training setting is a field of
:class:`Training` and one of :class:`mtl_core.recipe.Recipe`, of the same name and default.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from study.config.field_types import (
    Levels,
    Options,
    OrAuto,
    Seeds,
    Share,
    Tuned,
    as_levels,
    count_or_all,
    each_once,
    is_auto,
    levels_or_all,
    one_of,
    options_by_name,
    refusal,
    sampling_rule,
)
from study.config.unused_settings import is_unused

MAX_ARMS = 5_000
"""Largest grid accepted, in arms."""
MATCHED_WIDTH = 64
"""Width of the fully shared reference where the study file says ``width: matched``."""

STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Section(BaseModel):
    """A section of the study file: frozen, without unknown keys, without conversion of text into numbers."""

    model_config = STRICT


class Tasks(Section):
    """The task set ``set``; every further key is an option of that set and is checked when the set is built."""

    model_config = STRICT | ConfigDict(extra="allow")
    set: Annotated[str, one_of("tasks")]

    @property
    def options(self) -> dict[str, Any]:
        """Options of the task set: the keys beside ``set``."""
        return dict(self.model_extra or {})


class Factors(Section):
    """The factors whose combinations are the arms: each a list of levels; a single level may stand alone.

    ``depth: all`` is every number of shared stages from 1 up.  With ``match`` a width is that of the fully shared
    reference, and every architecture gets the width at which it has as many parameters, or multiply-adds;
    ``width: matched`` is short for ``width: 64`` and ``match: parameters``.  ``auto``, the default of ``width`` and
    ``weighting`` for a table, leaves the levels to the size of the data.  ``gradients`` and ``gramian_rows`` are
    about weighting methods that look at inner products of task gradients: on all shared parameters, or, cheaper and not
    the same, on those of the last shared stage or at the representation that all tasks read; and on all examples of a
    batch, or on some.

    ``norm`` makes no arms: every draw of the tuning hyperparameters is tried with each of its levels, in every arm and
    every single-task network, and each keeps what is best on validation.  Without it the backbone's own option counts.
    """

    sharing: Levels[Annotated[str, one_of("sharing")]] = ("hard",)
    depth: Annotated[Any, levels_or_all(0, 64)] = "all"
    width: OrAuto[Levels[Annotated[int, Field(ge=1, le=16_384)]]] = (16, 64)
    weighting: OrAuto[Levels[Annotated[str, one_of("weighting")]]] = ("equal",)
    stages: Levels[Annotated[int, Field(ge=1, le=64)]] = (3,)
    optimiser: Levels[Annotated[str, one_of("optimisers")]] = ("adamw",)
    backbone: Levels[Annotated[str, one_of("backbones")]] = ("mlp",)
    scale: Levels[Literal["matched", "native"]] = ("matched",)
    gradients: Levels[Literal["parameters", "last_stage", "representation"]] = ("parameters",)
    gramian_rows: Levels[Literal["all"] | Annotated[int, Field(ge=2, le=1_000_000)]] = ("all",)
    train_fraction: Levels[Annotated[float, Field(gt=0, le=1)]] = (1.0,)
    norm: Levels[Literal["none", "layer", "batch"]] | None = None
    match: Literal["parameters", "multiply_adds"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("width") == "matched":
            return {"match": "parameters"} | data | {"width": [MATCHED_WIDTH]}
        return data

    @model_validator(mode="after")
    def _not_huge(self) -> Factors:
        depths = sum(self.stages) if self.depth == "all" else len(self.depth) * len(self.stages)
        others = (self.sharing, self.width, self.weighting, self.optimiser, self.backbone, self.scale)
        others += (self.gradients, self.gramian_rows, self.train_fraction)
        arms = math.prod(1 if is_auto(levels) else len(levels) for levels in others) * depths
        if arms > MAX_ARMS:
            raise refusal(f"these levels make {arms:,} arms.", f"Take levels out until there are at most {MAX_ARMS:,}.")
        return self


class Tuning(Section):
    """The tuning hyperparameters: each a range, a fixed number, or nothing for the optimiser's own range."""

    draws: Annotated[int, Field(ge=1, le=4_096)] = 8
    learning_rate: Tuned = None
    weight_decay: Tuned = None
    dropout: Tuned = None

    @model_validator(mode="after")
    def _possible(self) -> Tuning:
        highest = getattr(self.dropout, "high", self.dropout)
        if highest is not None and highest >= 1:
            raise refusal(f"dropout reaches {highest:g}.", "Keep it below 1.")
        if self.learning_rate == 0 or getattr(self.learning_rate, "low", 1) == 0:
            raise refusal("the learning_rate can be 0, with which nothing is learnt.", "Start above 0.")
        return self


class Training(Section):
    """How replicas train, whatever their arm.  ``patience`` holds in the search only: later replicas run to the end.

    ``epochs`` and ``batch_size`` may be ``auto``, their default for a table: they then follow from the number of rows.

    ``sharing_options`` are options of architectures, ``{mmoe: {experts: 4}}``, and ``weighting_options`` those of
    methods, ``{worst_case: {on: excess}}``; a tuned option that has a value there is not drawn, and one that has a
    range, ``{mmoe: {gate_dropout: {uniform: [0, 0.3]}}}``, is drawn from it, also if it is else tuned on request only.
    ``{branch: {tree: affinity}}`` has the tree found when the run starts.  With ``tasks_per_step`` a step trains that
    many tasks, each sampled ``uniform``, ``proportional`` to its labels, or at a temperature in between.  ``clip_norm``
    is the largest norm of a network's gradient over all its parameters, which a step shortens to it; by default it is
    left as it is.

    ``precision`` is that of matrix products and convolutions, on a GPU only: ``tf32`` rounds their factors to 11
    significant bits and ``bf16``, bfloat16, to 8; sums and all else stay in float32.  Test scores and exported models
    are those of float32.
    """

    batch_size: OrAuto[Annotated[int, Field(ge=1, le=1_000_000)]] = 64
    epochs: OrAuto[Annotated[int, Field(ge=1, le=100_000)]] = 30
    patience: Annotated[int, Field(ge=1)] | None = None
    schedule: Literal["cosine", "constant"] = "cosine"
    backbone_options: Options = Field(default_factory=dict)
    sharing_options: Annotated[Any, options_by_name("sharing")] = Field(default_factory=dict)
    weighting_options: Annotated[Any, options_by_name("weighting")] = Field(default_factory=dict)
    tasks_per_step: Annotated[int, Field(ge=1, le=10_000)] | None = None
    sampling: Annotated[Any, sampling_rule()] = "uniform"
    clip_norm: Annotated[float, Field(gt=0, le=1_000_000_000)] | None = None
    precision: Literal["float32", "tf32", "bf16"] = "float32"

    @model_validator(mode="after")
    def _samples(self) -> Training:
        if self.sampling != "uniform" and self.tasks_per_step is None:
            raise refusal("sampling has a rule, but every step sees all tasks.", "Set tasks_per_step, such as 1.")
        return self


class Search(Section):
    """The search phase: the strategy, and what it may use.

    ``grid`` trains every arm with every draw, and so does ``population``, which has ``trials`` members beside it.  The
    others leave arms out: ``trials`` is how many arms ``optuna`` proposes, and how many arms with a draw, or with
    hyperparameters, the others try.  ``rungs`` are shares of the epochs after which the worse half of an arm's draws
    stops; with ``successive_halving`` one in ``reduction_factor`` of all arms with their draws goes on.  ``warm_start``
    is the directory of an earlier run of the same arms: what it has selected is tried first by ``joint`` and ``nsga``.
    """

    strategy: Annotated[str, one_of("strategies")] = "grid"
    seeds: Seeds = 2
    rungs: Annotated[tuple[Share, ...], BeforeValidator(as_levels)] = (0.25, 0.5)
    trials: Annotated[int, Field(ge=1)] | None = None
    reduction_factor: Annotated[int, Field(ge=2, le=100)] = 3
    warm_start: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Search:
        if list(self.rungs) != sorted(set(self.rungs)):
            raise refusal(f"the rungs {list(self.rungs)} do not grow.", "Sort them, each once.")
        if self.strategy == "grid" and self.trials is not None:
            raise refusal("a grid trains every arm, but trials limits them.", "Take trials out, or write optuna.")
        return self

    @model_validator(mode="after")
    def _reads_its_factor(self, info: ValidationInfo) -> Search:
        if self.strategy != "successive_halving" and is_unused(self, "reduction_factor", info):
            found = f"{self.strategy} does not read reduction_factor, which is {self.reduction_factor}."
            raise refusal(found, "Take it out, or write strategy: successive_halving.")
        return self


class Confirm(Section):
    """The confirm phase: its seeds choose the arm; ``arms: K`` confirms the best K and all references."""

    seeds: Seeds = 10
    arms: Annotated[Any, count_or_all(1)] = "all"


class Verdict(Section):
    """The verdict phase: its seeds judge the chosen arm, and the references in ``judge`` beside it.

    With ``follow_up``, and where the confirm phase finds that some tasks are harmed and at least two others are not,
    the network that only the others share is judged as well, with the harmed tasks trained alone.  Seeds are added up
    to ``max_seeds`` while they, rather than the test examples, limit how sure the verdict is; not under a ``budget``.
    """

    seeds: Seeds = 10
    max_seeds: Seeds = 40
    judge: Annotated[tuple[Literal["fully_shared"], ...], BeforeValidator(as_levels), each_once()] = ("fully_shared",)
    follow_up: bool = True

    @model_validator(mode="after")
    def _has_room(self, info: ValidationInfo) -> Verdict:
        if self.max_seeds < self.seeds and is_unused(self, "max_seeds", info):
            found = f"there are {self.seeds} seeds to begin with, but max_seeds is {self.max_seeds}."
            raise refusal(found, "Raise max_seeds to the number of seeds at least, with which none are added.")
        return self


class Evaluation(Section):
    """What judges the networks: a test split of its own, or every labelled row in its turn.

    With ``cross_fit`` the rows lie in ``folds`` outer folds.  Search, selection and training of a fold's networks see
    the other folds only, and the fold then judges them.  ``auto`` takes it for a table whose test rows were to be drawn
    at random, where these would be too few to show differences as small as the band.  The numbers of seeds stay
    those of an arm: they are spread over the folds, with two at least for each in the confirm and verdict phases.
    """

    design: Literal["auto", "holdout", "cross_fit"] = "auto"
    folds: Annotated[int, Field(ge=2, le=20)] = 5

    @model_validator(mode="after")
    def _has_folds(self, info: ValidationInfo) -> Evaluation:
        if self.design == "holdout" and is_unused(self, "folds", info):
            found = f"a test split of its own judges, but folds is {self.folds}."
            raise refusal(found, "Take folds out, or write design: cross_fit.")
        return self


class Diagnostics(Section):
    """Measurements beside the results, which change none of them.

    ``gradients`` is at how many moments of training the tasks' gradients are compared, stage by stage, in the confirm
    and verdict phases; fewer in short trainings, so that it takes about a twentieth of the time at most.
    """

    gradients: Annotated[int, Field(ge=0, le=1_000)] = 0
