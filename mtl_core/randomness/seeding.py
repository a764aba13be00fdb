"""Independent named random streams from one seed.

A stream is a pure function of the seed and of its name (``init``, ``order``, ``dropout``, ``split``, …).  No generator
state has to be saved: a resumed run draws what an uninterrupted one would have drawn.  The same seed gives the same
streams in every arm, so that differences between arms are paired.
"""

from __future__ import annotations

import hashlib

import torch


def stream_seed(seed: int, *name: str | int) -> int:
    """Return a 63-bit seed for the stream ``name`` of ``seed``; different names give independent streams."""
    text = "\x1f".join(str(part) for part in (seed, *name))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, *name: str | int) -> torch.Generator:
    """Return a CPU generator for the stream ``name`` of ``seed``.

    Streams are drawn on the CPU whatever the device, so that a seed means the same numbers everywhere.
    """
    return torch.Generator().manual_seed(stream_seed(seed, *name))
