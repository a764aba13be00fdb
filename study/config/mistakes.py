"""Several mistakes in one study file: they are collected, and told as one with the number of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mtl_core.errors import UserError
from study.config.source import Source


class Mistakes:
    """Mistakes that were found in the settings of a study.

    Attributes:
        found: the mistakes, in the order in which they were found.
    """

    def __init__(self) -> None:
        self.found: list[UserError] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Take down a mistake that ends the block, so that others can be looked for before :meth:`refuse` tells it."""
        try:
            yield
        except UserError as mistake:
            self.found.append(mistake)

    def refuse(self, source: Source | None = None) -> None:
        """Refuse what has mistakes.

        Args:
            source: where it was written: the first mistake there is told; ``None``: the first that was found.

        Raises:
            UserError: the first mistake, with the number of the others; nothing where there are none.
        """
        if not self.found:
            return
        first = self.found[0]
        if source is not None:
            first = min(self.found, key=lambda mistake: source.line(source.path_of(mistake.where) or ()))
        others = {mistake.where for mistake in self.found} - {first.where}  # one value may be wrong for several entries
        more = f" (And {len(others)} more.)" if others else ""
        raise UserError(first.where, first.found, first.remedy + more) from first.__cause__
