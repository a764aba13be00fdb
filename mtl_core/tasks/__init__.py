"""Task sets, one a file: a class whose keyword-only arguments are its options and whose ``build`` makes the data."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mtl_core.data.task_set import TaskSet


class TaskSource(ABC):
    """Where a task set comes from.  Subclasses are found by the registry: the file's stem is the name."""

    @abstractmethod
    def build(self) -> TaskSet:
        """Make the task set; the same arguments give the same bytes."""
