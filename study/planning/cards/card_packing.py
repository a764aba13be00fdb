"""How a study is packed on GPUs: rows of every array, and arrays that share a card, from what was measured.

What was not measured is told by what is most like it: memory by the declared bytes of a replica, in the ratio that was
measured, and speed by the same number of rows.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from mtl_core.data.task_set import Development
from mtl_core.recipe import Recipe
from study.planning.cards.choice import share_bytes
from study.planning.cards.measuring import Card
from study.planning.cards.samples import Measured, Rows
from study.planning.cards.shape import Shape, shape_of
from study.planning.replica import rows_of_shard


@dataclass(frozen=True)
class Known:
    """What is known of a shape's arrays on a card.

    Args:
        shape: the shape.
        most_rows: replicas that the study has for an array, at most.
        measured: what samples have shown; ``None``: there are none.
        at_most: rows that are tried at most, since memory has run out in training; ``None``: it has not.
        failure: why there are no samples; empty: there was no time for any, or there are some.
    """

    shape: Shape
    most_rows: int
    measured: Measured | None = None
    at_most: int | None = None
    failure: str = ""


class CardPacking:
    """The packing of a study on GPUs.

    Args:
        card: the GPU that was measured; others of its kind are taken to be like it.
        known: what is known of the study's shapes.
        development: the examples, with all tasks.
        arrays: how many arrays share a card.
        kept: returns what is known of a shape with what was kept of it before; asked for shapes that are not among
            ``known``: some widths are found when others are trained.

    Attributes:
        note: called with what is known of a shape whenever memory has run out.
    """

    def __init__(
        self,
        card: Card,
        known: Iterable[Known],
        development: Development,
        arrays: int = 1,
        kept: Callable[[Known], Known] = lambda known: known,
    ) -> None:
        self.card, self.arrays, self._kept = card, arrays, kept
        self.note: Callable[[Known], None] = lambda known: None
        self._known, self._development = {one.shape.digest: one for one in known}, development
        self._most_rows = max((one.most_rows for one in self._known.values()), default=1)
        self._shapes: dict[str, Shape] = {}
        self._others: dict[str, Known] = {}
        self._likes: dict[str, Measured | None] = {}

    @property
    def known(self) -> list[Known]:
        """What is known of the study's shapes."""
        return list(self._known.values())

    def shared_by(self, arrays: int) -> CardPacking:
        """Return the same packing with so many arrays on a card; what is known is known to both."""
        found = copy.copy(self)
        found.arrays = arrays
        return found

    def rows(self, recipe: Recipe, tasks: tuple[str, ...]) -> int:
        """Return how many replicas of ``recipe`` train as one array, at most.

        Args:
            recipe: of the replicas.
            tasks: that each of them learns.
        """
        return self.rows_of(self.known_of(recipe, tasks)).number

    def lower(self, recipe: Recipe, tasks: tuple[str, ...], rows: int) -> None:
        """Note that memory has run out, and that arrays of ``recipe`` have at most ``rows`` replicas from now on.

        Args:
            recipe: of the replicas.
            tasks: that each of them learns.
            rows: that are tried next.
        """
        before = self.known_of(recipe, tasks)
        lower = rows if before.at_most is None else min(rows, before.at_most)
        now = replace(before, at_most=max(lower, 1))
        self._known[now.shape.digest] = now
        self.note(now)

    def rows_of(self, known: Known) -> Rows:
        """Return how many replicas of a shape train as one array, at most, and why not more."""
        measured = self.samples_of(known)
        if measured is None:
            found = Rows(min(rows_of_shard(known.shape.replica_bytes), known.most_rows), "time")
        else:
            found = measured.rows(share_bytes(self.card.free_bytes, self.arrays), known.most_rows)
        lowered = known.at_most is not None and known.at_most < found.number
        return Rows(known.at_most, "memory") if lowered and known.at_most else found

    def samples_of(self, known: Known) -> Measured | None:
        """Return what was measured of a shape, or of the one that is most like it; ``None``: nothing was."""
        if known.measured is not None:
            return known.measured
        if known.shape.digest not in self._likes:
            self._likes[known.shape.digest] = self._like(known.shape)
        return self._likes[known.shape.digest]

    def known_of(self, recipe: Recipe, tasks: tuple[str, ...]) -> Known:
        """Return what is known of the shape of ``recipe``, each of whose replicas learns ``tasks``."""
        key = f"{recipe} {tasks}"
        if key not in self._shapes:
            self._shapes[key] = shape_of(recipe, self._development.only(*tasks))
        shape = self._shapes[key]
        if shape.digest in self._known:
            return self._known[shape.digest]
        if shape.digest not in self._others:
            self._others[shape.digest] = self._kept(Known(shape, self._most_rows))
        return self._others[shape.digest]

    def _like(self, shape: Shape) -> Measured | None:
        """What was measured of the network that is most like ``shape``, with the memory that this one would take."""
        measured = [(one.shape, one.measured) for one in self._known.values() if one.measured is not None]
        near = [(other, its) for other, its in measured if other.kind == shape.kind] or measured
        if not near:
            return None
        nearest, its = min(near, key=lambda one: abs(math.log(_size(one[0]) / _size(shape))))
        ratio = shape.replica_bytes / nearest.replica_bytes
        samples = [replace(one, bytes=its.fixed_bytes + one.rows * its.row_bytes * ratio) for one in its.samples]
        return replace(its, samples=samples, too_many=None)


def _size(shape: Shape) -> int:
    return max(shape.multiply_adds, 1)
