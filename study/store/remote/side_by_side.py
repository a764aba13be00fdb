"""Several requests to a store side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from study.store.remote.object_storage import ObjectStorage

PARALLEL = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(storage: ObjectStorage, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return what ``work`` makes of all items, several at once; when one fails, the others lose their patience.

    Without that, Ctrl+C would wait until the last of them had given up.
    """
    waiting = list(items)
    if len(waiting) < 2:
        return [work(item) for item in waiting]
    with ThreadPoolExecutor(PARALLEL) as pool:
        try:
            return list(pool.map(work, waiting))
        except BaseException:
            storage.patience = 0.0
            pool.shutdown(wait=False, cancel_futures=True)
            raise
