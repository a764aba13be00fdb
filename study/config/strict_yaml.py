"""Study files as text: a small, strict part of YAML, read with the scalars of YAML 1.2.

PyYAML's own loader reads ``1e-3`` as text and ``no`` as false, keeps the last of two equal keys without a word, and
lets a few lines of aliases unfold into gigabytes.  Here ``1e-3`` is a number, ``no`` is text, and whatever a study
file has no use for (equal keys, anchors, aliases, tags, several documents, deep nesting) is refused with its line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from mtl_core.errors import UserError

MAX_CHARACTERS = 200_000
MAX_DEPTH = 12

INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """The content of a file, and the line on which each of its keys and items stands.

    Args:
        data: mappings, lists, text, numbers, booleans and ``None``.
        lines: line number (from 1) by path, as in ``("factors", "width", 0)``.
    """

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """Return the line of ``path``, or of the nearest place that encloses it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None


def parse(text: str, where: str) -> Document:
    """Parse ``text`` as one YAML document.

    Raises:
        UserError: naming ``where`` and the line, when the text is not the YAML described above.
    """
    if len(text) > MAX_CHARACTERS:
        raise UserError(where, f"it has {len(text):,} characters.", f"A study file has at most {MAX_CHARACTERS:,}.")
    reader = _Reader(text, where)
    try:
        return Document(reader.document(), reader.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = where if mark is None else f"{where}, line {mark.line + 1}"
        raise UserError(place, f"this is not YAML: {error.problem or error.context}.", "Mend the line.") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"there is a character that no text file needs (number {error.character})."
        raise UserError(f"{where}, line {line}", found, "Take it out.") from None
    except UserError:
        raise
    except (ValueError, IndexError, OverflowError) as error:
        # PyYAML's scanner answers a few malformed escapes (\UFFFFFFFF) with Python's own errors.
        raise UserError(where, f"this is not YAML: {error}.", "Mend the quoted text.") from None


def parse_value(text: str, where: str) -> Any:
    """Parse the value of one ``--set key=value``: a scalar, ``[a, b]`` or ``{a: b}``."""
    return parse(text, where).data


def scalar(text: str) -> Any:
    """Return the value of a plain (unquoted) scalar in YAML 1.2's core schema, without octal and hexadecimal."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


class _Reader:
    """Builds the data from the parser's events, so that nothing is expanded before it is checked."""

    def __init__(self, text: str, where: str) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.where = where
        self.lines: dict[Path, int] = {}

    def document(self) -> Any:
        next(self.events)  # start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        data = self.node(next(self.events), ())
        next(self.events)  # end of the document
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.refusal(after, "a second document starts here.", "Keep one document in a file.")
        return data

    def node(self, event: yaml.Event, path: Path) -> Any:
        if isinstance(event, yaml.AliasEvent):
            raise self.refusal(event, f"there is an alias (*{event.anchor}).", "Write the value out.")
        if (anchor := getattr(event, "anchor", None)) is not None:
            raise self.refusal(event, f"there is an anchor (&{anchor}).", "Write the value out where it is used.")
        if (tag := getattr(event, "tag", None)) is not None:
            raise self.refusal(event, f"there is a tag ({tag}).", "Write a plain value.")
        if len(path) > MAX_DEPTH:
            raise self.refusal(event, f"it is nested more than {MAX_DEPTH} deep.", "No key of a study file is.")
        if isinstance(event, yaml.ScalarEvent):
            return self.value(event)
        return self.mapping(path) if isinstance(event, yaml.MappingStartEvent) else self.sequence(path)

    def value(self, event: yaml.ScalarEvent) -> Any:
        if not event.implicit[0]:  # quoted, or a block: text whatever it looks like
            return event.value
        if len(event.value) > 300 and INTEGER.fullmatch(event.value):
            raise self.refusal(event, f"there is a number of {len(event.value)} digits.", "Write a smaller one.")
        return scalar(event.value)

    def sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            self.lines[*path, len(items)] = event.start_mark.line + 1
            items.append(self.node(event, (*path, len(items))))
        return items

    def mapping(self, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            is_quoted = isinstance(event, yaml.ScalarEvent) and not event.implicit[0]
            if not isinstance(event, yaml.ScalarEvent) or (event.value == "" and not is_quoted):
                raise self.refusal(event, "a key is not text.", "Write it as 'name: value'.")
            self.node(event, path)  # for its refusals of anchors and tags
            key = event.value
            if key in content:
                first = self.lines[*path, key]
                raise self.refusal(event, f"the key {key!r} stands here and in line {first}.", "Keep one of the two.")
            self.lines[*path, key] = event.start_mark.line + 1
            content[key] = self.node(next(self.events), (*path, key))
        return content

    def refusal(self, event: yaml.Event, found: str, remedy: str) -> UserError:
        return UserError(f"{self.where}, line {event.start_mark.line + 1}", found, remedy)


class _Dumper(yaml.SafeDumper):
    """Writes what :func:`parse` reads: no aliases, and text that would be read as something else is quoted."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(scalar(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dump(data: Any) -> str:
    """Return ``data`` as the text of a study file."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
