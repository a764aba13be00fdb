"""An addition to a finished study, in the study's own directory: begun, or resumed where it was left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from analysis.records.resume_command import how_to_go_on
from mtl_core.errors import UserError
from study.config.named_code import refuse_untrusted
from study.driver.backend_choice import RunOptions
from study.driver.begun import begun_spec, refuse_changes, refuse_no_study
from study.driver.places import at_work
from study.driver.run import run_prepared
from study.execution.cluster_token import refuse_unprotected
from study.planning.prepare import Prepared, prepare_run
from study.protocol.addition import Addition, Asked, addition_of, made_before, open_addition
from study.protocol.extend import extension
from study.protocol.verdict_seeds import num_seeds
from study.store import ledger
from study.store.recorded import read_recorded

MOST_SEEDS = 1_000


def extend(
    run: str | Path,
    *,
    seeds: int | None = None,
    without: str | Sequence[str] = (),
    arms: str | Sequence[str] = (),
    data: str | Path | None = None,
    trust_code: bool = False,
    take_over: bool = False,
    before: Callable[[Addition], Any] | None = None,
    after: Callable[[Path], Any] | None = None,
    made: Callable[[Path], Any] | None = None,
    **options: Any,
) -> Path:
    """Add to the finished study in ``run``, judge what is new on fresh seeds, and return the run directory.

    Exactly one of ``seeds``, ``without`` and ``arms`` is given.  The same call resumes an addition that was stopped,
    and adds nothing to one that was made.

    Args:
        run: the run directory, or an address in an object store.
        seeds: number of verdict seeds that there shall be in all, for every judged arm.
        without: a task, or tasks, to train alone while the rest shares the chosen network.
        arms: the label, or labels, of planned arms that are to be judged, too.
        data: where the study's table lies now; ``None``: where it lay when the study began.
        trust_code: whether to import what the run directory's study file names by dotted paths.
        take_over: of an address: whether no other driver works there, although its lease was not given back.
        before: called with the addition before anything trains.
        after: called with the run directory at the end; what it writes there is kept in an object store, too.
        made: called instead of both with the run directory, where the same was added before.
        options: of :func:`study.run`: ``backend``, ``address``, ``workers``, ``screen``, ``device``, ``mix_devices``,
            ``insecure``, ``log_file``, ``metrics_file``; where they are not given the study says it.

    Raises:
        UserError: when there is no finished study, its data are gone or have changed, or there is nothing to add.
        KeyboardInterrupt: SIGINT or SIGTERM came; what is recorded is kept.
    """
    asked = _asked(seeds, without, arms)
    refuse_unprotected(options.get("address"), options.get("insecure", False))
    with at_work(run, take_over=take_over) as place:
        if _was_made(place.directory, asked):
            if made is not None:
                made(place.directory)
            return place.directory.absolute()
        table = None if data is None else Path(data)
        where = {name: options.get(name) for name in ("device", "address")}
        prepared, addition = prepare_extension(place.directory, asked, table, trust_code=trust_code, **where)
        spec = prepared.plan.spec.model_copy(update={"budget": None})  # it is spent, whatever trains now
        chosen = RunOptions.of_study(spec, **options, keep=place.keep)
        if before is not None:
            before(addition)
        path = _extended(prepared, asked, addition, out=place.directory, options=chosen)
        if after is not None:
            after(path)
        return path


def _asked(seeds: int | None, without: str | Sequence[str], arms: str | Sequence[str]) -> Asked:
    """What is asked for, of which there has to be exactly one thing."""
    named = [tuple([names] if isinstance(names, str) else names) for names in (without, arms)]
    given = sum((seeds is not None, *map(bool, named)))
    if given != 1:
        found = "several things are named." if given else "nothing is named to add."
        raise UserError("extend", found, "Give one of --seeds N, --without TASK and --arms LABEL; one after the other.")
    if seeds is not None and (not isinstance(seeds, int) or isinstance(seeds, bool) or not 1 <= seeds <= MOST_SEEDS):
        raise UserError(f"seeds={seeds!r}", "this is no number of seeds.", f"Give a number from 1 to {MOST_SEEDS:,}.")
    return Asked(seeds, *named)


def _was_made(out: Path, asked: Asked) -> bool:
    """Whether the same was added before, and all of it is scored."""
    refuse_no_study(out)
    events = ledger.read(out / ledger.NAME)
    return open_addition(events) is None and made_before(asked, events) and not read_recorded(out).unscored()


def _extended(prepared: Prepared, asked: Asked, addition: Addition, *, out: Path, options: RunOptions) -> Path:
    """Make an addition that :func:`prepare_extension` has prepared."""
    events = ledger.read(Path(out) / ledger.NAME)
    before = [event for event in events if event["event"] != "addition" or event["number"] != addition.number]
    added = addition.seeds / num_seeds(before, prepared.plan)
    return run_prepared(prepared, out=out, options=options, phases=partial(extension, asked=asked), added=added)


def prepare_extension(
    run: Path, asked: Asked, data: Path | None = None, *, trust_code: bool = False, **where: str | None
) -> tuple[Prepared, Addition]:
    """Return the prepared study and the addition that is asked for; nothing is trained or written.

    Args:
        run: the run directory.
        asked: what is to be added.
        data: the table, where it is not where it was.
        trust_code: whether modules that the study names may be imported.
        where: ``device`` and ``address`` of :func:`study.planning.prepare.prepare`.

    Raises:
        UserError: as :func:`extend` does.
    """
    out = Path(run).absolute()
    spec = begun_spec(out, data)
    refuse_untrusted(spec, str(out), trust_code=trust_code)
    prepared = prepare_run(spec, out, **where)
    refuse_changes(out, prepared.task_set)
    events = ledger.read(out / ledger.NAME)
    addition = addition_of(asked, events, prepared.plan, str(out))
    if open_addition(events) is None and read_recorded(out).unscored():
        raise UserError(str(out), "the study is not scored to its end.", how_to_go_on(out))
    planned = [event for event in events if event["event"] == "planned"]
    shrunk = tuple(planned[-1].get("shrunk", ())) if planned else ()  # what a budget took stays told
    return replace(prepared, plan=replace(prepared.plan, shrunk=shrunk)), addition
