"""Code that a study file names by dotted paths: from the user's own file it is imported, from elsewhere on request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mtl_core.errors import UserError
from study.config.spec import Spec

DOTTED_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
NO_CODE = {"targets", "kinds", "groups", "task", "ignore", "path", "test", "validation", "query"}
"""Options of a task set that name columns and files, whatever they look like."""


def named_code(spec: Spec) -> list[str]:
    """Return the dotted paths ``package.module:name`` that a study names: of modules, metrics, data sets, …."""
    plain = spec.plain()
    tasks = {name: value for name, value in plain.get("tasks", {}).items() if name not in NO_CODE}
    return list(dict.fromkeys(dotted_paths({**plain, "tasks": tasks})))


def refuse_untrusted(spec: Spec, where: str, *, trust_code: bool) -> None:
    """Refuse to import what a run directory names, which may come from anywhere, before the user agrees.

    Raises:
        UserError: when ``spec`` names code and the user has not said that it is trusted.
    """
    named = named_code(spec)
    if named and not trust_code:
        found = f"its study file names code that would be imported: {', '.join(named[:5])}."
        raise UserError(where, found, "Add --trust-code if you know that code and trust it.")


def dotted_paths(settings: Any) -> Iterator[str]:
    """Yield every text in ``settings``, nested mappings and lists, that reads like a dotted path."""
    if isinstance(settings, Mapping):
        for each in settings.values():
            yield from dotted_paths(each)
    elif isinstance(settings, list | tuple):
        for each in settings:
            yield from dotted_paths(each)
    elif isinstance(settings, str) and DOTTED_PATH.fullmatch(settings):
        yield settings
