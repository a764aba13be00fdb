"""One seed, many independent streams, each with a name.

A stream is a pure function of the seed and of its name (``init``, ``order``, ``dropout``, ``split``, …), so nothing
random has a state to save: a resumed run draws what an undisturbed one would have drawn, and the same seed means the
same streams in every arm, which is what makes differences between arms paired.
"""

from __future__ import annotations

import hashlib

import torch


def stream_seed(seed: int, *name: str | int) -> int:
    """A 63-bit number for the stream ``name`` of ``seed``; different names give independent streams."""
    text = "\x1f".join(str(part) for part in (seed, *name))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, *name: str | int) -> torch.Generator:
    """A CPU generator for the stream ``name`` of ``seed``.

    Streams are drawn on the CPU whatever the device, so that a seed means the same numbers everywhere.
    """
    return torch.Generator().manual_seed(stream_seed(seed, *name))
