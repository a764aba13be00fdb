"""Heartbeats of workers on other machines: sent to the driver's, where the screen reads them."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402

SEND_SECONDS = 2.0
LONGEST = 200
"""Characters of a heartbeat."""


class HeartbeatRelay:
    """Sends heartbeats to the driver's machine, and never waits for it: training goes on whatever becomes of them.

    A heartbeat is left out while the one before is on its way, so none pile up where the driver's machine is slow.

    Args:
        server: handle of the actor on the driver's machine, whose ``beat`` stores a heartbeat.
    """

    def __init__(self, server: Any) -> None:
        self._server, self._sent = server, None
        self._time = -SEND_SECONDS

    def __call__(self, name: str, content: str) -> None:
        """Send the heartbeat of the job ``name``, at most every few seconds."""
        if time.monotonic() - self._time < SEND_SECONDS or not self._has_arrived():
            return
        self._sent, self._time = self._server.beat.remote(name, content), time.monotonic()

    def _has_arrived(self) -> bool:
        return self._sent is None or bool(ray.wait([self._sent], timeout=0)[0])


def store_heartbeat(folder: Path, name: str, content: str) -> None:
    """Write the heartbeat of the job ``name``, which comes from another machine, where the screen reads it."""
    if re.fullmatch("[0-9a-f]{1,64}", name) and len(content) <= LONGEST:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(content)
