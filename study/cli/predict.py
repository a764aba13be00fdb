"""``predict``: predicts the rows of a file by a finished study or an exported model."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from study.cli.console import say, say_json
from study.cli.export import networks, say_progress
from study.config.text import printable

MOST_SHOWN = 5


def predict(source: Path, rows: Path, *, out: Path | None, data: Path | None, as_json: bool) -> None:
    """Predict the rows of the file ``rows``; write CSV to ``out`` or to standard output."""
    from study.driver.export.predict import load_predictor, predict_file
    from study.driver.places import SNAPSHOTS, for_reading
    from study.store.atomic_files import write_durably

    found = predict_file(load_predictor(for_reading(source, SNAPSHOTS), data, say_progress), rows)
    if found.ignored:
        more = f" and {len(found.ignored) - MOST_SHOWN} more" if len(found.ignored) > MOST_SHOWN else ""
        shown = ", ".join(map(repr, found.ignored[:MOST_SHOWN]))
        typer.echo(printable(f"ignored, since the model does not know them: {shown}{more}"), err=True)
    if out is not None:
        write_durably(out, found.text().encode())
    elif as_json:
        for row in zip(*found.columns.values(), strict=True):
            typer.echo(json.dumps({"event": "prediction"} | dict(zip(found.columns, row, strict=True))))
    else:
        typer.echo(found.text(), nl=False)
    if as_json:
        facts = {"rows": found.num_rows, "networks": found.networks, "ignored": list(found.ignored)}
        say_json({"event": "predicted", **facts, "columns": list(found.columns), "out": out and str(out)})
    elif out is not None:
        say(f"{out}: {found.num_rows:,} rows predicted by {networks(found.networks)}")
    else:
        typer.echo(f"{found.num_rows:,} rows predicted by {networks(found.networks)}", err=True)
