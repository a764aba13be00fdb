"""Docstrings and tables as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SPECIAL = re.compile(r"([\\*_`\[\]<>$|])")
STRESSED = re.compile(r"\\\*(\w[^*]*?\w[.?]?)\\\*(?=\s|$)")
"""What docstrings stress: text between two asterisks, which are escaped by then."""
CODE = re.compile(r"(``.+?``)", re.DOTALL)
ROLE = re.compile(r":\w+:`~?([^`]+)`")


def plain(text: str) -> str:
    """Return a docstring's text as Markdown: literals stay code, and nothing else is markup."""
    text = ROLE.sub(r"``\1``", " ".join(text.split()))
    parts = CODE.split(text)
    escaped = (part if place % 2 else SPECIAL.sub(r"\\\1", part) for place, part in enumerate(parts))
    return STRESSED.sub(r"*\1*", "".join(escaped))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar inside a cell does not end the cell."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in line) + " |" for line in lines)


def paragraphs(lines: Sequence[str]) -> str:
    """Return the body of a docstring: paragraphs, and what is indented, such as an equation, as it stands."""
    found = []
    for part in re.split(r"\n\s*\n", "\n".join(lines)):
        if not part.strip():
            continue
        indented = all(line.startswith("    ") for line in part.strip("\n").splitlines())
        found.append(f"```text\n{_outdented(part)}\n```" if indented else plain(part))
    return "\n\n".join(found)


def _outdented(part: str) -> str:
    lines = part.strip("\n").splitlines()
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join(line[margin:] for line in lines)
