"""Task sets from a data set of torch that the user names."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.data.arrays.array_options import ArrayOptions
from mtl_core.data.arrays.from_dataset import arrays_of_parts, parts_of, probe
from mtl_core.data.arrays.task_set_of_arrays import task_set_of_arrays
from mtl_core.data.row_parts import EveryRowJudges, holdout
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.registry import imported
from mtl_core.tasks import TaskSource


@dataclass(kw_only=True, eq=False)
class Dataset(ArrayOptions, TaskSource):
    """The user's own torch data set, whose items are pairs ``(x, {task: y})``; all are read once, into memory.

    A label that is ``None`` or NaN, or a task that an item leaves out, is missing.  The task ``age`` is called
    ``y_age``, as in files of arrays.  Items are the same each time that they are read: no random augmentation.
    A study keeps what was read in its run directory and goes on from there without the data set.

    Source: the user's code.

    Args:
        call: dotted path ``package.module:name`` of a class or a function that returns the data set, or one each for
            ``{"train": …, "test": …}`` and, if need be, ``"valid"``; or of the data set itself.
        arguments: keyword arguments of the call.
        others: as for every task set of arrays, see :class:`mtl_core.data.arrays.array_options.ArrayOptions`.
    """

    call: str
    arguments: dict[str, Any] | None = None

    def build(self) -> TaskSet:
        """Return the task set of all items.

        Raises:
            UserError: when the data set cannot be made, or an item or an option cannot be used.
        """
        return self.build_for(holdout)

    def build_for(self, design: EveryRowJudges) -> TaskSet:
        """Return the same examples, with metrics and remarks of all items where ``design`` lets all items judge."""
        parts = self.parts()
        probe(parts, self.call)
        return task_set_of_arrays(arrays_of_parts(parts, self.call), self, self.call, self.name, design)

    @property
    def name(self) -> str:
        """Name of the task set: the last part of the dotted path."""
        return self.call.rpartition(":")[2].rpartition(".")[2]

    def parts(self) -> dict[str, Any]:
        """Return the data sets that the call gives, by part.

        Raises:
            UserError: when the path cannot be imported, or the call fails.
        """
        found = imported(self.call, "tasks.call")
        if not (callable(found) and (inspect.isclass(found) or not hasattr(found, "__getitem__"))):
            return parts_of(found, self.call)
        try:
            made = found(**(self.arguments or {}))
        except Exception as error:  # the user's code runs here, and whatever it raises is theirs to know
            reason = f"calling it raised {type(error).__name__}: {str(error)[:200]}."
            raise UserError(f"tasks.call: {self.call}", reason, "Mend it, or its arguments.") from error
        return parts_of(made, self.call)

    def source(self) -> str:
        """Return the code that makes the data set, as far as its module's file holds it; empty without a file."""
        found = imported(self.call, "tasks.call")
        file = inspect.getsourcefile(found) if callable(found) else None
        return Path(file).read_text("utf-8", "replace") if file else ""
