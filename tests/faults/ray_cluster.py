"""A Ray cluster of several machines on this one: each has a raylet, a core and an object store of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from study.execution.driver_storage import HAND_BACK
from study.execution.ray_environment import set_environment

set_environment()

from ray.cluster_utils import Cluster  # noqa: E402

from tests.faults.test_kill import HANGING  # noqa: E402

BYTES = 80 * 2**20
"""Of a node's object store; Ray takes no less than 75 MiB."""

PATIENT = {"health_check_timeout_ms": 300_000}
"""A node that does not answer because the machine is busy is not dead; one whose processes are gone is found soon."""


class Machines:
    """A head that trains nothing, and machines with one core each that come and go.

    Args:
        folder: where Ray's files go.
        far: whether workers act as if they did not see the run directory.
    """

    def __init__(self, folder: str, *, far: bool = False) -> None:
        self._parts: dict[str, Any] = {"node_ip_address": "127.0.0.1", "object_store_memory": BYTES}
        self._environment = {"env_vars": {HAND_BACK: "1"}} if far else {}
        head = self._parts | {"num_cpus": 0, "temp_dir": folder, "include_dashboard": False, "_system_config": PATIENT}
        with mock.patch("ray._private.utils.write_ray_address"):  # or a driver with --address auto would take this one
            self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address: str = self._cluster.address
        self.nodes: list[Any] = []

    def join(self) -> Any:
        """Let another machine join, and return it; from any thread, though only the main one may handle signals."""
        with mock.patch("ray._private.utils.set_sigterm_handler"):
            self.nodes.append(self._cluster.add_node(wait=False, num_cpus=1, **self._parts, **self._environment))
        return self.nodes[-1]

    def leave(self, node: Any) -> None:
        """Kill every process of a machine at once, as if its plug were pulled."""
        self.nodes.remove(node)
        self._cluster.remove_node(node, allow_graceful=False)

    def wait(self) -> None:
        """Wait until every machine is known to the head."""
        self._cluster.wait_for_nodes(timeout=HANGING)

    def shutdown(self) -> None:
        """End every process of the cluster."""
        self._cluster.shutdown()


@contextmanager
def machines(number: int, *, far: bool = False) -> Iterator[Machines]:
    """Yield a cluster of so many machines beside its head; the path is short, since sockets have to fit into it."""
    with tempfile.TemporaryDirectory(prefix="c", dir="/tmp", ignore_cleanup_errors=True) as folder:
        cluster = Machines(folder, far=far)
        try:
            for _ in range(number):
                cluster.join()
            cluster.wait()
            yield cluster
        finally:
            cluster.shutdown()
