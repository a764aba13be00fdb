"""Policies: what a search strategy asks for, and what it is told.

A policy is a generator that yields what is to be trained and is sent what came of it; :mod:`study.protocol.follow` has
it trained.  What a policy is sent is the same whichever worker trained it and in which order, so that its choices
depend neither on the workers nor on interruptions.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from study.planning.arm import Arm


@dataclass(frozen=True)
class Origin:
    """An earlier draw of the same arm, of which a trial is the same for its first ``epochs`` and parts then."""

    draw: int
    epochs: int


@dataclass(frozen=True)
class Trial:
    """An arm at one draw, with all search seeds.

    Args:
        arm: what is trained.
        draw: number of the draw.
        hyperparameters: those that the strategy proposes for it; ``None``: the draw is one of the plan's.
        task: the one that is learnt, for a single-task arm.
        origin: what has trained the beginning already; it saves time, and changes no number.
    """

    arm: Arm
    draw: int
    hyperparameters: Mapping[str, Any] | None = None
    task: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True)
class Answer:
    """What came of a trial, on average over its seeds; a seed that was lost counts as skill −1.

    Args:
        skill: best mean validation skill over tasks.
        skills: validation skill by task, at the same epoch.
        multiply_adds: of a forward pass for one example, all tasks of the trial.
    """

    skill: float
    skills: Mapping[str, float] = field(default_factory=dict)
    multiply_adds: float = 0.0


@dataclass(frozen=True)
class Tried:
    """A trial with what its sampler was told of it."""

    trial: Trial
    values: tuple[float, ...]


@dataclass(frozen=True)
class Round:
    """Trials that train up to ``epochs``; the policy is sent a list of :class:`Answer`, in their order.

    What an earlier round of the policy has trained for fewer epochs, and this one does not name, is stopped.  Skills
    count from the epoch after ``since`` on.
    """

    trials: Sequence[Trial]
    epochs: int
    since: int = 0


@dataclass(frozen=True)
class WholeArms:
    """Arms that are searched with every draw of the plan, the worse half of which stops at each rung.

    The policy is sent a list of numbers: the mean validation skill of each arm's best draw, NaN where none trained.
    """

    arms: Sequence[Arm]


@dataclass(frozen=True)
class Together:
    """Policies that run side by side; the policy that yields this is sent a list of what they returned."""

    policies: Sequence[Policy]


Policy = Generator[Round | WholeArms | Together, Any, Any]
"""A generator that yields what is to be trained next."""


@dataclass(frozen=True)
class Amount:
    """How much is trained, for one search seed: trials, and the epochs of all of them together."""

    trials: int
    epochs: float
