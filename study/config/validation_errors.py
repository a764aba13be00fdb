"""Pydantic's errors in the words of a study file: the place, what was found, the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mtl_core.errors import UserError, meant_by
from study.config.source import Source
from study.config.spec import Spec
from study.config.strict_yaml import Document, Path
from study.config.suite import SHARED_KEYS
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
    source = Source(document, where, overrides, study)
    findings = error.errors(include_url=False)
    # A misspelt key is both unknown and missing; the first of the two says more.
    first = min(findings, key=lambda finding: (finding["type"] == "missing", source.line(finding["loc"])))
    found, remedy = _sentences(first, source)
    more = f" (And {len(findings) - 1} more.)" if len(findings) > 1 else ""
    return UserError(source.place(first["loc"]), found, remedy + more)


def _sentences(finding: ErrorDetails, source: Source) -> tuple[str, str]:
    kind, context, value = finding["type"], finding.get("ctx", {}), finding["input"]
    if kind == "study":
        return str(context["found"]), str(context["remedy"])
    if kind == "extra_forbidden":
        return f"there is no key {str(finding['loc'][-1])[:80]!r} here.", _nearest_key(finding["loc"], source)
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


def _nearest_key(path: Path, source: Source) -> str:
    """The key that may have been meant at ``path``, or all; in a suite only what is taken there, or where it goes."""
    keys, word = _keys_at(path), str(path[-1])
    if source.study is None or len(path) > 1:
        return nearest(word, keys)
    if not source.is_own(path):
        return nearest(word, [key for key in keys if key != "tasks"])  # which every study has for itself
    meant = meant_by(word, keys)
    if meant not in SHARED_KEYS or meant == "name":  # a study of a suite is named by its own key
        return nearest(word, [key for key in keys if key not in SHARED_KEYS])
    place = f"give it for the whole suite: --set {meant}=…" if source.override_of(path) else "write it beside suite"
    return f"Did you mean {meant!r}? Then {place}."


def _keys_at(path: tuple[str | int, ...]) -> list[str]:
    model: type[BaseModel] = Spec
    for part in path[:-1]:
        model = model.model_fields[str(part)].annotation  # type: ignore[assignment]
    return list(model.model_fields)
