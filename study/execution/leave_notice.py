"""Notice that a worker has to leave: Ray drains its machine, or its process has got SIGTERM.

Ray tells a machine's workers nothing when the machine is drained, because a spot instance is about to be taken back, an
autoscaler makes room, or somebody ran ``ray drain-node``; but it answers whoever asks.  ``ray stop`` and Slurm end
processes by SIGTERM, which in Ray's workers is an error in the midst of training.  Either is a notice here: what trains
stores its state after the epoch that it is at, and goes on elsewhere.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType

from study.execution.ray_environment import set_environment

set_environment()

from ray.exceptions import RpcError  # noqa: E402

from study.execution.ray_nodes import draining_nodes  # noqa: E402

ASK_SECONDS = 3.0
"""Seconds between two questions whether the machine is drained; half a minute is the least that clouds leave one."""


class LeaveNotice:
    """Whether this worker has to leave.

    Args:
        node: identity of this machine in the cluster.
        draining: returns the machines that are being drained.
    """

    def __init__(self, node: str, draining: Callable[[], Collection[str]] = draining_nodes) -> None:
        self._node, self._draining = node, draining
        self._come, self._is_at_work = threading.Event(), False

    def has_come(self) -> bool:
        """Return whether the worker has to leave."""
        return self._come.is_set()

    def listen(self) -> None:
        """Listen for SIGTERM, and ask in a thread from now on, so that training waits for no answer."""
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGTERM)

            def handle(number: int, frame: FrameType | None) -> None:
                self._come.set()
                if not self._is_at_work and callable(before):
                    before(number, frame)

            signal.signal(signal.SIGTERM, handle)
        threading.Thread(target=self._keep_asking, name="leave notice", daemon=True).start()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let SIGTERM be a notice while the block runs; otherwise it ends the process, as Ray has it."""
        self._is_at_work = True
        try:
            yield
        finally:
            self._is_at_work = False

    def _keep_asking(self) -> None:
        while not self._come.wait(ASK_SECONDS):
            self.ask()

    def ask(self) -> None:
        """Find out whether this machine is being drained."""
        try:
            draining = self._draining()
        except RpcError:  # the head is busy or gone; it is asked again
            return
        if self._node in draining:
            self._come.set()
