"""Which back end runs a study."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.driver import backend_choice
from study.driver.backend_choice import SCORING_PAYS_SECONDS, RunOptions, choose_backend, choose_scorer
from study.driver.run import run
from study.driver.run_suite import run_suite
from study.execution.heartbeat import Heartbeats
from study.execution.inline import Inline
from study.execution.scheduler import Scheduler
from study.jobs.job import Data
from study.planning.forecast import Forecast
from study.planning.make_plan import make_plan
from study.planning.phase_times import RAY_PAYS_SECONDS
from study.planning.prepare import Prepared
from tests.study.conftest import small_task_set, three, tiny
from tests.study.planning.cards.stand_in import StandInCard
from tests.study.planning.cards.test_pack_study import Measuring, cards_of


def prepared(seconds: float = 10.0, scoring: float = 0.0, **changes: Any) -> Prepared:
    """A tiny study whose training and scoring are forecast to take so many processor seconds."""
    task_set = small_task_set()
    plan = make_plan(tiny(**changes), task_set.development)
    return Prepared(task_set, plan, Forecast(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, work=seconds, score=scoring))


@pytest.fixture(autouse=True)
def ray(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Put a class in the place of the back end on Ray, which takes seconds to import; returns its arguments."""
    started: list[dict[str, Any]] = []

    class RayTune:
        def __init__(self, scratch: Path, **options: Any) -> None:
            started.append(options)

    module = types.ModuleType("study.execution.ray_tune")
    module.RayTune = RayTune  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "study.execution.ray_tune", module)
    monkeypatch.setattr(backend_choice, "num_cores", lambda: 4)
    return started


@pytest.mark.parametrize(
    ("options", "seconds", "on_ray"),
    [
        (RunOptions(), RAY_PAYS_SECONDS * 4 / 3 - 1, False),
        (RunOptions(), RAY_PAYS_SECONDS * 4 / 3 + 1, True),
        (RunOptions(workers=1), 1e9, False),
        (RunOptions("inline"), 1e9, False),
        (RunOptions("ray"), 0.0, True),
        (RunOptions("inline", address="here:6379"), 0.0, True),
    ],
)
def test_auto_weighs_what_workers_save_and_an_address_is_rays(
    options: RunOptions, seconds: float, on_ray: bool, ray: list[Any], tmp_path: Path
) -> None:
    backend = choose_backend(options, prepared(seconds), tmp_path)
    assert isinstance(backend, Inline) == (not on_ray)
    assert len(ray) == on_ray


@pytest.mark.parametrize(
    ("card", "on_ray"), [(StandInCard(host=60.0, trial_epochs=1e-3), True), (StandInCard(host=1e-6), False)]
)
def test_on_a_gpu_workers_save_only_what_its_arrays_gain_by_sharing_it(
    card: StandInCard, on_ray: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the model of a processor says of the study does not count."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = prepared(0.0 if on_ray else 1e9)
    study = made.forecaster().measurable(made.plan)
    cards = cards_of(study, card, Measuring(card))
    assert isinstance(choose_backend(RunOptions(), replace(made, cards=cards), tmp_path), Inline) == (not on_ray)
    assert isinstance(choose_backend(RunOptions(workers=1), replace(made, cards=cards), tmp_path), Inline)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int | None, str]]:
    """What a call has asked for, of each study in turn, which is not run."""
    found: list[tuple[str, int | None, str]] = []

    def run_prepared(prepared: Prepared, *, out: Path, options: RunOptions) -> Path:
        found.append((options.backend, options.workers, options.device))
        return out

    monkeypatch.setattr("study.driver.run.run_prepared", run_prepared)
    return found


SAYS: dict[str, Any] = {"backend": "ray", "workers": 3, "device": "cpu"}


def test_an_argument_that_is_not_given_means_what_the_study_says(asked: list[Any], tmp_path: Path) -> None:
    run(tiny(**SAYS), out=tmp_path / "run")
    run(tiny(**SAYS), out=tmp_path / "run", backend="inline", workers=1, device="auto")
    assert asked == [("ray", 3, "cpu"), ("inline", 1, "auto")]


def test_an_argument_that_is_not_given_means_what_the_suite_says(asked: list[Any], tmp_path: Path) -> None:
    suite = three().with_each(lambda spec: spec.model_copy(update=SAYS))
    run_suite(suite, out=tmp_path / "suite")
    run_suite(suite, out=tmp_path / "suite", backend="inline", workers=1, device="auto")
    assert asked == [("ray", 3, "cpu")] * 3 + [("inline", 1, "auto")] * 3


@pytest.mark.parametrize(
    "given", [{"backend": "rey"}, {"device": "gpu"}, {"screen": "live"}, {"workers": 0}, {"workers": -3}]
)
def test_an_argument_that_the_study_file_could_not_say_is_refused(
    given: dict[str, Any], asked: list[Any], tmp_path: Path
) -> None:
    ((key, value),) = given.items()
    for call in (lambda: run(tiny(), out=tmp_path / "run", **given), lambda: run_suite(three(), out=tmp_path, **given)):
        with pytest.raises(UserError) as refused:
            call()
        assert refused.value.where == f"{key}={value!r}"
    assert asked == []


def test_workers_are_the_cores_unless_a_cluster_has_its_own(ray: list[Any], tmp_path: Path) -> None:
    for options in (RunOptions("ray"), RunOptions("ray", workers=2), RunOptions(address="here:6379")):
        choose_backend(options, prepared(), tmp_path)
    expected = [
        {"address": None, "workers": 4}, {"address": None, "workers": 2}, {"address": "here:6379", "workers": None},
    ]  # fmt: skip
    same = {"device": "auto", "insecure": False, "settings": prepared().plan.spec.plain()}
    assert ray == [made | same for made in expected]


@pytest.mark.parametrize(("seconds", "here"), [(SCORING_PAYS_SECONDS - 1, True), (SCORING_PAYS_SECONDS + 1, False)])
def test_short_scoring_is_done_in_this_process(seconds: float, here: bool, tmp_path: Path) -> None:
    trainer: Any = object()
    scorer = choose_scorer(trainer, prepared(scoring=seconds), tmp_path)
    assert (isinstance(scorer, Inline), scorer is trainer) == (here, not here)


class Counted(Inline):
    """A back end that notes what it is asked for."""

    def __init__(self, folder: Path, fails: bool) -> None:
        super().__init__(Heartbeats(folder / "beats"))
        self.story: list[str] = []
        self.fails = fails

    def run(self, scheduler: Scheduler, data: Data) -> None:
        self.story.append("train" if data.test is None else "score")
        if self.fails and len(self.story) == 2:
            raise KeyboardInterrupt
        super().run(scheduler, data)

    def close(self) -> None:
        self.story.append("close")


@pytest.mark.parametrize("interrupted", [False, True])
def test_what_trains_is_started_once_for_all_rounds_and_closed_once(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    """Also where Ctrl+C ends it: search to verdict are one round, and each addition of seeds is another."""
    made = Counted(tmp_path, interrupted)
    monkeypatch.setattr("study.driver.run.choose_backend", lambda *rest: made)
    monkeypatch.setattr("study.protocol.more_seeds.wanted_seeds", lambda rows, now: 2 * now)
    spec = tiny(verdict={"seeds": 2, "max_seeds": 8})
    if interrupted:
        with pytest.raises(KeyboardInterrupt):
            run(spec, out=tmp_path / "run")
        assert made.story == ["train", "train", "close"]
    else:
        run(spec, out=tmp_path / "run")
        assert made.story == ["train", "train", "train", "close"]
