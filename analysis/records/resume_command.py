"""The command that goes on with the study of a run directory, from its manifest alone: no record is read for it."""

from __future__ import annotations

from pathlib import Path

from analysis.records.load import mapping_of, settings_of
from analysis.records.run_command import as_it_lies, command_of


def resume_command(run: Path) -> str | None:
    """Return the command, or the call from Python, that goes on with the study in ``run``, wherever it was moved to.

    ``None`` where a study was killed at its start, before it was described.

    Raises:
        UnreadableRun: which file cannot be read, and what to do.
    """
    manifest, study = run / "manifest.json", run / "study.yaml"
    if not manifest.is_file() or not study.is_file():
        return None
    return command_of(as_it_lies(mapping_of(manifest), run), str(settings_of(study).get("name") or ""))


def how_to_go_on(run: Path) -> str:
    """Return an imperative sentence with the command that goes on with the study in ``run``."""
    command = resume_command(run)
    return "Run the command that began it once more." if command is None else f"Go on with it: {command}"
