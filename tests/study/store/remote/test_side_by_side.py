"""Several requests side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from mtl_core.errors import UserError
from study.store.remote.object_storage import ObjectStorage
from study.store.remote.side_by_side import PARALLEL, each


def test_results_come_in_the_order_of_the_items(store: Callable[..., ObjectStorage]) -> None:
    met = threading.Barrier(PARALLEL)

    def work(item: int) -> int:
        met.wait(timeout=600)  # passes only when so many are under way at once
        return -item

    assert each(store(), work, range(PARALLEL)) == [-item for item in range(PARALLEL)]
    assert each(store(), lambda item: item, []) == []


@pytest.mark.parametrize("error", [UserError("a", "b", "c"), KeyboardInterrupt()])
def test_when_one_fails_the_others_lose_their_patience(
    store: Callable[..., ObjectStorage], error: BaseException
) -> None:
    storage = store()

    def work(item: int) -> None:
        if item == 0:
            raise error
        while storage.patience:
            threading.Event().wait(0.01)

    with pytest.raises(type(error)):
        each(storage, work, range(3))
    assert storage.patience == 0
