"""The machines of a Ray cluster as they come and go, and how many workers they hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402

LOOK_SECONDS = 2.0
"""Seconds between two looks at the cluster."""


class Nodes:
    """The machines of a cluster as they were when last looked at; the searcher looks now and then.

    Args:
        most: workers that the user asked for at most; ``None``: as many as the machines hold.
        on_a_card: workers that share a GPU; 0 where they train on processors.
        listed: returns the machines as :func:`ray.nodes` does, which it is by default.
    """

    def __init__(
        self,
        most: int | None,
        on_a_card: int = 0,
        listed: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        self._most, self._on_a_card, self._listed = most, on_a_card, listed or ray.nodes
        self.look()

    def look(self) -> None:
        """Find out which machines are there, now."""
        self._seen = {node["NodeID"]: node["Resources"] for node in self._listed() if node["Alive"]}
        self._looked = time.monotonic()

    def look_now_and_then(self) -> None:
        """Find out which machines are there, if the last look was some seconds ago."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self.look()

    @property
    def workers(self) -> int:
        """How many workers the machines hold; none where all that could train have left."""
        held = sum(self._held_by(resources) for resources in self._seen.values())
        return min(held, self._most or held)

    def has_left(self, node: str) -> bool:
        """Return whether the machine ``node``, by its identity in the cluster, is not there any more."""
        return node not in self._seen

    def _held_by(self, resources: Mapping[str, float]) -> int:
        cores = int(resources.get("CPU", 0))
        return min(cores, int(resources.get("GPU", 0)) * self._on_a_card) if self._on_a_card else cores
