"""What travels to the workers: the project itself, and the user's own modules and entries; libraries do not.

Ray copies it to each machine once, under names by content, and puts it first on the path of the workers.  So a worker's
machine needs no copy of the project, and cannot have another version of it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import site
import sysconfig
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from mtl_core.registry import KINDS, PATH
from study.config.named_code import dotted_paths
from study.execution.node_facts import PACKAGES, package_folder

ENTRIES = "mtl_study_path"
"""Folder that holds copies of those of ``MTL_STUDY_PATH``, which go by its name on a worker."""


def runtime_environment(settings: Any, scratch: Path) -> dict[str, Any]:
    """Return Ray's description of the environment of the workers.

    Args:
        settings: of the study; dotted paths in it name the user's modules.
        scratch: folder for copies.

    Raises:
        UserError: when ``MTL_STUDY_PATH`` names something that is no folder.
    """
    paths = [package_folder(name) for name in PACKAGES] + own_modules(settings)
    entries = copied_entries(os.environ.get(PATH, ""), scratch)
    return {
        "py_modules": [str(path) for path in [*paths, *entries]],
        "excludes": ["__pycache__", ".git", "*.pyc"],
        "env_vars": {"OMP_NUM_THREADS": "1"},
    }


def own_modules(settings: Any) -> list[Path]:
    """Return the files and folders of the modules that dotted paths in ``settings`` name, each once.

    Those of libraries and of Python itself stay where they are, and so does what cannot be found, of which the check of
    the study speaks.
    """
    names = dict.fromkeys(re.split("[.:]", path)[0] for path in dotted_paths(settings))
    found = [_place(name) for name in names if name not in (*PACKAGES, "__main__")]
    return [path for path in found if path is not None and not _is_of_a_library(path)]


def _place(name: str) -> Path | None:
    """The folder of a package or the file of a module; nothing is imported."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin in (None, "built-in", "frozen"):
        locations = list((spec and spec.submodule_search_locations) or ())
        return Path(locations[0]) if len(locations) == 1 else None
    path = Path(str(spec.origin))
    return path.parent if path.name == "__init__.py" else path if path.suffix == ".py" else None


def _is_of_a_library(path: Path) -> bool:
    libraries = [*site.getsitepackages(), site.getusersitepackages(), sysconfig.get_paths()["stdlib"]]
    return any(path.resolve().is_relative_to(Path(folder).resolve()) for folder in libraries)


def copied_entries(variable: str, scratch: Path) -> list[Path]:
    """Copy the entries of the folders that ``MTL_STUDY_PATH`` names to one folder, and return it; none: nothing.

    A folder of it may be called ``mtl_core``, like a package: on a worker one would hide the other.
    """
    folders = [Path(folder).resolve() for folder in variable.split(os.pathsep) if folder]
    if not folders:
        return []
    target = scratch / "shipment" / ENTRIES
    shutil.rmtree(target, ignore_errors=True)
    for number, folder in enumerate(folders):
        if not folder.is_dir():
            raise UserError(PATH, f"{folder} is no folder.", "Name folders that exist, separated by colons.")
        for kind in KINDS:
            if (folder / kind).is_dir():
                shutil.copytree(folder / kind, target / str(number) / kind)
    return [target] if target.is_dir() else []


def unpack_entries() -> None:
    """Let the registry of this process, a worker's, look for entries where Ray has put the copies, if there are any."""
    spec = importlib.util.find_spec(ENTRIES)
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    found = [str(path) for folder in folders for path in sorted(folder.iterdir()) if path.is_dir()]
    if found:
        os.environ[PATH] = os.pathsep.join(found)
