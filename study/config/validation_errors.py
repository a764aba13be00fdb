"""Pydantic's errors in the words of a study file: the place, what was found, the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mtl_core.errors import UserError
from study.config.spec import Spec
from study.config.strict_yaml import Document, Path
from study.config.text import nearest


def user_error_of(
    error: ValidationError, document: Document, where: str, overrides: Sequence[str] = (), study: str | None = None
) -> UserError:
    """Return the first finding as a :class:`UserError`, with the file's line, or the ``--set`` of the value.

    Args:
        error: what pydantic found.
        document: the study file.
        where: name of the file.
        overrides: the ``--set`` of the command line.
        study: name of the study whose error it is, where the document holds a suite.
    """
    findings = error.errors(include_url=False)

    def written(finding: ErrorDetails) -> Path:
        return finding["loc"] if study is None else origin(finding["loc"], document, study)

    # A misspelt key is both unknown and missing; the first of the two says more.
    first = min(findings, key=lambda finding: (finding["type"] == "missing", document.line(written(finding)) or 0))
    found, remedy = _sentences(first)
    more = f" (And {len(findings) - 1} more.)" if len(findings) > 1 else ""
    given = [(), *([("suite", study)] if study else [])]  # how a --set may name the place
    for override in overrides:
        if any(_names(override, (*prefix, *first["loc"])) for prefix in given):
            return UserError(f"--set {override}", found, remedy + more)
    return UserError(_place(written(first), document, where), found, remedy + more)


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


def _sentences(finding: ErrorDetails) -> tuple[str, str]:
    kind, context, value = finding["type"], finding.get("ctx", {}), finding["input"]
    if kind == "study":
        return str(context["found"]), str(context["remedy"])
    if kind == "extra_forbidden":
        return f"there is no key {str(finding['loc'][-1])[:80]!r} here.", nearest(
            str(finding["loc"][-1]), _keys_at(finding["loc"])
        )
    if kind == "missing":
        return "it is missing.", MISSING.get(str(finding["loc"][0]), "Add it.")
    if kind == "literal_error":
        options = [option.strip(" '") for option in str(context["expected"]).replace(" or ", ",").split(",")]
        return f"it is {_short(value)}.", nearest(value, options) if isinstance(
            value, str
        ) else f"There is: {', '.join(options)}."
    if kind == "model_type":
        return f"it is {_short(value)}.", "Write a section of 'key: value' lines."
    if kind == "value_error":  # of a validator, whose words pydantic puts a prefix before
        return f"it is {_short(value)}.", f"{str(context['error']).removesuffix('.')}."
    message = finding["msg"].removeprefix("Input should be ").removesuffix(".")
    return f"it is {_short(value)}.", f"It should be {message}." if message != finding["msg"] else f"{message}."


MISSING = {"tasks": "Say what is learnt, as in 'tasks: {set: multidigits}'; mtl-study list tasks shows what there is."}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _keys_at(path: tuple[str | int, ...]) -> list[str]:
    model: type[BaseModel] = Spec
    for part in path[:-1]:
        model = model.model_fields[str(part)].annotation  # type: ignore[assignment]
    return list(model.model_fields)
