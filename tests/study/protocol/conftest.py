"""A finished tiny study, and a context on a copy of it, for phases that are run by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from study.driver.run import run
from study.planning.make_plan import make_plan
from study.protocol.context import StudyContext
from study.store.archive import Archive
from study.store.ledger import NAME, Ledger
from tests.study.conftest import install, small_task_set, tiny

Opener = Callable[..., StudyContext]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed study on the fake engine."""
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        return run(tiny(), out=tmp_path_factory.mktemp("protocol") / "run", backend="inline")


@pytest.fixture
def opened(fake: Path, finished: Path, tmp_path: Path) -> Iterator[Opener]:
    """Opens a copy of the finished study, without the ledger's events of some kinds or from some event on."""
    with ExitStack() as stack:

        def open_copy(*, until: Callable[[dict[str, Any]], bool] = lambda event: False, **changes: Any) -> StudyContext:
            out = shutil.copytree(finished, tmp_path / "copy")
            lines = (out / NAME).read_text().splitlines(keepends=True)
            end = next((place for place, line in enumerate(lines) if until(json.loads(line))), len(lines))
            (out / NAME).write_text("".join(lines[:end]))
            task_set = small_task_set()
            plan = make_plan(tiny(**changes), task_set.development)
            ledger = stack.enter_context(Ledger(out))
            return StudyContext(plan, Archive(out), ledger, task_set.development, task_set.fingerprint(), out)

        yield open_copy


def frozen(choice: str) -> Callable[[dict[str, Any]], bool]:
    """Whether an event freezes ``choice``."""
    return lambda event: event["event"] == "frozen" and event["choice"] == choice
