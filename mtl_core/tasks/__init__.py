"""Task sets, one a file: a class whose keyword-only arguments are its options and whose ``build`` makes the data."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mtl_core.data.row_parts import EveryRowJudges
from mtl_core.data.task_set import TaskSet


class TaskSource(ABC):
    """Base class of the task sets, which the registry finds by the stem of their file."""

    @abstractmethod
    def build(self) -> TaskSet:
        """Return the task set; the same arguments give the same bytes."""

    def build_for(self, design: EveryRowJudges) -> TaskSet:
        """Return the same examples, with metrics and remarks that suit the design of a study's evaluation.

        Args:
            design: says whether every row judges, or a test split does.
        """
        del design  # a task set that makes no remarks on its split is the same for all
        return self.build()
