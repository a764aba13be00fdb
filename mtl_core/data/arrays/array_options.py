"""Options that task sets of arrays have in common, whether the arrays come from files or from a torch data set."""

# Annotations are evaluated here and not later: subclasses in other files inherit them, without the names in them.

from dataclasses import dataclass
from typing import Literal

from mtl_core.data.arrays.input_array import Layout
from mtl_core.data.splits import refuse_no_share
from mtl_core.data.tabular.columns import ColumnKind
from mtl_core.data.tabular.weights import ClassWeight


@dataclass(kw_only=True, eq=False)
class ArrayOptions:
    """Options of a task set of arrays, a base class of the task sets that have them.

    Args:
        targets: names of targets, or patterns such as ``y_*``; all by default.
        kinds: what a target is, where inference is wrong, by name or pattern: ``{'y_*': regression}``.
        metrics: metric of a target, written like kinds.
        losses: training loss of a target, a path ``package.module:name`` of a function of your own, written like kinds.
        order: classes of ordinal targets, lowest first, written like kinds.
        channels: whether the channels of images stand ``first`` or ``last``, where their number does not say it.
        missing: numbers that stand for a missing label, such as −1.
        class_weight: weights of classes in the loss, as for a table.
        test_share: share of the examples that is used for testing where there is no test part.
        seed: of the examples drawn for testing.

    Raises:
        UserError: when the share is not between 0 and 1.
    """

    targets: tuple[str, ...] = ("y", "y_*")
    kinds: dict[str, ColumnKind] | None = None
    metrics: dict[str, str] | None = None
    losses: dict[str, str] | None = None
    order: dict[str, tuple[str, ...]] | None = None
    channels: Layout | None = None
    missing: tuple[int | float, ...] = ()
    class_weight: Literal["balanced"] | dict[str, ClassWeight] | None = None
    test_share: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        refuse_no_share(f"{type(self).__name__.lower()}: test_share", self.test_share)
