"""The refusal to mix two studies in one run directory, with what tells them apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from study.config.spec import Spec
from study.driver.manifest import read_manifest, refuse_other_data_or_engine

REMEDY = "Choose another --out, or put things back as they were."
IRRELEVANT = ("name", "prefer", "backend", "workers", "device", "tasks.path", "search.warm_start", "verdict.max_seeds")
"""Settings in which two studies of one directory may differ."""


def refuse_another(out: Path, requested: Spec, stored: Spec, fingerprint: str) -> None:
    """Refuse to mix two studies in one directory.

    Args:
        out: the run directory.
        requested: the study that is asked for.
        stored: the study that the directory was begun with.
        fingerprint: of the data that are asked for.

    Raises:
        UserError: with what differs: the table, the study file, the data or the engine.
    """
    _refuse_another_table(out, requested, stored, fingerprint)
    if requested.digest() != stored.digest():
        raise UserError(str(out), f"another study was begun here; {'; '.join(differences(stored, requested))}.", REMEDY)
    of_engine = "Choose another --out, or install the version that began it."
    refuse_other_data_or_engine(out, fingerprint, of_data=REMEDY, of_engine=of_engine)


def _refuse_another_table(out: Path, requested: Spec, stored: Spec, fingerprint: str) -> None:
    """Refuse a table of another place and with other data; one that was moved has the same data."""
    there, asked = _data_of(stored), _data_of(requested)
    if there == asked or read_manifest(out).get("fingerprint") == fingerprint:
        return
    found = f"another study was begun here: {stored.name}, of {there}; {requested.name}, of {asked}, is asked."
    advice = "Choose another --out."
    if Path(there).name == Path(asked).name:
        advice += " If that is the table of this study, moved, then it was changed as well."
    raise UserError(str(out), found, advice)


def _data_of(spec: Spec) -> str:
    """The path of a study's data, or the name of its task set where that has none."""
    return str(spec.tasks.options.get("path") or f"the task set {spec.tasks.set}")


def differences(stored: Spec, requested: Spec) -> list[str]:
    """Return every setting that differs, as ``factors.width: [16] there, [32] asked``; a budget, which cuts, first."""
    before, after = (dict(_flat(spec.plain())) for spec in (stored, requested))
    names = [name for name in before | after if name not in IRRELEVANT and before.get(name) != after.get(name)]
    names.sort(key=lambda name: name != "budget")
    return [f"{name}: {before.get(name)} there, {after.get(name)} asked" for name in names]


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
