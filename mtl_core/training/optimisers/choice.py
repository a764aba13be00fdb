"""The choice among the optimisers, by the device and the size of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.replica_state import StackedStates
from mtl_core.training.optimisers.on_device import DeviceOptimiser
from mtl_core.training.optimisers.optimiser import Optimiser
from mtl_core.training.optimisers.row_by_row import RowByRowOptimiser
from mtl_core.training.optimisers.small_rows import LARGEST, SmallRowsOptimiser


def optimiser_of(
    name: str,
    layout: Layout,
    parameters: Sequence[Float[Tensor, "r s"]],
    rows: StackedStates,
    hyperparameters: Sequence[Mapping[str, Any]],
    adaptive: bool = False,
    captured: bool = False,
) -> Optimiser:
    """Return the optimiser that is fastest where the rows are.

    Args:
        name, layout, parameters, rows, hyperparameters, adaptive: as for :class:`Optimiser`.
        captured: whether steps are captured, wherever they are taken: then no number of the host may enter them.
    """
    if captured or rows["updates"].device.type != "cpu":
        made: type[Optimiser] = DeviceOptimiser
    else:
        made = SmallRowsOptimiser if layout.num_trained <= LARGEST else RowByRowOptimiser
    return made(name, layout, parameters, rows, hyperparameters, adaptive)
