"""The preference of a study's reader, in its run directory: the report, the export and predictions go by the same."""

from __future__ import annotations

from pathlib import Path

from study.config import strict_yaml
from study.config.load import read_spec
from study.driver.begun import refuse_no_study
from study.driver.places import at_work
from study.store.atomic_files import write_durably


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
            settings = strict_yaml.parse(file.read_text("utf-8"), str(file)).data
            write_durably(file, strict_yaml.dump(settings | {"prefer": prefer}).encode())
