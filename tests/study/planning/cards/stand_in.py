"""A card that is none: memory and time of an array follow from formulas, and its clock runs by them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from study.planning.cards.measuring import Card
from study.planning.cards.samples import Sample

GB = 1e9


@dataclass
class StandInCard:
    """A card whose arrays take so much.

    Args:
        total: bytes of memory.
        fixed, row: bytes of an array, and of each row in it.
        host, row_seconds: an epoch takes as long as the host asks for it, or as long as its rows take the card.
        trial_epochs: epochs that a trial is worth on the clock.
        holds: rows beyond which memory runs out whatever the formula says, once so many trials were made.
        now: the clock.
        tried: rows of every trial.
        name: of the card.
        seed: seconds to prepare one.
    """

    total: float = 80 * GB
    fixed: float = 1 * GB
    row: float = 0.01 * GB
    host: float = 0.01
    row_seconds: float = 1e-4
    trial_epochs: float = 3.0
    holds: dict[int, float] = field(default_factory=dict)
    now: float = 100.0
    tried: list[int] = field(default_factory=list)
    name: str = "H100"
    seed: float = 0.0

    def epoch(self, rows: int) -> float:
        return max(self.host, rows * self.row_seconds)

    def sample(self, network: Any, rows: int) -> Sample:
        """What :func:`study.planning.cards.trial.sampled` does on a card."""
        self.tried.append(rows)
        held = min((most for after, most in self.holds.items() if len(self.tried) > after), default=float("inf"))
        if self.fixed + rows * self.row > self.total or rows > held:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.now += self.trial_epochs * self.epoch(rows)
        return Sample(rows, self.fixed + rows * self.row, self.epoch(rows), seed_set_up=self.seed)

    def free_bytes(self) -> float:
        return self.total

    def forget_peak(self) -> None:
        pass

    def peak_bytes(self) -> float:
        raise AssertionError("A stand-in makes its samples itself.")

    def seconds(self) -> float:
        return self.now

    @property
    def card(self) -> Card:
        return Card(self.name, 80 * 10**9, "2.13.0+cu130", self.total)
