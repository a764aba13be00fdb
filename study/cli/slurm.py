"""``slurm``: prints a batch script for Slurm, which runs a study over as many jobs as it takes."""

from __future__ import annotations

import re
import shlex
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from mtl_core.errors import UserError

NAME = re.compile(r"[\w.+-]+")
"""Names of partitions, accounts and jobs: what cannot end the line of a script."""
TIME = re.compile(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)")
SHORTEST_MINUTES = 10
"""A job ends two minutes early, and starts of Ray take one: a shorter one would get nowhere."""
OWN = ("--address", "--insecure")
"""Options of ``run`` that the script decides."""


def slurm(
    study: Annotated[list[str], typer.Argument(metavar="-- STUDY…", help="What follows the words mtl-study run.")],
    nodes: Annotated[int, typer.Option(min=1, max=10_000, help="Machines of a job.")] = 1,
    cpus: Annotated[int, typer.Option(min=1, max=4096, help="Cores of each machine.")] = 8,
    gpus: Annotated[int, typer.Option(min=0, max=64, help="Cards of each machine.")] = 0,
    time: Annotated[str, typer.Option(help="Limit of a job, as in 04:00:00.")] = "04:00:00",
    name: Annotated[str, typer.Option(help="Of the job.")] = "mtl-study",
    partition: Annotated[str | None, typer.Option(help="Of the cluster.")] = None,
    account: Annotated[str | None, typer.Option(help="That pays for it.")] = None,
) -> None:
    """Print a batch script for Slurm, which goes back to the queue until the study is finished."""
    named = {"name": name, "partition": partition, "account": account}
    typer.echo(script(study, nodes=nodes, cpus=cpus, gpus=gpus, time=time, **named), nl=False)


def script(
    study: list[str],
    *,
    nodes: int,
    cpus: int,
    time: str,
    gpus: int = 0,
    name: str = "mtl-study",
    partition: str | None = None,
    account: str | None = None,
) -> str:
    """Return a batch script that runs a study on Slurm and goes back to the queue until the study is finished.

    Args:
        study: words that follow ``mtl-study run``.
        nodes: machines of a job; on more than one Ray is started on all of them, under a token.
        cpus: cores of each machine.
        time: limit of a job, as ``04:00:00`` or ``1-12:00:00``.
        gpus: cards of each machine.
        name: of the job.
        partition: of the cluster; ``None``: its default.
        account: that pays; ``None``: the user's default.

    Raises:
        UserError: when there is no study, a name is none, the time is too short, or a word is the script's to say.
    """
    if not study:
        raise UserError(
            "slurm", "no study is named.", "Say what to run behind two dashes: mtl-study slurm -- demo.yaml"
        )
    for word in study:
        if word.split("=")[0] in OWN:
            raise UserError(f"slurm: {word}", "the script itself starts Ray and joins it.", "Leave it out.")
    _refuse_a_short_time(time)
    further = {"partition": partition, "account": account, "gpus-per-node": str(gpus) if gpus else None}
    for option, value in {"name": name, **further}.items():
        if value is not None and not NAME.fullmatch(value):
            raise UserError(f"--{option} {value!r}", "this is no name.", "Use letters, digits and . + - _ alone.")
    lines = "".join(f"#SBATCH --{option}={value}\n" for option, value in further.items() if value is not None)
    filled = {"name": name, "nodes": nodes, "cpus": cpus, "time": time, "further": lines}
    filled |= {"path": shlex.quote(str(Path(sys.executable).parent)), "study": shlex.join(study)}
    template = resources.files("study.cli").joinpath("slurm_script.sh").read_text("utf-8")
    return re.sub(r"@(\w+)@", lambda match: str(filled[match[1]]), template)


def _refuse_a_short_time(time: str) -> None:
    match = TIME.fullmatch(time)
    if match is None:
        raise UserError(f"--time {time}", "this is no time limit of Slurm.", "Write it as 04:00:00 or 1-12:00:00.")
    days, hours, minutes = (int(part or 0) for part in match.groups()[:3])
    if days * 1440 + hours * 60 + minutes < SHORTEST_MINUTES:
        found = "a job would be over before it has trained anything."
        raise UserError(f"--time {time}", found, f"Give it {SHORTEST_MINUTES} minutes or more.")
