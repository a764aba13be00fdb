"""An engine that takes its time, so that something can happen meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from tests.study import fake_engine


@dataclass(frozen=True)
class SlowEpochs:
    """An epoch of the fake engine takes ``seconds``; after each it takes a snapshot."""

    seconds: float

    def __call__(self) -> None:
        fake_engine.DELAY = self.seconds
