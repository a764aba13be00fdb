"""Arguments and options that several commands of the command line have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mtl_core.errors import did_you_mean


def one_of(*choices: str) -> dict[str, Any]:
    """Return what an option of the command line needs, to take one of some words and to say which where it does not."""

    def chosen(text: str) -> str:
        if text not in choices:
            meant = did_you_mean(text, choices)
            raise typer.BadParameter(f"{text!r} is none of {', '.join(choices)}.{f' {meant}' if meant else ''}")
        return text

    return {"parser": chosen, "metavar": f"[{'|'.join(choices)}]"}


What = Annotated[str, typer.Argument(metavar="STUDY|DATA|PRESET", help="A study file, data, or the name of a preset.")]
Targets = Annotated[list[str] | None, typer.Option("--targets", help="Columns to predict, as in 'y_*'; repeatable.")]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="What a column is, as in 'y_*=regression'; repeatable.")
]
Metrics = Annotated[
    list[str] | None, typer.Option("--metric", help="What judges a target, as in 'y_*=auroc'; repeatable.")
]
Losses = Annotated[
    list[str] | None, typer.Option("--loss", help="What trains a target, as in 'y_*=my_losses:pinball'; repeatable.")
]
TaskColumn = Annotated[str | None, typer.Option("--task", help="Column that says which task a row belongs to.")]
Test = Annotated[str | None, typer.Option(help="Column that marks the rows to test on, or a file with them.")]
Validation = Annotated[str | None, typer.Option(help="File with the rows to validate on.")]
Query = Annotated[str | None, typer.Option(help="Of a data base: a table, or a SELECT.")]
Groups = Annotated[str | None, typer.Option(help="Column with groups of rows, such as patients, that stay whole.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="A key of the study file: section.key=value.")]
Budget = Annotated[
    str | None, typer.Option(help="To fit into: 2h, '5000 replicas' or '10 GPU-hours'; takes draws, seeds, arms.")
]
SearchStrategy = Annotated[
    str | None, typer.Option("--search", help="How to search: grid, or what list strategies names.")
]
BackEnd = Annotated[
    Literal["auto", "inline", "ray"] | None,
    typer.Option(help="Where replicas train.", **one_of("auto", "inline", "ray")),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"] | None,
    typer.Option(help="What replicas train on; a GPU if there is one.", **one_of("auto", "cpu", "cuda")),
]
Precision = Annotated[
    Literal["float32", "tf32", "bf16"] | None,
    typer.Option(help="Of matrix products and convolutions, on a GPU.", **one_of("float32", "tf32", "bf16")),
]
MixDevices = Annotated[
    bool, typer.Option("--mix-devices", help="Go on with a study of another device; records say which made them.")
]
TrustCode = Annotated[
    bool, typer.Option("--trust-code", help="Import what a run directory's study file names by dotted paths.")
]
Prefer = Annotated[
    Literal["accuracy", "balanced", "cost"] | None,
    typer.Option(
        help="Take an option by this rule from now on; export and predict, too.",
        **one_of("accuracy", "balanced", "cost"),
    ),
]
Address = Annotated[str | None, typer.Option(help="Of a Ray cluster to join: auto or host:port.")]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Join a cluster without a token: whoever reaches its ports may run code.")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; one per core by default.")]
Out = Annotated[
    Path | None,
    typer.Option(help="The run directory, or s3://bucket/prefix, gs://bucket/prefix; runs/NAME by default."),
]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="In an object store: do not wait for a driver that is known to be dead.")
]
Log = Annotated[
    Path | None, typer.Option("--log-file", help="Append what is printed to this file, with the time of every line.")
]
MetricsFile = Annotated[
    Path | None,
    typer.Option(help="Keep the progress in this file for Prometheus; node_exporter reads *.prom."),
]
Json = Annotated[bool, typer.Option("--json", help="Lines for programs.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory, or its address in an object store.")]
VerdictSeeds = Annotated[
    int | None,
    typer.Option(
        "--seeds", min=1, max=1000, help="Verdict seeds that there shall be in all; a larger number adds more."
    ),
]
Without = Annotated[
    list[str] | None, typer.Option("--without", help="A task to train alone while the rest shares; repeatable.")
]
FurtherArms = Annotated[
    list[str] | None, typer.Option("--arms", help="Label of a planned arm to judge, too; repeatable.")
]
