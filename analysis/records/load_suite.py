"""Reading the directory of a suite: the records of all its studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.records.load import load, settings_of
from analysis.records.schema import Records, UnreadableRun

NAME = "suite.yaml"


@dataclass(frozen=True)
class SuiteRecords:
    """Records of a suite.

    Args:
        name: name of the suite.
        studies: records by name of the study, in the order of the suite; ``None`` where a study has not begun.
        path: directory of the suite.
    """

    name: str
    studies: Mapping[str, Records | None]
    path: Path

    @property
    def begun(self) -> dict[str, Records]:
        """Records of the studies that have begun, by name."""
        return {name: records for name, records in self.studies.items() if records is not None}


def is_suite(path: str | Path) -> bool:
    """Return whether ``path`` is the directory of a suite."""
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
    """Return whether ``name`` is a plain directory name: a suite file from elsewhere must not point outside."""
    return Path(name).name == name and name not in ("", ".", "..")
