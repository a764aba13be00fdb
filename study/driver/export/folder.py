"""The folder of an exported model: written whole under another name, then renamed, so that it is there or is not."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from mtl_core.errors import UserError
from mtl_core.network.portable.model import MODEL, PARAMETERS
from study.store.atomic_files import sync_directory, write_durably

CODE, CARD, README = "model.py", "card.json", "README.md"
EXTRAS = {"pt2": "model.pt2", "onnx": "model.onnx"}
NAMES = frozenset((CODE, CARD, README, MODEL, PARAMETERS, "__pycache__", *EXTRAS.values()))
"""All that such a folder holds; one that holds something else is never replaced."""


def refuse_another(out: Path) -> None:
    """Refuse to replace anything but an earlier export or an empty folder.

    Raises:
        UserError: when ``out`` is a file, or a folder that holds something else.
    """
    if out.is_dir() and not out.is_symlink() and NAMES.issuperset(path.name for path in out.iterdir()):
        return
    if out.exists() or out.is_symlink():
        raise UserError(f"--out {out}", "there is something else.", "Name a new folder, or that of an earlier export.")


def write_folder(out: Path, files: Mapping[str, bytes], extras: Callable[[Path], None]) -> None:
    """Write ``files`` by name, and what ``extras`` adds to the folder that it is given, as the folder ``out``.

    Raises:
        UserError: as :func:`refuse_another` does.
    """
    refuse_another(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    for leftover in out.parent.glob(f".{glob.escape(out.name)}.*.export"):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary, former = (out.with_name(f".{out.name}.{os.getpid()}{mark}.export") for mark in ("", ".former"))
    temporary.mkdir()
    try:
        for name, content in files.items():
            write_durably(temporary / name, content)
        extras(temporary)
        if out.exists():
            os.replace(out, former)
        os.replace(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(former, ignore_errors=True)
    sync_directory(out.parent)
