"""An addition to a finished study, in the study's own directory: begun, or resumed where it was left."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from mtl_core.errors import UserError
from study.config.named_code import refuse_untrusted
from study.driver.backend_choice import RunOptions
from study.driver.begun import begun_spec, refuse_changes
from study.driver.places import at_work
from study.driver.run import run_prepared
from study.planning.prepare import Prepared, prepare_run
from study.protocol.addition import Addition, Asked, addition_of, open_addition
from study.protocol.extend import extension
from study.protocol.verdict_seeds import num_seeds
from study.store import ledger
from study.store.recorded import read_recorded


def extend(
    run: str | Path,
    asked: Asked,
    *,
    data: Path | None = None,
    options: RunOptions | None = None,
    trust_code: bool = False,
) -> Path:
    """Add to the finished study in ``run``, judge what is new on fresh seeds, and return the run directory.

    The same call resumes an addition that was stopped.

    Args:
        run: the run directory, or an address in an object store.
        asked: what to add.
        data: where the study's table lies now; ``None``: where it lay when the study began.
        options: how to run; by default as the study was.
        trust_code: whether to import what the run directory's study file names by dotted paths.

    Raises:
        UserError: when there is no finished study, its data are gone or have changed, or there is nothing to add.
        KeyboardInterrupt: SIGINT or SIGTERM came; what is recorded is kept.
    """
    with at_work(run) as place:
        prepared, addition = prepare_extension(place.directory, asked, data, trust_code=trust_code)
        chosen = options or RunOptions.of_study(prepared.plan.spec)
        chosen = replace(chosen, keep=place.keep)
        return extend_prepared(prepared, asked, addition, out=place.directory, options=chosen)


def extend_prepared(prepared: Prepared, asked: Asked, addition: Addition, *, out: Path, options: RunOptions) -> Path:
    """Make an addition that :func:`prepare_extension` has prepared, as :func:`extend` does."""
    events = ledger.read(Path(out) / ledger.NAME)
    before = [event for event in events if event["event"] != "addition" or event["number"] != addition.number]
    added = addition.seeds / num_seeds(before, prepared.plan)
    return run_prepared(prepared, out=out, options=options, phases=partial(extension, asked=asked), added=added)


def prepare_extension(
    run: Path, asked: Asked, data: Path | None = None, *, trust_code: bool = False
) -> tuple[Prepared, Addition]:
    """Return the prepared study and the addition that is asked for; nothing is trained or written.

    Raises:
        UserError: as :func:`extend` does.
    """
    out = Path(run).absolute()
    spec = begun_spec(out, data)
    refuse_untrusted(spec, str(out), trust_code=trust_code)
    prepared = prepare_run(spec, out)
    refuse_changes(out, prepared.task_set)
    events = ledger.read(out / ledger.NAME)
    addition = addition_of(asked, events, prepared.plan, str(out))
    if open_addition(events) is None and read_recorded(out).unscored():
        raise UserError(str(out), "the study is not scored to its end.", "Run the command that began it once more.")
    planned = [event for event in events if event["event"] == "planned"]
    shrunk = tuple(planned[-1].get("shrunk", ())) if planned else ()  # what a budget took stays told
    return replace(prepared, plan=replace(prepared.plan, shrunk=shrunk)), addition
