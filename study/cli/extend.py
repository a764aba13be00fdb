"""``extend``: adds seeds or arms to a finished study, counts the look, and writes its report again."""

from __future__ import annotations

from pathlib import Path

from analysis.formatting import agree
from mtl_core.errors import UserError
from study.cli.console import say, say_json
from study.cli.run import report, saying_how_to_resume
from study.execution.cluster_token import refuse_unprotected


def extend(
    run: Path,
    *,
    seeds: int | None,
    without: list[str],
    arms: list[str],
    data: Path | None,
    backend: str | None,
    address: str | None = None,
    insecure: bool = False,
    workers: int | None,
    device: str | None,
    mix_devices: bool,
    trust_code: bool,
    as_json: bool,
    log_file: Path | None = None,
    metrics_file: Path | None = None,
    take_over: bool = False,
) -> None:
    """Add to the finished study in ``run`` what exactly one of ``seeds``, ``without`` and ``arms`` names."""
    if sum((seeds is not None, bool(without), bool(arms))) != 1:
        nothing = seeds is None and not without and not arms
        found = "nothing is named to add." if nothing else "several things are named."
        raise UserError("extend", found, "Give one of --seeds N, --without TASK and --arms LABEL; one after the other.")
    from study.driver.backend_choice import RunOptions
    from study.driver.extend import extend_prepared, prepare_extension
    from study.driver.places import at_work
    from study.protocol.addition import Asked

    refuse_unprotected(address, insecure)
    asked = Asked(seeds, tuple(without), tuple(arms))
    with saying_how_to_resume(), at_work(run, take_over=take_over) as place:
        prepared, addition = prepare_extension(place.directory, asked, data, trust_code=trust_code)
        spec = prepared.plan.spec.model_copy(update={"budget": None})  # it is spent, whatever trains now
        options = RunOptions.of_study(
            spec,
            backend=backend,
            address=address,
            workers=workers,
            screen="json" if as_json else "auto",
            device=device,
            mix_devices=mix_devices,
            insecure=insecure,
            log_file=log_file,
            metrics_file=metrics_file,
            keep=place.keep,
        )
        if as_json:
            say_json({"event": "extending", "run": str(run), **addition.event()})
        else:
            say(
                f"{addition.seeds} fresh verdict {agree(addition.seeds, 'seed', 'seeds')} from {addition.first} on; "
                "the study is then judged for the "
                f"{_ordinal(addition.look)} time, at a level of 5%/{addition.event()['level_divisor']}"
            )
        path = extend_prepared(prepared, asked, addition, out=place.directory, options=options)
        report(path, as_json=as_json, name=spec.name)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"
