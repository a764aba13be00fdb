"""One thread, as in a worker: a replica's bits are promised for one type of CPU at one thread count."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

torch.set_num_threads(1)
