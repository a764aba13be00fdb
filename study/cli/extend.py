"""``extend``: adds seeds or arms to a finished study, counts the look, and writes its report again."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.formatting import agree
from study.cli.console import say, say_json
from study.cli.current_report import current_report
from study.cli.run import report, saying_how_to_resume, screen_of

if TYPE_CHECKING:
    from study.protocol.addition import Addition


def extend(run: Path, *, as_json: bool, **options: Any) -> None:
    """Add to the finished study in ``run``, then write its report and print the verdict.

    Args:
        run: the run directory, or an address in an object store.
        as_json: print lines for programs.
        options: of :func:`study.driver.extend.extend`.
    """
    from study.driver.extend import extend as extend_study

    def before(addition: Addition) -> None:
        if as_json:
            say_json({"event": "extending", "run": str(run), **addition.event()})
            return
        say(
            f"{addition.seeds} fresh verdict {agree(addition.seeds, 'seed', 'seeds')} from {addition.first} on; "
            f"the study is then judged for the {_ordinal(addition.look)} time, at a level of "
            f"5%/{addition.event()['level_divisor']}"
        )

    def made(path: Path) -> None:
        page = current_report(path)
        if as_json:
            say_json({"event": "nothing_to_add", "run": str(run), "report": page})
        else:
            say(f"nothing to add: it was added already{'' if page is None else f'; report: {page}'}")
        if page is None:
            report(path, as_json=as_json)

    with saying_how_to_resume():
        after = partial(report, as_json=as_json)
        extend_study(run, screen=screen_of(as_json), before=before, after=after, made=made, **options)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"
