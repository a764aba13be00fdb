"""Column names as advice writes them into a study file."""

from __future__ import annotations

import re

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORDS = {"null", "true", "false"}


def in_yaml(name: str) -> str:
    """Return ``name`` as a YAML scalar that is read as this text, also within braces: quoted where that is needed."""
    if PLAIN.fullmatch(name) and name.lower() not in WORDS:
        return name
    if name.isprintable():
        return "'" + name.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, name)) + '"'


def _escaped(letter: str) -> str:
    return letter if letter.isprintable() and letter not in '"\\' else f"\\U{ord(letter):08x}"
