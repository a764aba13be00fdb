"""Options and arguments that commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Lines for programs.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]
