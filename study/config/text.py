"""Names that users chose: which may name a study, how they are printed, which name was meant."""

from __future__ import annotations

import re
import unicodedata

from mtl_core.errors import nearest

__all__ = ["MAX_NAME", "RESERVED", "nearest", "printable", "wrong_with_name"]

MAX_NAME = 64
"""Characters of a study's name, at most."""

RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(10))]
)
"""Names that Windows keeps for devices, whatever their suffix."""


def wrong_with_name(name: str) -> str | None:
    """Return why ``name`` cannot name a study and its run directory; ``None`` when it can."""
    if not name.strip():
        return "it is empty"
    if len(name) > MAX_NAME:
        return f"it has {len(name)} characters, {MAX_NAME} at most"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        return "it has to start with a letter or digit and go on with letters (a-z, A-Z), digits, '.', '_' and '-'"
    if name.endswith(".") or name.split(".")[0].lower() in RESERVED:
        return "some systems cannot have a directory of that name"
    return None


def printable(text: str) -> str:
    """Return ``text`` for a terminal: characters that steer it or turn the reading direction are spelt out."""
    return "".join(
        character if character.isprintable() and unicodedata.category(character) != "Cf" else _spelt(character)
        for character in text
    )


def _spelt(character: str) -> str:
    return (
        character.encode("ascii", "backslashreplace").decode() if ord(character) > 127 else f"\\x{ord(character):02x}"
    )
