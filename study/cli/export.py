"""``export``: writes the model of a finished study to a folder that needs nothing but PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from analysis.formatting import agree
from study.cli.console import say, say_json, say_prose
from study.config.text import printable


def export(
    run: Path,
    *,
    out: Path,
    option: str | None,
    seeds: list[int],
    data: Path | None,
    also: list[str],
    trust_code: bool,
    as_json: bool,
) -> None:
    """Export an option of the study in ``run``, then say what was written and how good it was measured to be."""
    from study.driver.export.folder import CARD
    from study.driver.export.write import export as export_study
    from study.driver.places import SNAPSHOTS, for_reading

    run = for_reading(run, SNAPSHOTS)
    folder = export_study(
        run, out, option=option, seeds=seeds, data=data, formats=also, trust_code=trust_code, say=say_progress
    )
    card = json.loads((folder / CARD).read_text("utf-8"))
    if as_json:
        say_json({"event": "exported", "run": str(run), "out": str(out), **card})
        return
    say_prose(f"{card['option']['what']}: {networks(card['networks'])}, {card['parameters']:,} parameters.")
    for task in card["tasks"]:
        measured = "not measured" if task["test_metric"] is None else f"{task['metric']} {task['test_metric']:.4g}"
        say(f"  {task['task']}: {measured}" + f", mean of {task['networks']} networks" * (task["networks"] > 1))
    say("", f"model: {out}   (README.md says how to use it; mtl-study predict {out} NEW.csv)")


def networks(number: int) -> str:
    """Return a number of networks in words."""
    return f"{number:,} {agree(number, 'network', 'networks')}"


def say_progress(line: str) -> None:
    """Print what is under way to standard error."""
    typer.echo(printable(f"export: {line}"), err=True)
