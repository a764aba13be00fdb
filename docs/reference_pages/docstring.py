"""A class's docstring in its parts: first line, body, and what it says of every argument."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

SECTIONS = re.compile(r"^(Args|Raises|Shape|Returns):$")
ARGUMENT = re.compile(r"^    (\w+): (.*)$")


@dataclass(frozen=True)
class Docstring:
    """A docstring: its first line, the lines of its body, and the text of every argument by name."""

    summary: str
    body: tuple[str, ...]
    arguments: dict[str, str]


def docstring_of(cls: type) -> Docstring:
    """Return the parts of the docstring of ``cls`` itself, and what its base classes say of the other arguments.

    Sections other than ``Args`` are left out.
    """
    own = _parts(cls)
    inherited = {name: text for base in reversed(cls.__mro__[1:]) for name, text in _parts(base).arguments.items()}
    return Docstring(own.summary, own.body, inherited | own.arguments)


def _parts(cls: type) -> Docstring:
    first, *lines = inspect.cleandoc(cls.__doc__ or "").splitlines() or [""]
    body: list[str] = []
    arguments: dict[str, str] = {}
    section = name = ""
    for line in lines:
        if found := SECTIONS.match(line):
            section = found[1]
        elif section == "" or (line and not line.startswith(" ")):
            section = ""
            body.append(line)
        elif section == "Args" and (argument := ARGUMENT.match(line)):
            name = argument[1]
            arguments[name] = argument[2]
        elif section == "Args" and name:
            arguments[name] = f"{arguments[name]} {line.strip()}".strip()
    return Docstring(first, tuple(body), arguments)
