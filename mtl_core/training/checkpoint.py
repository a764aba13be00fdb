"""Checkpoints: states of replicas on disk, as safetensors and never as a pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load as decode
from safetensors.torch import save as encode
from torch import Tensor

from mtl_core.network.replica_state import ReplicaState

_SEPARATOR = "/"


def save(path: Path, states: Mapping[str, Mapping[str, Tensor]], meta: Mapping[str, str] | None = None) -> None:
    """Write the states of replicas to a file, atomically: under a temporary name, synced, then renamed.

    Args:
        path: the file to write or replace.
        states: states of the replicas, by key.
        meta: text to store beside the states, as metadata of the safetensors format.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(temporary, "wb") as file:
        file.write(encoded(states, meta))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def encoded(states: Mapping[str, Mapping[str, Tensor]], meta: Mapping[str, str] | None = None) -> bytes:
    """Return the states of replicas as the bytes of a safetensors file, see :func:`save`."""
    tensors = {
        f"{key}{_SEPARATOR}{name}": value.detach().cpu().contiguous()
        for key, state in states.items()
        for name, value in state.items()
    }
    return encode(tensors, metadata=dict(meta or {}))


def decoded(content: bytes) -> dict[str, ReplicaState]:
    """Return the states of replicas that the bytes of a safetensors file hold, by key.

    Raises:
        safetensors.SafetensorError: if they are damaged.
    """
    states: dict[str, ReplicaState] = {}
    for full_name, tensor in decode(content).items():
        key, _, name = full_name.rpartition(_SEPARATOR)
        states.setdefault(key, {})[name] = tensor
    return states


def load(path: Path) -> dict[str, ReplicaState]:
    """Return the states of replicas that a file holds, by key.

    Raises:
        OSError, safetensors.SafetensorError: if the file is missing or damaged.
    """
    return decoded(path.read_bytes())
