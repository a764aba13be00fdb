"""The error for a user's mistake: the place, what was found there, and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

SAME_THING = {"gpu": "cuda"}
"""Names by other words for the same thing."""


class UserError(ValueError):
    """Error for a mistake of the user, which the commands show without a traceback and with exit status 2.

    Args:
        where: the place, as the user knows it (``study.yaml: factors.width``, ``data.csv: column 'age'``).
        found: what was found there, as a predicate.
        remedy: what the user should do, as an imperative sentence.
    """

    def __init__(self, where: str, found: str, remedy: str) -> None:
        super().__init__(f"{where}: {found} {remedy}")
        self.where, self.found, self.remedy = where, found, remedy

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        """Return how to rebuild the error from its parts, so that it can be pickled in a worker process."""
        return type(self), (self.where, self.found, self.remedy)


def nearest(word: str, names: Iterable[str]) -> str:
    """Return a sentence with the one of ``names`` that ``word`` may have meant, or else with all of them."""
    names = list(names)
    return did_you_mean(word, names) or (f"There is: {', '.join(names)}." if names else "Take it out.")


def did_you_mean(word: str, names: Sequence[str]) -> str:
    """Return a question with the one of ``names`` that ``word`` may have meant; empty where none is near."""
    meant = meant_by(word, names)
    return "" if meant is None else f"Did you mean {meant!r}?"


def meant_by(word: str, names: Sequence[str]) -> str | None:
    """Return the one of ``names`` that ``word`` may have meant; ``None`` where none is near.

    A usual word for the same thing is nearer than any that is merely spelt alike.
    """
    usual = SAME_THING.get(word.lower())
    return usual if usual in names else next(iter(difflib.get_close_matches(word, names, n=1)), None)
