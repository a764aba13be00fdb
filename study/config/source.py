"""Where a study was written: its file with the lines of its keys, and the ``--set`` of the command line beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mtl_core.errors import UserError
from study.config.strict_yaml import Document, Path


@dataclass(frozen=True)
class Source:
    """Where a study was written; for comparisons all are equal, since it makes no study another one.

    Args:
        document: the study file; without lines where there is none.
        where: name of the file.
        overrides: the ``--set`` of the command line.
        study: name of the study, where the document holds a suite.
    """

    document: Document = field(default_factory=lambda: Document({}), compare=False)
    where: str = field(default="", compare=False)
    overrides: Sequence[str] = field(default=(), compare=False)
    study: str | None = field(default=None, compare=False)

    def place(self, path: Path) -> str:
        """Return where the value at ``path`` of the study was written: the ``--set``, or the file with its line."""
        override = self.override_of(path)
        return f"--set {override}" if override is not None else _place(self._written(path), self.document, self.where)

    def line(self, path: Path) -> int:
        """Return the line of the value at ``path``, or of what encloses it; 0 where there is none."""
        return self.document.line(self._written(path)) or 0

    def override_of(self, path: Path) -> str | None:
        """Return the ``--set`` that names ``path``, something in it or around it; ``None``: there is none."""
        given = [(), *([("suite", self.study)] if self.study else [])]  # how a --set may name the place
        named = (text for text in self.overrides if any(_names(text, (*prefix, *path)) for prefix in given))
        return next(named, None)

    def is_own(self, path: Path) -> bool:
        """Return whether a study of a suite has what is at ``path`` for itself, rather than from beside ``suite``."""
        override = self.override_of(path)
        if override is not None:
            return override.startswith("suite.")
        return self._written(path)[:1] == ("suite",)

    def path_of(self, where: str) -> Path | None:
        """Return the path of a place such as ``training.weighting_options.dwa``; ``None``: it is no place of this file.

        Of a key that holds a dot the path is that of what encloses it.
        """
        if not re.fullmatch(r"[a-z_]+(\.\S+)*", where):
            return None
        path = tuple(where.split("."))
        return path if self.override_of(path) is not None or self.line(path) else None

    def is_place(self, where: str) -> bool:
        """Return whether ``where`` names the file or a ``--set`` already, as :meth:`place` does."""
        return where.startswith((f"{self.where}, line ", "--set ")) and bool(self.where)

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Let mistakes that the block finds in the study's settings name where they were written, with the line."""
        try:
            yield
        except UserError as mistake:
            path = self.path_of(mistake.where)
            if path is None:
                raise
            raise UserError(self.place(path), mistake.found, mistake.remedy) from mistake.__cause__

    def _written(self, path: Path) -> Path:
        return path if self.study is None else origin(path, self.document, self.study)


def origin(path: Path, document: Document, study: str) -> Path:
    """Return where a value of a suite's ``study`` was written: in its own section, or beside ``suite``."""
    own: Path = ("suite", study, *path)
    return own if _reach(document.data, own) - 2 >= _reach(document.data, path) else path


def _reach(data: Any, path: Path) -> int:
    """How many steps of ``path`` lead somewhere in ``data``."""
    for steps, key in enumerate(path):
        items: Any = dict(enumerate(data)) if isinstance(data, list) else data
        if not isinstance(items, dict) or key not in items:
            return steps
        data = items[key]
    return len(path)


def _names(override: str, path: Path) -> bool:
    keys = [str(part) for part in path if isinstance(part, str)]
    named = override.partition("=")[0].split(".")
    return bool(keys and named[: len(keys)] == keys) or keys[: len(named)] == named


def _place(path: Path, document: Document, where: str) -> str:
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    line = document.line(path)
    return f"{where}{f', line {line}' if line else ''}{f': {dotted}' if dotted else ''}"
