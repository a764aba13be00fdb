"""The commands that take a model home: their options; app.py names them.  Only light modules are imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from study.cli.options import Json, Run


def export(
    run: Run,
    out: Annotated[Path, typer.Option(help="Folder to write: new, or of an earlier export.")],
    option: Annotated[
        str | None, typer.Option(help="chosen, reference, alone, …, or an arm's label; the recommended one by default.")
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option("--seed", help="A verdict seed instead of the ensemble of all; repeatable.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Where the study's table lies now, if it was moved.")] = None,
    also: Annotated[list[str] | None, typer.Option("--also", help="A further format: pt2 or onnx; repeatable.")] = None,
    trust_code: Annotated[
        bool, typer.Option("--trust-code", help="Import the modules that a custom backbone names.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the model of a finished study to a folder that needs nothing but PyTorch."""
    from study.cli.export import export as export_study

    export_study(
        run,
        out=out,
        option=option,
        seeds=seed or [],
        data=data,
        also=also or [],
        trust_code=trust_code,
        as_json=as_json,
    )


def predict(
    source: Annotated[Path, typer.Argument(metavar="RUN|DIR", help="A run directory, or a folder that was exported.")],
    rows: Annotated[Path, typer.Argument(metavar="NEW", help="A table with the inputs' columns, or .npy, .npz.")],
    out: Annotated[Path | None, typer.Option(help="CSV file to write; standard output by default.")] = None,
    data: Annotated[Path | None, typer.Option(help="Where the study's table lies now, if it was moved.")] = None,
    as_json: Json = False,
) -> None:
    """Predict new rows by a finished study or an exported model."""
    from study.cli.predict import predict as predict_rows

    predict_rows(source, rows, out=out, data=data, as_json=as_json)
