"""Draws: quasi-random points of the tuning hyperparameters, the same for every arm.

Learning rate, weight decay and dropout of draw j are one scrambled Sobol point and do not depend on the arm, so that
arms are compared at the same settings.  What a method or an architecture brings along (its registry entry's ranges)
comes from a sequence of its own: it adds dimensions, not draws.  In draw 0 all of them are at their defaults, so the
choice among the draws can always fall back to the method as its authors describe it.  A draw does not depend on how
many are made, so a larger study begins with the smaller one's.  A value that the study file gives such an option stands
in every draw, and a range replaces the option's own; the others stay as they were.  Options that are tuned on request
are drawn only where the study file gives them a range.

Where a study chooses among several norms, each draw is there with every norm, one after the other: draw j of n norms
has the values of draw ⌊j/n⌋.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mtl_core.errors import UserError
from mtl_core.registry import Option, find
from mtl_core.search_space import Range, Simplex
from study.config.sections import Tuning
from study.planning.arm import NORM, Arm
from study.planning.drawn_options import range_of

COMMON = ("learning_rate", "weight_decay", "dropout")
FIRST_DIMENSION = {"weighting": len(COMMON), "sharing": 256}
"""Where the sequences of methods and of architectures begin: apart from each other, see :func:`points`."""


class Draws:
    """The draws of a study: values of the tuning hyperparameters by arm and number.

    Args:
        tuning: their number, and the ranges or fixed values that replace the optimisers' own.
        num_tasks: length of a weight vector on the simplex.
        ranges: ranges of the common hyperparameters, whatever the optimiser; by default each optimiser's own.
        options: what the study file sets of methods and architectures, by kind and name.
        norms: norms of the backbone that are tried with every draw; ``None``: its option is set for the whole study.
    """

    def __init__(
        self,
        tuning: Tuning,
        num_tasks: int,
        ranges: Mapping[str, Range] | None = None,
        options: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
        norms: Sequence[str] | None = None,
    ) -> None:
        self.norms = tuple(norms or ())
        self.num_draws, self.num_tasks = tuning.draws, num_tasks
        self._asked = {name: getattr(tuning, name) for name in COMMON}
        self._ranges, self._options = ranges, options or {}
        self._common: dict[str, list[dict[str, Any]]] = {}
        self._own: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def __len__(self) -> int:
        return self.num_draws * max(1, len(self.norms))

    def of(self, arm: Arm, draw: int) -> dict[str, Any]:
        """Return the tuning hyperparameters of ``arm`` at ``draw``."""
        own = (self._of("weighting", arm.weighting), self._of("sharing", arm.sharing))
        norm, point = {}, draw
        if self.norms:
            point, place = divmod(draw, len(self.norms))
            norm = {NORM: self.norms[place]}
        return self._of_optimiser(arm.optimiser)[point] | own[0][point] | own[1][point] | norm

    def common(self, optimiser: str) -> dict[str, Range | float]:
        """Return ranges or fixed values of the common hyperparameters, which by default are the optimiser's own."""
        from mtl_core.training.ranges import ranges_of

        ranges = ranges_of(optimiser) if self._ranges is None else self._ranges
        return {name: ranges[name] if value is None else value for name, value in self._asked.items()}

    def _of_optimiser(self, optimiser: str) -> list[dict[str, Any]]:
        if optimiser not in self._common:
            self._common[optimiser] = points(self.common(optimiser), self.num_draws, "common")
        return self._common[optimiser]

    def _of(self, kind: str, name: str) -> list[dict[str, Any]]:
        if (kind, name) not in self._own:
            sized = self.drawn(kind, name)
            drawn = points(sized, self.num_draws, kind, name, after=FIRST_DIMENSION[kind])
            drawn[0] = {option: _default(find(kind, name).options[option], sized[option]) for option in sized}
            self._own[kind, name] = [values | self.fixed(kind, name) for values in drawn]
        return self._own[kind, name]

    def drawn(self, kind: str, name: str) -> dict[str, Range]:
        """Return the ranges of a method's or architecture's own hyperparameters; those on request come last."""
        entry, given = find(kind, name), self._options.get(kind, {}).get(name, {})
        asked = {option: found for option, value in given.items() if (found := range_of(value)) is not None}
        drawn = entry.tuned | {option: asked[option] for option in entry.tunable if option in asked}
        return {option: _sized(range_, self.num_tasks) for option, range_ in drawn.items()}

    def fixed(self, kind: str, name: str) -> dict[str, Any]:
        """Return the tuned options of a method or architecture that the study file gives a value: they are not drawn.

        Raises:
            UserError: when task weights are set that are not as many as the tasks, or do not add up to 1.
        """
        given = self._options.get(kind, {}).get(name, {})
        fixed = {option: range_ for option, range_ in find(kind, name).tunable.items() if option in given}
        fixed = {option: range_ for option, range_ in fixed.items() if range_of(given[option]) is None}
        for option, range_ in fixed.items():
            _check(_sized(range_, self.num_tasks), given[option], f"training.{kind}_options.{name}.{option}")
        return {option: given[option] for option in fixed}

    def fixed_of(self, arm: Arm) -> dict[str, Any]:
        """Return all hyperparameters of ``arm`` that have one value in every draw."""
        common = {name: value for name, value in self.common(arm.optimiser).items() if isinstance(value, float | int)}
        return common | self.fixed("weighting", arm.weighting) | self.fixed("sharing", arm.sharing)

    def remarks(self, arms: Iterable[Arm]) -> Iterator[str]:
        """Yield what the study file fixes for these arms, or tries with every draw, in words."""
        if self.norms:
            yield f"norm: each of the {self.num_draws} draws is tried with {' and '.join(self.norms)}"
        for kind in FIRST_DIMENSION:
            for name in dict.fromkeys(getattr(arm, kind) for arm in arms):
                for option, value in self.fixed(kind, name).items():
                    yield f"{name}: {option} is {value} in every draw"


def points(ranges: Mapping[str, Range | float], num_points: int, *stream: str, after: int = 0) -> list[dict[str, Any]]:
    """Return the first points of the scrambled Sobol sequence ``stream`` in ``ranges``.

    A fixed value keeps its dimension: fixing one hyperparameter leaves the others' values as they were.

    Args:
        ranges: by name; the order is the order of the dimensions.
        num_points: a prefix of the same sequence, whatever its length.
        stream: names the scrambling.
        after: dimensions of the sequence that are left to others.  Scrambling leaves two copies of one dimension
            locked to each other (their first binary digits agree always or never), so sequences that are used side
            by side must not start at the same dimension.
    """
    import torch
    from torch.quasirandom import SobolEngine

    from mtl_core.randomness.seeding import stream_seed

    dimensions = sum(_dimensions(range_) for range_ in ranges.values())
    if not dimensions:
        return [{} for _ in range(num_points)]
    seed = stream_seed(0, "draws", *stream) % 2**31
    cube = SobolEngine(after + dimensions, scramble=True, seed=seed).draw(num_points, dtype=torch.float64)
    return [_values(ranges, point) for point in cube[:, after:].tolist()]


def _values(ranges: Mapping[str, Range | float], point: Sequence[float]) -> dict[str, Any]:
    values, start = {}, 0
    for name, range_ in ranges.items():
        end = start + _dimensions(range_)
        values[name] = range_ if isinstance(range_, float | int) else range_.at(point[start:end])
        start = end
    return values


def _dimensions(range_: Range | float) -> int:
    return 1 if isinstance(range_, float | int) else range_.dimensions


def _check(range_: Range, value: Any, where: str) -> None:
    """A single number may lie outside its range; weights must be weights."""
    if not isinstance(range_, Simplex):
        return
    numbers = isinstance(value, list) and all(isinstance(weight, int | float) for weight in value)
    if not numbers or len(value) != range_.dimensions or not range_.holds(value):
        wanted = f"Write {range_.dimensions} numbers from 0 up, one for each task, that add up to 1."
        raise UserError(where, f"it is {str(value)[:80]}.", wanted)


def _default(option: Option, range_: Range) -> Any:
    """The option's default; task weights have none of their own, and start from equal ones."""
    return range_.centre() if isinstance(range_, Simplex) and option.default is None else option.default


def _sized(range_: Range, num_tasks: int) -> Range:
    return range_.sized(num_tasks) if isinstance(range_, Simplex) and range_.size is None else range_
