"""The machines of a Ray cluster as they come and go, and how many workers they hold."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from study.execution.backend import Machine
from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402
from ray._private.worker import global_worker  # noqa: E402 - nothing public says which machines are drained
from ray.exceptions import RpcError  # noqa: E402

LOOK_SECONDS = 2.0
"""Seconds between two looks at the cluster."""

ANSWER_SECONDS = 5.0


def draining_nodes() -> Collection[str]:
    """Return the machines that are being drained, by their identity in the cluster.

    Raises:
        ray.exceptions.RpcError: when the head does not answer.
    """
    here: Any = global_worker
    return here.gcs_client.get_draining_nodes(timeout=ANSWER_SECONDS)


class Nodes:
    """The machines of a cluster as they were when last looked at; the searcher looks now and then.

    One that is being drained counts as having left: Ray starts nothing on it any more.

    Args:
        most: workers that the user asked for at most; ``None``: as many as the machines hold.
        on_a_card: workers that share a GPU; 0 where they train on processors.
        listed: returns the machines as :func:`ray.nodes` does, which it is by default.
        draining: returns the machines that are being drained.
    """

    def __init__(
        self,
        most: int | None,
        on_a_card: int = 0,
        listed: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
        draining: Callable[[], Collection[str]] = draining_nodes,
    ) -> None:
        self._most, self._on_a_card, self._listed, self._draining = most, on_a_card, listed or ray.nodes, draining
        self._drained: Collection[str] = ()
        self.look()

    def look(self) -> None:
        """Find out which machines are there, now."""
        with suppress(RpcError):  # the head is busy: what it said last holds until it is asked again
            self._drained = self._draining()
        alive = [node for node in self._listed() if node["Alive"] and node["NodeID"] not in self._drained]
        self._seen = {node["NodeID"]: node["Resources"] for node in alive}
        self._names = _names({node["NodeID"]: node.get("NodeManagerHostname", "") for node in alive})
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

    @property
    def machines(self) -> dict[str, Machine]:
        """The machines that can train, by their identity in the cluster."""
        held = {node: self._held_by(resources) for node, resources in self._seen.items()}
        return {node: Machine(self._names[node], number) for node, number in held.items() if number}

    def has_left(self, node: str) -> bool:
        """Return whether the machine ``node``, by its identity in the cluster, is not there any more, or soon."""
        return node not in self._seen

    def _held_by(self, resources: Mapping[str, float]) -> int:
        cores = int(resources.get("CPU", 0))
        return min(cores, int(resources.get("GPU", 0)) * self._on_a_card) if self._on_a_card else cores


def _names(hosts: Mapping[str, str]) -> dict[str, str]:
    """Names of machines by their identity: the host's name, with a part of the identity where several have it."""
    several = {host for host, number in Counter(hosts.values()).items() if number > 1}
    return {node: f"{host}/{node[:6]}" if host in several else host or node[:6] for node, host in hosts.items()}
