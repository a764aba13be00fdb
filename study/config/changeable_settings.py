"""Settings that a user may change in a study that has begun, since no network that it has trained depends on them.

``prefer`` is the rule of the report alone, and ``verdict.max_seeds`` limits how far the verdict may go on.
"""

from __future__ import annotations

from typing import Any

from study.config.spec import Spec

CHANGEABLE = (("prefer",), ("verdict", "max_seeds"))
"""Paths of the settings in a study file."""

Path = tuple[str, ...]


def value_at(spec: Spec, path: Path) -> Any:
    """Return the value of the setting at ``path``."""
    value: Any = spec
    for key in path:
        value = getattr(value, key)
    return value


def with_begun(spec: Spec, stored: Spec) -> Spec:
    """Return the study with what it leaves to the defaults as it was begun: only what is given anew is a change.

    Args:
        spec: the study as it is asked for.
        stored: the study of the run directory.
    """
    for path in CHANGEABLE:
        if not _is_given(spec, path):
            spec = _with(spec, path, value_at(stored, path))
    return spec


def with_changed(stored: Spec, spec: Spec) -> Spec:
    """Return the study of a run directory with what ``spec`` changes of it."""
    for path, value in changes(stored, spec).items():
        stored = _with(stored, path, value)
    return stored


def changes(stored: Spec, spec: Spec) -> dict[Path, Any]:
    """Return the settings in which ``spec`` differs from the study of the run directory, with their new values."""
    return {path: value_at(spec, path) for path in CHANGEABLE if value_at(spec, path) != value_at(stored, path)}


def _is_given(spec: Spec, path: Path) -> bool:
    """Whether the user has said the setting, rather than left it to its default."""
    section = value_at(spec, path[:-1])
    return path[-1] in section.model_fields_set


def _with(spec: Spec, path: Path, value: Any) -> Spec:
    """The study with another value at ``path``, which has one section at most."""
    *sections, key = path
    changed = {key: value}
    for name in sections:
        changed = {name: getattr(spec, name).model_copy(update=changed)}
    return spec.model_copy(update=changed)
