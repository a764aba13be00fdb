"""Column names: headers without stray blanks, and which columns a name or a pattern of the study file stands for."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from mtl_core.data.remark import Remark
from mtl_core.errors import UserError, did_you_mean

MOST_SHOWN = 20


def without_blanks(names: Sequence[str], file: str) -> tuple[list[str], list[Remark]]:
    """Return column names without blanks and line breaks around them, and a remark on every name that had some.

    Raises:
        UserError: when two names of ``file`` are one.
    """
    clean = [without_blanks_around(name) for name in names]
    twice = [name for name, count in Counter(clean).items() if count > 1]
    if twice:
        raise UserError(f"{file}: column {twice[0]!r}", "is there twice.", "Rename or drop one of them.")
    remarks = [
        Remark("header_blank", new, f"The name {name!r} begins or ends with a blank and is read as {new!r}.")
        for name, new in zip(names, clean, strict=True)
        if name != new
    ]
    return clean, remarks


def without_blanks_around(name: str) -> str:
    """Return ``name`` without blanks, line breaks and invisible marks, such as a byte-order mark, around it."""
    first, last = 0, len(name)
    while first < last and _is_blank(name[first]):
        first += 1
    while last > first and _is_blank(name[last - 1]):
        last -= 1
    return name[first:last]


def _is_blank(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) == "Cf"


def selected(patterns: Iterable[str], names: Sequence[str]) -> list[str]:
    """Return the ``names`` that any pattern stands for, in their order.

    A pattern that is the name of a column stands for that column alone.  In any other ``*`` stands for any text and
    ``?`` for one character; every other character, brackets among them, stands for itself.
    """
    known, exact, wild = set(names), set(), []
    for pattern in patterns:
        if pattern in known:
            exact.add(pattern)
        else:
            wild.append(re.compile(_as_regex(pattern), re.DOTALL))
    return [name for name in names if name in exact or any(one.fullmatch(name) for one in wild)]


def refuse_unmatched(option: str, patterns: Iterable[str], names: Sequence[str], file: str) -> None:
    """Refuse a pattern that stands for no column.

    Raises:
        UserError: naming the pattern and the nearest name; with the right way to write it, where it is a list of names.
    """
    for pattern in patterns:
        if selected([pattern], names):
            continue
        parts = [part.strip() for part in pattern.split(",")]
        if len(parts) > 1 and all(selected([part], names) for part in parts):
            found = f"{pattern!r} is several names in one."
            flags = " ".join(f"--{option} {part!r}" for part in parts)
            listed = ", ".join(map(repr, parts))
            advice = f"Name each for itself: {flags} on the command line, {option}: [{listed}] in a study file."
            raise UserError(f"table: {option}", found, advice)
        raise UserError(f"table: {option}", f"{pattern!r} matches no column of {file}.", nearest_name(pattern, names))


def listed(names: Sequence[str]) -> str:
    """Return names in quotes; of many the first and the number of the others."""
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return f"{', '.join(map(repr, names[:MOST_SHOWN]))}{more}"


def nearest_name(name: str, names: Sequence[str]) -> str:
    """Return a sentence with the column that was probably meant, or with the columns that there are."""
    return did_you_mean(name, names) or f"There are {listed(names)}."


def _as_regex(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
