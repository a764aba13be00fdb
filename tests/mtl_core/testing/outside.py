"""Entries in an empty folder outside this repository, and a shipped suite run on them there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import importlib, json, sys
module, function, names = sys.argv[1], sys.argv[2], sys.argv[3:]
check, said = getattr(importlib.import_module(module), function), {}
for name in names:
    try:
        check(name)
    except AssertionError as broken:
        said[name] = str(broken)
assert "pytest" not in sys.modules, "the suite imports pytest, which is an extra"
print(json.dumps(said))
"""


def broken_promises(folder: Path, kind: str, check: str, sources: Mapping[str, str], *others: str) -> dict[str, str]:
    """Name → what a shipped check says of the entry; those that keep all promises are not there.

    Args:
        folder: an empty one, which ``MTL_STUDY_PATH`` will name.
        kind: of the entries.
        check: module and function, "sharing.check_sharing".
        sources: name → text of the entry's file.
        others: names of built-in entries to check as well.
    """
    (folder / kind).mkdir()
    for name, source in sources.items():
        (folder / kind / f"{name}.py").write_text(source, encoding="utf-8")
    module, function = check.split(".")
    command = [sys.executable, "-W", "error", "-c", PROGRAM, f"mtl_core.testing.{module}", function, *sources, *others]
    environment = os.environ | {"MTL_STUDY_PATH": str(folder), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


def variants(source: str, cls: str, changes: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """The entry itself, and one for each change, whose class bears the change's name."""
    found = {cls.lower(): source}
    for name, (old, new) in changes.items():
        assert old in source, f"{name}: the entry has no {old!r}"
        found[name] = source.replace(old, new).replace(f"class {cls}(", f"class {name.title()}(")
    return found
