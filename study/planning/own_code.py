"""The user's own code that a study names by dotted paths, and digests by which a change of it is noticed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.registry import imported, is_path

if TYPE_CHECKING:
    from mtl_core.data.task import Task
    from study.config.spec import Spec


def code_digests(spec: Spec, tasks: tuple[Task, ...]) -> dict[str, str]:
    """Return a digest of the file of every metric, loss and backbone module of the user's own, by dotted path.

    Lines that are empty or hold a comment alone do not count, and neither does what the file imports.  The code is
    imported here.

    Args:
        spec: the study.
        tasks: of the study.

    Raises:
        UserError: when a path cannot be imported.
    """
    return {path: _digest(path) for path in dict.fromkeys(_paths(spec, tasks))}


def _paths(spec: Spec, tasks: tuple[Task, ...]) -> Iterator[str]:
    for task in tasks:
        yield from (task.metric,) if is_path("metrics", task.metric) else ()
        yield from () if task.loss is None else (task.loss,)
    for module in spec.training.backbone_options.get("modules", ()):
        yield from (module,) if isinstance(module, str) else ()


def _digest(path: str) -> str:
    """Of the file of the module that the path names; empty where a module has none."""
    imported(path, path)
    file = Path(getattr(sys.modules[path.partition(":")[0]], "__file__", None) or "")
    if not file.is_file():
        return ""
    lines = (line.rstrip() for line in file.read_text("utf-8", "replace").splitlines())
    counted = [line for line in lines if line and not line.lstrip().startswith("#")]
    return hashlib.sha256("\n".join(counted).encode()).hexdigest()[:16]
