"""From the directory of a suite to the records of its studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.records.load import load, settings_of
from analysis.records.schema import Records, UnreadableRun

NAME = "suite.yaml"


@dataclass(frozen=True)
class SuiteRecords:
    """What is known about a suite.

    Args:
        name: of the suite.
        studies: records by name, in the order of the suite; ``None`` where a study has not begun.
        path: the directory.
    """

    name: str
    studies: Mapping[str, Records | None]
    path: Path

    @property
    def begun(self) -> dict[str, Records]:
        """The studies that have records."""
        return {name: records for name, records in self.studies.items() if records is not None}


def is_suite(path: str | Path) -> bool:
    """Whether ``path`` is the directory of a suite."""
    return (Path(path) / NAME).is_file()


def load_suite(path: str | Path) -> SuiteRecords:
    """Read the directory of a suite and all run directories in it.

    Raises:
        UnreadableRun: which file cannot be read, and what to do.
    """
    folder = Path(path)
    content = settings_of(folder / NAME)
    names = content.get("suite")
    if not isinstance(names, dict) or not all(isinstance(name, str) and _is_plain(name) for name in names):
        raise UnreadableRun(f"{folder / NAME}: names no studies. Put the file back as it was run.")
    studies = {name: load(folder / name) if (folder / name / "ledger.jsonl").is_file() else None for name in names}
    return SuiteRecords(str(content.get("name") or "suite"), studies, folder)


def _is_plain(name: str) -> bool:
    """Whether ``name`` can only be a directory of the suite's own: the file may come from anywhere."""
    return Path(name).name == name and name not in ("", ".", "..")
