"""Private networks inside one multi-task loop."""

from __future__ import annotations

from mtl_core.sharing import Sharing


class Independent(Sharing):
    """A copy of everything for every task, trained in one loop on common batches.

    y = Σ_j 1(z = j) f_j(x) with the one-hot task descriptor z: conditioning by multiplication at its extreme, where no
    parameter is shared.  As a baseline (``loop``) it tells the effect of sharing from the effect of the common loop.

    Source: CS330 (Stanford), "Multi-task learning basics".

    Differs from the source: nothing.
    """

    uses_depth = False

    def copies_at(self, level: int) -> tuple[str, ...]:
        return self.tasks
