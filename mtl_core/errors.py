"""What a user got wrong: the place, what was found there, and the remedy."""

from __future__ import annotations


class UserError(ValueError):
    """A user's mistake, shown without a traceback and with exit status 2.

    Args:
        where: the place, as the user knows it (``study.yaml: factors.width``, ``data.csv: column 'age'``).
        found: what stands there.
        remedy: what to do about it, as an imperative sentence.
    """

    def __init__(self, where: str, found: str, remedy: str) -> None:
        super().__init__(f"{where}: {found} {remedy}")
        self.where, self.found, self.remedy = where, found, remedy

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        """Rebuild from the three parts, so that a mistake survives the way back from a worker process."""
        return type(self), (self.where, self.found, self.remedy)
