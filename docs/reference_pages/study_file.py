"""The page of the study file: every section, its keys, what they accept, and their defaults."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BeforeValidator, PlainValidator, TypeAdapter, ValidationError, WrapValidator
from pydantic.fields import FieldInfo

from reference_pages.docstring import docstring_of
from reference_pages.markdown import paragraphs, plain, table
from study.config.field_types import StudyName, as_levels
from study.config.sections import Section
from study.config.spec import LEFT_TO_THE_DATA, Spec

INTRODUCTION = """\
# Keys of the study file

A study file is YAML: `name`, `tasks`, and any of the sections below. Only `tasks` is required. What is left out has
the default. A key that does not exist is refused, with the nearest one that does. On the command line
`--set section.key=value` changes one key.

`mtl-study init DATA` writes a commented study file for a table, and `mtl-study check STUDY` says what a file means."""
WRONG: tuple[Any, ...] = (object(), "\0wrong", {"wrong": "wrong"})
"""Values that no key accepts: the refusal says what it would accept."""


def study_file_page() -> str:
    """Return the page, in Markdown."""
    hints = typing.get_type_hints(Spec, include_extras=True)
    names = [name for name in Spec.model_fields if _is_section(hints[name])]
    top = {name: field for name, field in Spec.model_fields.items() if name not in names}
    parts = [INTRODUCTION, "## Keys beside the sections", _keys(Spec, top, docstring_of(Spec).arguments)]
    for name in names:
        section = hints[name]
        doc = docstring_of(section)
        parts += [
            f"## `{name}`",
            plain(doc.summary),
            paragraphs(doc.body),
            _keys(section, section.model_fields, {}, name),
        ]
    parts.append("The further keys of `tasks` are those of its set: see [task sets](tasks.md).")
    return "\n\n".join(filter(None, parts)) + "\n"


def _is_section(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Section)


def _keys(owner: type, fields: dict[str, FieldInfo], meanings: dict[str, str], section: str = "") -> str:
    hints = typing.get_type_hints(owner, include_extras=True)
    head = ("key", "accepts", "default", "meaning")
    rows = [
        [f"`{name}`", accepted(hints[name]), _default(field, section, name), plain(meanings.get(name, ""))]
        for name, field in fields.items()
    ]
    shown = len(head) if meanings else len(head) - 1
    return table(head[:shown], (row[:shown] for row in rows))


def _default(field: FieldInfo, section: str, name: str) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    written = "none" if value is None or value in ({}, ()) else _as_yaml(value)
    if name in LEFT_TO_THE_DATA.get(section, ()):
        return f"`{written}`; of a table `auto`"
    return f"`{written}`"


def _as_yaml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_as_yaml, value))}]" if len(value) != 1 else _as_yaml(value[0])
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def accepted(hint: Any) -> str:
    """Return in words what a key with this annotation accepts."""
    if hint is StudyName:
        return "a plain name, such as `my-study_2`"
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _annotated(hint, arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(accepted(part) for part in arguments if part is not type(None))
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"one or several of: {accepted(arguments[0])}"
    return {int: "a whole number", float: "a number", bool: "`true` or `false`", str: "text"}.get(hint, str(hint))


def _annotated(hint: Any, inner: Any, extras: tuple[Any, ...]) -> str:
    if bounds := "".join(_bounds(extras)):
        return f"{accepted(inner)}{bounds}"
    if any(isinstance(extra, WrapValidator) for extra in extras):  # OrAuto
        return f"`auto`, or {accepted(inner)}"
    if any(isinstance(extra, PlainValidator) for extra in extras):
        return _by_refusal(hint)
    if any(isinstance(extra, BeforeValidator) and extra.func is not as_levels for extra in extras):
        return _by_refusal(hint)
    names = [_registered(extra) for extra in extras]
    return next(filter(None, names), accepted(inner))


def _registered(extra: Any) -> str:
    """The kind of thing whose name is accepted, where the validator is one of names."""
    function = getattr(extra, "func", None)
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)) if function else {}
    kind = cells["kind"].cell_contents if "kind" in cells else ""
    if kind == "optimisers":
        return "`adamw`, `sgd`"
    return f"a name of [{kind}]({kind}.md)" if kind else ""


def _bounds(extras: tuple[Any, ...]) -> Iterator[str]:
    words = {Ge: "from {}", Gt: "above {}", Le: "to {}", Lt: "below {}"}
    constraints = [one for extra in extras for one in getattr(extra, "metadata", ())]
    for place, one in enumerate(constraints):
        number = getattr(one, type(one).__name__.lower())  # Ge has its number in ge, Lt in lt
        joint = " and " if place and isinstance(constraints[0], Gt) else " "
        yield f"{joint}{words[type(one)].format(f'{number:,}')}"


def _by_refusal(hint: Any) -> str:
    """What the refusal of a wrong value tells the user to write."""
    for value in WRONG:
        try:
            TypeAdapter(hint).validate_python(value)
        except ValidationError as error:
            remedy = error.errors()[0].get("ctx", {}).get("remedy", "")
            if remedy.startswith("Write "):
                words = remedy.removeprefix("Write ").removesuffix(".")
                return plain(words.replace("it like", "a length of time, such as"))
    raise ValueError(f"No refusal says what {hint} accepts.")
