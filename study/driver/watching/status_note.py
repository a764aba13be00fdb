"""What only the driver knows of a running study, as a note for ``status``: who works, and what is waited for."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from study.driver.watching.progress import StudyProgress
from study.driver.watching.screen import Screen

NAME = "progress.json"
NOTE_SECONDS = 2.0
LONGEST_NOTE = 200_000
"""Bytes of a note that are read, at most: some thousand machines."""


@dataclass(frozen=True)
class StatusNote:
    """Who works on a study at one moment.

    Args:
        workers: shards that may run at once.
        machines: of a cluster, by name: shards in work there, and workers that it holds; empty on one machine.
        waiting: what is waited for; empty: nothing.
    """

    workers: int
    machines: dict[str, tuple[int, int]] = field(default_factory=dict)
    waiting: str = ""

    def facts(self) -> dict[str, Any]:
        """Return the note as JSON can hold it; the names are those of ``run --json``."""
        machines = {name: {"busy": busy, "workers": held} for name, (busy, held) in self.machines.items()}
        return {"workers": self.workers, "machines": machines, "waiting": self.waiting}


_NOTES = TypeAdapter(StatusNote)


class StatusNotes(Screen):
    """Keeps a note of the progress in the driver's scratch folder, where ``status`` finds it on the same machine.

    Args:
        scratch: the folder.
    """

    seconds = NOTE_SECONDS

    def __init__(self, scratch: Path) -> None:
        self._path = scratch / NAME

    def show(self, progress: StudyProgress) -> None:
        """Replace the note."""
        note = StatusNote(progress.workers, progress.machines, progress.waiting)
        partial = self._path.with_suffix(".tmp")
        with suppress(OSError):  # only ``status`` misses it: a full disk here is no fault of the study
            partial.write_text(json.dumps(asdict(note)))
            os.replace(partial, self._path)


def read_note(scratch: Path) -> StatusNote | None:
    """Return the note in a driver's scratch folder; ``None`` where there is none that can be read."""
    try:
        with (scratch / NAME).open("rb") as file:
            return _NOTES.validate_json(file.read(LONGEST_NOTE))
    except (OSError, ValidationError):
        return None
