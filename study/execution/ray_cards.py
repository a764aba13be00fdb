"""The GPUs of a Ray cluster: whether workers train on them, how many workers may share one, and work done on one."""

from __future__ import annotations

import math
from collections.abc import Callable

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402
from ray.exceptions import RayError  # noqa: E402

from mtl_core.errors import UserError  # noqa: E402
from mtl_core.training.device import chosen_device  # noqa: E402
from study.execution.backend import CardNotReached, T  # noqa: E402
from study.jobs.job import describe  # noqa: E402

MOST_ON_A_CARD = 4
"""Workers that share a GPU, at most, where the study file says nothing, and as many where none could be measured."""

CARD_SECONDS = 300.0
"""Seconds after which what was to be done on a GPU is given up: other programs of the cluster may hold all of them."""


def num_cards() -> int:
    """Return the number of GPUs that the machines of the cluster have together."""
    return int(ray.cluster_resources().get("GPU", 0))


def device_of_cluster(asked: str, *, is_here: bool) -> str:
    """Return the type of the device that workers train on.

    Args:
        asked: ``auto``, ``cpu`` or ``cuda``.
        is_here: whether the cluster is this machine alone: ``auto`` takes its GPUs only where torch can use them.

    Raises:
        UserError: when a GPU is asked for and the cluster has none.
    """
    if asked == "cpu":
        return "cpu"
    if num_cards() and (asked == "cuda" or not is_here or chosen_device("auto").type == "cuda"):
        return "cuda"
    if asked == "cuda":
        remedy = "Choose cpu or auto, or add a machine with a GPU to the cluster."
        raise UserError("device: cuda", "the Ray cluster has no GPU.", remedy)
    return "cpu"


def most_on_a_card(workers: int | None) -> int:
    """Return how many workers could share a GPU of the cluster.

    Args:
        workers: that were asked for; ``None``: one per core, up to :data:`MOST_ON_A_CARD` on each GPU.
    """
    cores = max(int(ray.cluster_resources().get("CPU", 1)), 1)
    return math.ceil((workers or min(cores, MOST_ON_A_CARD * num_cards())) / num_cards())


def done_on_card(work: Callable[[], T]) -> T:
    """Return what ``work`` returns in a process of the cluster that has a GPU to itself.

    Raises:
        CardNotReached: when it raises an error, its process ends before it, or no GPU gets free for minutes.
    """
    done = ray.remote(num_cpus=1, num_gpus=1)(_returned).remote(work)
    try:
        return ray.get(done, timeout=CARD_SECONDS)
    except RayError as error:
        ray.cancel(done)  # by force the process that asks may be the one that Ray ends, while no worker has begun
        raise CardNotReached(describe(error)) from error


def _returned(work: Callable[[], T]) -> T:
    return work()
