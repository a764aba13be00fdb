"""Arms with their hyperparameters as parameters of Optuna, and back.

Every trial has the same parameters, so that crossover and joint densities see all of them: a level for each factor that
has several, and a coordinate of the unit interval for each dimension of each hyperparameter of any arm.  A level that
earlier factors rule out stands for the nearest one that is left; hyperparameters that the arm has not stand for
nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import Trial

from mtl_core.search_space import Choice, Range
from study.planning.arm import NORM, Arm, levels_of
from study.planning.draws import Draws

Point = dict[str, Any]
"""Parameters of a trial, by name."""


class Encoding:
    """The parameters of some arms with their hyperparameters.

    Args:
        arms: to choose from.
        draws: ranges of the hyperparameters.
    """

    def __init__(self, arms: Sequence[Arm], draws: Draws) -> None:
        self._arms, self._draws = arms, draws
        self._factors = {factor: levels_of(arms, factor) for factor in arms[0].levels()}
        self._ranges = {name: range_ for arm in arms for name, range_ in self._ranges_of(arm).items()}

    def suggest(self, trial: Trial) -> Point:
        """Return a value of every parameter, as the sampler of ``trial`` chooses them."""
        point: Point = {
            factor: trial.suggest_categorical(factor, levels)
            for factor, levels in self._factors.items()
            if len(levels) > 1
        }
        for name in (name for own, range_ in self._ranges.items() for name in _coordinates(own, range_)):
            point[name] = trial.suggest_float(name, 0.0, 1.0)
        return point

    def arm(self, point: Mapping[str, Any], left: Sequence[Arm]) -> Arm:
        """Return the arm among ``left`` that ``point`` names, or the nearest one."""
        for factor, levels in self._factors.items():
            there = [arm.levels()[factor] for arm in left]
            if factor in point:
                asked = levels.index(point[factor])
                near = min(there, key=lambda level: abs(levels.index(level) - asked))
                left = [arm for arm in left if arm.levels()[factor] == near]
        return left[0]

    def hyperparameters(self, point: Mapping[str, Any], arm: Arm) -> dict[str, Any]:
        """Return the values of the hyperparameters of ``arm`` at ``point``; those that are fixed have theirs."""
        values = {
            _option(name): range_.at([point[coordinate] for coordinate in _coordinates(name, range_)])
            for name, range_ in self._ranges_of(arm).items()
        }
        # as JSON has them, so that a proposal that was read from the journal equals the one that was written there
        return json.loads(json.dumps(self._draws.fixed_of(arm) | values))

    def point(self, arm: Arm, hyperparameters: Mapping[str, Any]) -> Point:
        """Return a point that stands for ``arm`` at ``hyperparameters``; what else there is lies in the middle."""
        levels = arm.levels()
        point: Point = {factor: levels[factor] for factor, among in self._factors.items() if len(among) > 1}
        own = self._ranges_of(arm)
        for name, range_ in self._ranges.items():
            value = hyperparameters.get(_option(name)) if name in own else None
            middle = [0.5] * range_.dimensions
            point |= zip(_coordinates(name, range_), middle if value is None else range_.point_of(value), strict=True)
        return point

    def _ranges_of(self, arm: Arm) -> dict[str, Range]:
        """The ranges of the hyperparameters of ``arm``, by whose they are and their name."""
        owned = {arm.optimiser: self._draws.common(arm.optimiser)}
        owned |= {getattr(arm, kind): self._draws.drawn(kind, getattr(arm, kind)) for kind in ("weighting", "sharing")}
        ranges = {
            f"{owner}.{option}": range_
            for owner, options in owned.items()
            for option, range_ in options.items()
            if not isinstance(range_, float | int) and option not in self._draws.fixed_of(arm)
        }
        return ranges | ({f"backbone.{NORM}": Choice(self._draws.norms)} if self._draws.norms else {})


def _option(name: str) -> str:
    return name.partition(".")[2]


def _coordinates(name: str, range_: Range) -> list[str]:
    """Names of the parameters of a hyperparameter: one for each dimension."""
    return [name] if range_.dimensions == 1 else [f"{name}.{place}" for place in range(range_.dimensions)]
