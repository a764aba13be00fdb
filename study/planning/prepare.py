"""Preparation of a study before the first replica trains: its data, its plan, its forecast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.config.changeable_settings import with_begun
from study.config.field_types import is_auto
from study.config.load import read_spec
from study.config.spec import Spec
from study.planning import pilot
from study.planning.array_cost import REFERENCE_RATE
from study.planning.band import band_facts, settle_band
from study.planning.budget import reductions, settled_spec, shrink
from study.planning.cards.cards_here import cards_here, trains_on_gpu
from study.planning.evaluation import settle_design, with_begun_design
from study.planning.forecast import Forecast, Forecaster, refuse_if_too_large
from study.planning.importance import settle_importance
from study.planning.machine_limits import free_disk, free_memory, num_cores
from study.planning.machine_rate import machine_rate
from study.planning.make_plan import make_plan
from study.planning.options import build_task_set, check_options, check_weightings
from study.planning.plan import Plan
from study.planning.settings_from_data import settle_settings, with_setting
from study.planning.stored_metrics import with_stored_metrics
from study.planning.task_trees import trees_in_ledger
from study.planning.trials import Trials, tried
from study.planning.warm_start import check_warm_start
from study.store import ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mtl_core.data.task_set import TaskSet
    from mtl_core.task_tree import Tree
    from study.planning.cards.study_cards import StudyCards

CPU = "cpu"
TRIALS_PAY_SECONDS = 60.0
"""Forecast of processor time from which on some seconds are spent on trials, so that it comes out better."""


@dataclass(frozen=True)
class Prepared:
    """A prepared study: its task set, plan and forecast, and the machine's rate and trials that the forecast rests on.

    ``band_is_automatic`` says that the study file left the band to the program.  ``cards`` are the GPUs that train the
    study, with what was measured there, packed as the forecast has it; ``None``: processors train, or a cluster.
    """

    task_set: TaskSet
    plan: Plan
    forecast: Forecast
    rate: float = REFERENCE_RATE
    trials: Trials | None = None
    band_is_automatic: bool = False
    cards: StudyCards | None = None

    @property
    def on_gpu(self) -> bool:
        """Whether replicas are to train on a GPU, of this machine or of another one."""
        return self.cards is not None or self.plan.spec.device == "cuda"

    def forecaster(self, workers: int | None = None) -> Forecaster:
        """Return what forecasts plans of this study.

        Args:
            workers: that may train; ``None``: as many as the study says, or else one per core.
        """
        workers = workers or self.plan.spec.workers or num_cores()
        return Forecaster(self.task_set, workers, self.rate, self.trials, self.cards)

    @property
    def band(self) -> dict[str, Any]:
        """The band of no practical difference, as :func:`study.planning.band.band_facts` has it."""
        return band_facts(self.plan.spec.band_points, self.band_is_automatic)


def prepare_run(spec: Spec, out: Path, **how: Any) -> Prepared:
    """Prepare ``spec`` for the run directory ``out``, as :func:`prepare` does, going by what was begun there."""
    begun = out / "study.yaml"
    return prepare(spec, out=out, stored=read_spec(begun) if begun.is_file() else None, **how)


def prepare(
    spec: Spec,
    *,
    out: Path,
    stored: Spec | None = None,
    task_set: TaskSet | None = None,
    rate: float | None = None,
    device: str | None = None,
    address: str | None = None,
    announce: Callable[[], None] = lambda: None,
) -> Prepared:
    """Build the data, plan, forecast, shrink to the budget; train nothing but trials, and write nothing.

    A tree that the study has to find is counted with a stand-in, unless a run in ``out`` has found it.  Trials are of
    the device that will train: what a GPU of this machine shows (:mod:`study.planning.cards.cards_here`) or a
    processor.

    Args:
        spec: the study.
        out: the run directory, which need not exist yet: its disk has to hold the study.
        stored: the study that ``out`` was begun with, whose budget is settled.
        task_set: the study's data, where they are built already.
        rate: multiply-adds per second of one thread of this machine; measured where it is not known yet.
        device: ``auto``, ``cpu`` or ``cuda``: what replicas will train on; ``None``: what the study says.
        address: of the Ray cluster that will train, of whose devices nothing is known before it is joined; ``None``:
            this machine will.
        announce: called before the seconds in which a GPU is measured.

    Raises:
        UserError: when the data are unfit, no arm can exist, or the study cannot finish on this machine.  A mistake in
            a setting is named with the line of the study file, or the ``--set``.
    """
    with spec.source.placing():
        where = (device or spec.device) if address is None else CPU
        measured = partial(_measured, device=where, announce=announce)
        return _prepared(spec, out=out, stored=stored, task_set=task_set, rate=rate, measured=measured)


def _prepared(
    spec: Spec,
    *,
    out: Path,
    stored: Spec | None,
    task_set: TaskSet | None,
    rate: float | None,
    measured: Callable[..., Forecaster],
) -> Prepared:
    from study.planning.own_losses import check_own_losses  # here, because they import torch
    from study.planning.own_metrics import check_own_metrics

    check_options(spec)
    spec = spec if stored is None else with_begun(spec, stored)
    band_is_automatic = is_auto(spec.band)
    task_set = task_set or build_task_set(with_begun_design(spec, stored))
    task_set = task_set if stored is None else with_stored_metrics(task_set, out)
    check_own_metrics(task_set.development)
    check_own_losses(task_set.development, spec.device)
    spec, task_set = settle_design(spec, task_set, stored)
    spec = settle_importance(settle_band(spec, task_set, stored), [task.name for task in task_set.tasks])
    asked, (spec, reasons) = spec, settle_settings(spec, task_set.development, stored)
    check_weightings(spec, task_set.tasks)
    tasks = [task.name for task in task_set.tasks]
    events = [] if stored is None else ledger.read(out / ledger.NAME)
    trees = trees_in_ledger(events, tasks)
    forecaster = Forecaster(task_set, spec.workers or num_cores(), rate or machine_rate())
    planned = partial(make_plan, spec, task_set.development, trees=trees)
    forecaster = measured(forecaster, planned, None if stored is None else events)
    settled, folds = stored and settled_spec(spec, stored), task_set.development.num_folds
    if settled:
        smaller, shrunk = settled, reductions(spec, settled, folds)
    else:
        development = task_set.development

        def amount(smaller: Spec, by: Forecaster) -> float:
            return by.amount(make_plan(smaller, development, trees=trees), spec.budget)

        amounts = partial(amount, by=forecaster), partial(amount, by=forecaster.undisturbed())
        smaller, shrunk = shrink(spec, *amounts, folds=folds)
    plan = replace(make_plan(smaller, task_set.development, trees=trees), shrunk=shrunk, reasons=reasons)
    if stored is None:
        check_warm_start(plan)
    plan = replace(plan, pilot=stored is None and pilot.is_wanted(asked, smaller, task_set.development))
    forecast = forecaster.forecast(plan)
    refuse_if_too_large(forecast, free_disk(out), free_memory())
    cards = forecaster.packed(plan)
    return Prepared(task_set, plan, forecast, forecaster.rate, forecaster.trials, band_is_automatic, cards)


def _measured(
    forecaster: Forecaster,
    planned: Callable[[], Plan],
    events: Sequence[Mapping[str, Any]] | None,
    *,
    device: str,
    announce: Callable[[], None],
) -> Forecaster:
    """Return a forecaster that goes by trials on the device that will train; a study that has begun needs none anew.

    Args:
        forecaster: one that does not.
        planned: makes the plan of the study.
        events: of the study's ledger; ``None``: it has not begun.
        device: that will train, ``auto``, ``cpu`` or ``cuda``.
        announce: called before a GPU is measured.
    """
    if trains_on_gpu(device):
        return forecaster.on(cards_here(forecaster.measurable(planned()), events or (), announce))
    return forecaster if events is not None else _with_trials(forecaster, planned())


def _with_trials(forecaster: Forecaster, plan: Plan) -> Forecaster:
    """Return a forecaster that goes by trials of the plan's networks, where the study is long enough for them."""
    if forecaster.forecast(plan).processor < TRIALS_PAY_SECONDS or plan.spec.device == "cuda":
        return forecaster
    trials = tried(forecaster.costs.networks(plan))
    return Forecaster(forecaster.task_set, forecaster.workers, forecaster.rate, trials)


def with_trees(prepared: Prepared, trees: Mapping[int, Tree]) -> Prepared:
    """Return the same study with the trees found for it: matched widths, sizes and forecast depend on them."""
    return _planned_anew(prepared, prepared.plan.spec, trees)


def with_epochs(prepared: Prepared, epochs: int) -> Prepared:
    """Return the same study with the number of epochs that its pilot has found."""
    before, name = prepared.plan, "training.epochs"
    found = f"{name}: {epochs:,} (found by a pilot that began with {before.spec.training.epochs:,})"
    reasons = tuple(found if text.startswith(name) else text for text in before.reasons)
    tried = replace(prepared, plan=replace(before, reasons=reasons, pilot=False))
    trees = {stages: tree for stages, tree in before.trees.items() if stages not in before.stand_ins}
    return _planned_anew(tried, with_setting(before.spec, "training", "epochs", epochs), trees)


def _planned_anew(prepared: Prepared, spec: Spec, trees: Mapping[int, Tree]) -> Prepared:
    before = prepared.plan
    made = make_plan(spec, prepared.task_set.development, trees=trees)
    plan = replace(made, shrunk=before.shrunk, reasons=before.reasons, pilot=before.pilot)
    anew = replace(prepared, plan=plan)
    forecaster = anew.forecaster()
    return replace(anew, forecast=forecaster.forecast(plan), cards=forecaster.packed(plan))


def with_cards(prepared: Prepared, cards: StudyCards, workers: int, backend: str) -> Prepared:
    """Return the same study on GPUs that are known by now, with the forecast of what they take.

    Args:
        prepared: the study.
        cards: the GPUs.
        workers: that may train.
        backend: that does: ``inline`` or ``ray``.
    """
    forecaster = replace(prepared, cards=cards).forecaster(workers)
    return replace(prepared, cards=cards, forecast=forecaster.forecast(prepared.plan, backend))
