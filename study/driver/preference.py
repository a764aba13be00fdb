"""The preference of a study's reader, in its run directory: the report, the export and predictions go by the same."""

from __future__ import annotations

from pathlib import Path

from study.config.load import read_spec
from study.driver.begun import refuse_no_study
from study.driver.changed_settings import write_settings
from study.driver.places import at_work


def set_preference(run: str | Path, prefer: str) -> None:
    """Write to the study file of a run directory by which rule an option is taken; it changes no result.

    Args:
        run: the run directory, or an address in an object store.
        prefer: ``accuracy``, ``balanced`` or ``cost``; each can be taken back by another.

    Raises:
        UserError: when there is no study, or its study file cannot be read.
    """
    with at_work(run) as place:
        refuse_no_study(place.directory)
        file = place.directory / "study.yaml"
        if read_spec(file).prefer != prefer:
            write_settings(file, {("prefer",): prefer})
