"""Ray on this machine alone: how it is started, and what happens where it does not come up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402

from mtl_core.errors import UserError  # noqa: E402
from study.execution.cluster_token import keep_local_token_private  # noqa: E402
from study.execution.joining import QUIET  # noqa: E402

OBJECT_STORE_BYTES = 128 * 2**20
"""Of the object store, beside the examples."""
STARTS = 3
"""Attempts: a process of Ray may miss the time that it has, and do at once what it should the next."""


def start_local_ray(workers: int | None, num_bytes: int, folder: Path) -> None:
    """Start Ray for this process and its workers.

    Args:
        workers: number of cores that Ray may give away; ``None``: all.
        num_bytes: of the examples.
        folder: for Ray's own files.

    Raises:
        UserError: when Ray did not start in :data:`STARTS` attempts.
    """
    keep_local_token_private()
    options: dict[str, Any] = {"num_cpus": workers, "_temp_dir": str(folder), **QUIET}
    for attempt in range(1, STARTS + 1):
        try:
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES + 4 * num_bytes,
                **options,
            )
            return
        except Exception as error:  # Ray raises what it likes, Exception itself where one of its processes is late
            ray.shutdown()
            if attempt == STARTS:
                reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
                found = f"it did not start on this machine: {reason}"
                raise UserError("Ray", found, "Run the same command again, or add --backend inline.") from error
