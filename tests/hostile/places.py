"""Kind K: folders with unusual names, links, paths, and an environment that lacks what programs expect."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.table import Table
from tests.hostile.formats import FORMATS, options_of, write_csv, write_parquet
from tests.hostile.kinds import USUAL
from tests.hostile.outcomes import Expected, Hostile

FOLDERS = (
    "a b",
    "line\nbreak",
    "per%cent",
    "ha#sh",
    "$HOME",
    "~",
    "[1]*?",
    "q'uo\"te",
    "-dash",
    "a=1",
    "back\\slash",
    "\u202eright",
    "\N{ZERO WIDTH SPACE}",
    "e\u0301",
)


def _is_the_usual(task_set: TaskSet) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = Table(path=FORMATS["parquet"](Path(folder), USUAL), targets=("y*",)).build()
    return task_set.fingerprint() == elsewhere.fingerprint()


SAME = Expected("right", "the same fingerprint as elsewhere", _is_the_usual)


def folders() -> list[Hostile]:
    """Files in folders with unusual names: the identity of the data is their content."""
    found = []
    for place, name in enumerate(("Meßwerte 2021, 東", "x" * 200, *FOLDERS)):
        for form in FORMATS if place < 2 else ("csv", "parquet"):

            def write(folder: Path, form: str = form, name: str = name) -> Path:
                (folder / name).mkdir()
                return FORMATS[form](folder / name, USUAL)

            shown = f"in a folder called {name[:12]!a}"
            found.append(Hostile("K", shown, form, write, SAME, options_of(form)))
    return found


def environments() -> list[Hostile]:
    """Variables that are unset, or name what cannot be written."""
    variables: dict[str, dict[str, str | None]] = {
        "no HOME": {"HOME": None},
        "a HOME that is not there": {"HOME": "/nowhere/at/all"},
        "a HOME that nobody can write": {"HOME": "/proc"},
        "a TMPDIR that is not there": {"TMPDIR": "/nowhere/at/all"},
        "a TMPDIR of 200 letters": {"TMPDIR": "/tmp/" + "x" * 195},
        "no language": {"LANG": "C", "LC_ALL": "C"},
        "a screen of one column": {"COLUMNS": "1"},
        "a screen of no known width": {"COLUMNS": "wide"},
    }
    return [
        Hostile("K", name, "csv", lambda folder: write_csv(folder, USUAL), SAME, environment=environment)
        for name, environment in variables.items()
    ]


def paths() -> list[Hostile]:
    """Links, paths from the study file's folder, files that cannot be written, and files that are none."""

    def linked(folder: Path) -> Path:
        (folder / "there").mkdir()
        write_parquet(folder / "there", USUAL)
        (folder / "link").symlink_to("there", target_is_directory=True)
        return folder / "link" / "data.parquet"

    def read_only(folder: Path) -> Path:
        path = write_csv(folder, USUAL)
        path.chmod(0o444)
        return path

    def in_capitals(folder: Path) -> Path:
        return write_csv(folder, USUAL).rename(folder / "DATA.CSV")

    def named(make: Callable[[Path], object]) -> Callable[[Path], Path]:
        def write(folder: Path) -> Path:
            make(folder / "data.csv")
            return folder / "data.csv"

        return write

    none = Expected("refused", "", words=("no such file",))
    found = [
        Hostile("K", "through a linked folder", "parquet", linked, SAME),
        Hostile("K", "a file that cannot be written", "csv", read_only, SAME),
        Hostile("K", "a suffix in capitals", "csv", in_capitals, SAME),
        Hostile("K", "a path from the study's folder", "csv", lambda f: write_csv(f, USUAL), SAME, path="data.csv"),
        Hostile("K", "a path with detours", "csv", lambda f: write_csv(f, USUAL), SAME, path="./x/../data.csv"),
        Hostile("K", "a link to nothing", "csv", named(lambda path: path.symlink_to("nowhere")), none),
        Hostile("K", "a link to itself", "csv", named(lambda path: path.symlink_to(path)), none),
        Hostile("K", "a folder", "csv", named(lambda path: path.mkdir()), none),
        Hostile("K", "a pipe", "csv", named(os.mkfifo), none),
    ]
    unreplaced = Expected("refused", "", words=("no such file", "not replaced"))
    for path in ("~/data.csv", "$HOME/data.csv"):
        found.append(Hostile("K", f"a path {path}", "csv", lambda f: write_csv(f, USUAL), unreplaced, path=path))
    return found
