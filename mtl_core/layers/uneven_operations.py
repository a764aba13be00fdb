"""Operations of torch whose last bits depend on a number's place in an array, and what records them."""

from __future__ import annotations

from typing import Any

from mtl_core.layers.operation_mode import OperationMode

UNEVEN = frozenset(
    ["sigmoid", "silu", "softplus", "elu", "mish", "glu", "log_sigmoid_forward", "pow", "binary_cross_entropy",
     "binary_cross_entropy_with_logits", "soft_margin_loss"]
)  # fmt: skip
"""Operations known to round differently in an array's tail, some so rarely that a trial might miss it."""


class RecordedOperations(OperationMode):
    """Records, inside a ``with`` block, which of the operations that run are uneven.

    Attributes:
        uneven: names of those that ran, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.uneven: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__.removesuffix("_").removesuffix("_backward")
        whole = name == "pow" and isinstance(args[1], int | float) and float(args[1]).is_integer()
        if name in UNEVEN and not whole:
            self.uneven.append(name)
        return func(*args, **(kwargs or {}))
