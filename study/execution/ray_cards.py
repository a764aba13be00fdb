"""The GPUs of a Ray cluster: whether workers train on them, how many workers may share one, and work done on one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402
from ray.exceptions import RayError  # noqa: E402
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: E402

from mtl_core.errors import UserError  # noqa: E402
from mtl_core.training.device import chosen_device  # noqa: E402
from study.execution.backend import CardNotReached, T  # noqa: E402
from study.jobs.job import describe  # noqa: E402

MOST_ON_A_CARD = 4
"""Workers that share a GPU, at most, where the study file says nothing, and as many where none could be measured."""

KIND = "accelerator_type:"
"""Beginning of the name of the resource by which Ray says which GPUs a machine has."""

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


def kinds_of_cards() -> dict[str, int]:
    """Return how many GPUs of each kind the machines of the cluster have, by what Ray calls the kind.

    Ray names the GPUs of a machine in its resources, as ``accelerator_type:H100``; a kind that it does not know is
    empty.
    """
    found = Counter[str]()
    for node in ray.nodes():
        if node["Alive"] and (number := int(node["Resources"].get("GPU", 0))):
            found[_kind_of(node["Resources"])] += number
    return dict(sorted(found.items()))


def done_on_card(work: Callable[[], T], kind: str = "") -> T:
    """Return what ``work`` returns in a process of the cluster that has a GPU to itself.

    Args:
        work: what is to be done.
        kind: of the GPU, see :func:`kinds_of_cards`.

    Raises:
        CardNotReached: when it raises an error, its process ends before it, or no such GPU gets free for minutes.
    """
    done = ray.remote(num_cpus=1, num_gpus=1, **_pinned_to(kind))(_returned).remote(work)
    try:
        return ray.get(done, timeout=CARD_SECONDS)
    except RayError as error:
        ray.cancel(done)  # by force the process that asks may be the one that Ray ends, while no worker has begun
        raise CardNotReached(describe(error)) from error


def _kind_of(resources: Mapping[str, float]) -> str:
    return next((name.removeprefix(KIND) for name in sorted(resources) if name.startswith(KIND)), "")


def _pinned_to(kind: str) -> dict[str, Any]:
    """What Ray is told so that work comes to a GPU of ``kind``; nothing where there are no others."""
    if len(kinds_of_cards()) < 2:
        return {}
    if kind:
        return {"accelerator_type": kind}
    unnamed = (
        one for one in ray.nodes() if one["Alive"] and "GPU" in one["Resources"] and not _kind_of(one["Resources"])
    )
    node = next(unnamed, None)
    return {} if node is None else {"scheduling_strategy": NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)}


def _returned(work: Callable[[], T]) -> T:
    return work()
