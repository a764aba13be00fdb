"""A suite from its first study to its last, one after the other: begun, or resumed where it was left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from study.config.changeable_settings import with_begun, with_changed
from study.config.durations import duration
from study.config.load import as_text, read_spec, read_suite
from study.config.spec import DATASET, Spec
from study.config.suite import NAME, Suite, SuitePosition, positions
from study.driver.changed_settings import refuse_unsound_changes
from study.driver.devices import refuse_a_missing_gpu
from study.planning.forecast import BESIDE_THE_PHASES, Forecast, refuse_if_too_large
from study.planning.machine_limits import free_disk, free_memory
from study.planning.prepare import Prepared, prepare_run
from study.store.atomic_files import write_durably
from study.store.ledger import LOCK, Lock


@dataclass(frozen=True)
class PreparedSuite:
    """A suite whose budget is split, and its prepared studies by name."""

    suite: Suite
    studies: Mapping[str, Prepared]

    @property
    def forecast(self) -> Forecast:
        """Forecast of the whole suite: the studies run in turn, so time and records add up, and memory does not."""
        each = [prepared.forecast for prepared in self.studies.values()]
        before = [sum(forecast.disk for forecast in each[:place]) for place in range(len(each))]
        return Forecast(
            search=sum(forecast.search for forecast in each),
            confirm=sum(forecast.confirm for forecast in each),
            verdict=sum(forecast.verdict for forecast in each),
            peak_disk=max(kept + forecast.peak_disk for kept, forecast in zip(before, each, strict=True)),
            disk=sum(forecast.disk for forecast in each),
            memory=max(forecast.memory for forecast in each),
            **{name: sum(getattr(forecast, name) for forecast in each) for name in BESIDE_THE_PHASES},
            slowdown=max(forecast.slowdown for forecast in each),
            device=max(forecast.device for forecast in each),  # cuda where any of them is
        )


def run_suite(
    suite: Suite, *, out: Path, after: Callable[[Path, SuitePosition], Any] | None = None, **options: Any
) -> Path:
    """Train what is missing of every study of ``suite``, in turn, and return the directory.

    Args:
        suite: the studies.
        out: holds a run directory for each; a suite that was begun there is resumed.
        after: called with the run directory of every study that has ended.
        options: of :func:`study.driver.run.run`: ``backend``, ``address``, ``workers``, ``screen``,
            ``device``, ``mix_devices``, ``insecure``, ``log_file``, ``metrics_file``.  Where ``backend``, ``workers``
            or ``device`` is not given, the suite says it.

    Raises:
        UserError: when ``out`` holds another suite or is in use, or whatever stops one of the studies.
        KeyboardInterrupt: SIGINT or SIGTERM came; what is recorded is kept.
    """
    device, address = options.get("device"), options.get("address")
    prepared = prepare_suite_run(suite, Path(out).absolute(), device=device, address=address)
    return run_prepared_suite(prepared, out=out, after=after, **options)


def prepare_suite_run(suite: Suite, out: Path, **where: str | None) -> PreparedSuite:
    """Prepare ``suite`` for the directory ``out``, as :func:`prepare_suite` does, going by what was begun there.

    Raises:
        UserError: also when ``out`` holds another suite or something else, or the whole does not fit the machine.
    """
    stored = read_suite(out / NAME) if (out / NAME).is_file() else None
    if stored is not None:
        refuse_another_suite(out, suite, stored)
    elif out.is_dir() and any(path.name != LOCK and not path.name.endswith(".tmp") for path in out.iterdir()):
        raise UserError(str(out), "this directory holds something else.", "Choose a new --out.")
    prepared = prepare_suite(suite, out=out, stored=stored, **where)
    refuse_if_too_large(prepared.forecast, free_disk(out), free_memory())
    for name in prepared.studies if stored is not None else ():
        spec = prepared.studies[name].plan.spec
        if _has_begun(out, spec):
            refuse_unsound_changes(out / name, spec, read_spec(out / name / "study.yaml"))
    return prepared


def run_prepared_suite(
    prepared: PreparedSuite, *, out: Path, after: Callable[[Path, SuitePosition], Any] | None = None, **options: Any
) -> Path:
    """Run a suite that :func:`prepare_suite_run` has prepared for ``out``, as :func:`run_suite` does."""
    from study.driver.backend_choice import RunOptions
    from study.driver.run import run_prepared

    told, out = Path(out), Path(out).absolute()
    seconds = {name: study.forecast.seconds for name, study in prepared.studies.items()}
    turns = [
        (RunOptions.of_study(spec, **options, position=position, told=str(told / spec.name)), spec.name, position)
        for spec, position in positions(prepared.suite, seconds)
    ]
    for how, name, _ in turns:  # before anything is written, or hours pass
        refuse_a_missing_gpu(how.device, how.address, prepared.suite.studies[name].training.precision)
    out.mkdir(parents=True, exist_ok=True)
    lock = Lock(out)
    try:
        _describe(out / NAME, prepared)
        for how, name, position in turns:
            study = prepared.studies[name]
            refuse_if_too_large(study.forecast, free_disk(out), free_memory())  # earlier studies have written since
            path = run_prepared(study, out=out / name, options=how)
            if after is not None:
                after(path, position)
    finally:
        lock.release()
    return out


def _describe(file: Path, prepared: PreparedSuite) -> None:
    """Write the file of the suite, or what was changed of its studies since it was begun."""
    if not file.is_file():
        write_durably(file, as_text(prepared.suite).encode())
        return
    stored = read_suite(file)
    changed = stored.with_each(lambda spec: with_changed(spec, prepared.studies[spec.name].plan.spec))
    if changed.studies != stored.studies:
        write_durably(file, as_text(changed).encode())


def prepare_suite(suite: Suite, *, out: Path, stored: Suite | None = None, **where: str | None) -> PreparedSuite:
    """Build the data, plans and forecasts of all studies, and split the budget; train and write nothing.

    The machine's rate is measured once, so that all forecasts rest on the same one.

    Args:
        suite: the studies.
        out: the suite's directory, which need not exist yet.
        stored: the suite that ``out`` was begun with, whose budget is split.
        where: ``device`` and ``address`` of :func:`study.planning.prepare.prepare`.

    Raises:
        UserError: when a study cannot be planned, two learn from the same data, or the budget is too small.
    """
    if stored is not None and suite.budget is not None and suite.budget == _budget(stored):
        suite = suite.with_budgets({name: spec.budget or 0.0 for name, spec in stored.studies.items()})
    if stored is not None:
        begun = stored.studies
        suite = suite.with_each(lambda spec: spec if _has_begun(out, spec) else with_begun(spec, begun[spec.name]))
    studies = _prepare_studies(suite, out, {}, where)
    refuse_same_data(studies)
    if suite.budget is not None:
        suite = suite.with_budgets(split(suite.budget, {name: one.forecast.seconds for name, one in studies.items()}))
        studies = _prepare_studies(suite, out, studies, where)
    return PreparedSuite(suite, studies)


def _has_begun(out: Path, spec: Spec) -> bool:
    """Whether a study of the suite has a study file of its own, by which it goes."""
    return (out / spec.name / "study.yaml").is_file()


def _prepare_studies(
    suite: Suite, out: Path, before: Mapping[str, Prepared], where: Mapping[str, str | None]
) -> dict[str, Prepared]:
    """Prepare every study; data and the machine's rate are taken from ``before``, where it has them."""
    studies: dict[str, Prepared] = {}
    rate = next((prepared.rate for prepared in before.values()), None)
    for name, spec in suite.studies.items():
        task_set = before[name].task_set if name in before else None
        try:
            refuse_dataset(spec)
            studies[name] = prepare_run(spec, out / name, task_set=task_set, rate=rate, **where)
        except UserError as mistake:
            if spec.source.is_place(mistake.where):
                raise
            raise UserError(f"suite.{name}: {mistake.where}", mistake.found, mistake.remedy) from None
        rate = studies[name].rate
    return studies


def refuse_dataset(spec: Spec) -> None:
    """Refuse a data set by dotted path: a run directory keeps its items, and a suite would read them every time.

    Raises:
        UserError: saying what to do instead.
    """
    if spec.tasks.set == DATASET:
        advice = "Run it as a study of its own first, and name what it kept: {set: arrays, path: runs/NAME/data.npz}."
        raise UserError("tasks.set", "a suite reads no data set by dotted path.", advice)


def _budget(suite: Suite) -> float | None:
    """The sum of the studies' budgets; ``None`` where one has none."""
    budgets = [spec.budget for spec in suite.studies.values()]
    return None if None in budgets else sum(budget for budget in budgets if budget is not None)


def split(budget: float, seconds: Mapping[str, float]) -> dict[str, float]:
    """Split ``budget`` in proportion to ``seconds``, into whole seconds that add up to it.

    Raises:
        UserError: when that leaves a study less than a second.
    """
    total, names = sum(seconds.values()), list(seconds)
    shares = {name: float(int(budget * seconds[name] / total)) for name in names}
    shares[names[-1]] += budget - sum(shares.values())
    if min(shares.values()) < 1:
        found = f"split over {len(names)} studies it leaves one of them nothing."
        raise UserError(f"budget {duration(budget)}", found, "Give the suite more time, or take studies out.")
    return shares


def refuse_same_data(studies: Mapping[str, Prepared]) -> None:
    """Refuse two studies of the same examples under two names: the report takes task sets for independent.

    Raises:
        UserError: naming both.
    """
    seen: dict[str, str] = {}
    for name, prepared in studies.items():
        fingerprint = prepared.task_set.fingerprint()
        if fingerprint in seen:
            found = f"its data are those of {seen[fingerprint]!r}, and would count twice."
            raise UserError(f"suite.{name}.tasks", found, "Take one of the two studies out.")
        seen[fingerprint] = name


def refuse_another_suite(out: Path, requested: Suite, stored: Suite) -> None:
    """Refuse to mix two suites in one directory.

    Raises:
        UserError: with what differs.
    """
    from study.driver.another_study import differences
    from study.planning.settings_from_data import with_begun_settings

    remedy = "Choose another --out, or put things back as they were."
    if list(requested.studies) != list(stored.studies):
        studies = f"{', '.join(stored.studies)} there, {', '.join(requested.studies)} asked"
        raise UserError(str(out), f"another suite was begun here; studies: {studies}.", remedy)
    for name, asked in requested.studies.items():
        spec = with_begun_settings(asked, stored.studies[name])
        if spec.digest() != stored.studies[name].digest():
            found = f"another suite was begun here; {name}: {'; '.join(differences(stored.studies[name], spec))}."
            raise UserError(str(out), found, remedy)
