"""A driver for the tests to kill; the engine is a fake one that notes what it trains, unless there is no journal."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from study.driver.extend import extend
from study.driver.run import run
from tests.study import fake_engine
from tests.study.conftest import install, tiny


def drive(
    out: Path, backend: str, journal: Path | None = None, delay: float = 0.0, more_seeds: int | None = None
) -> None:
    """Run the tiny study in this process, or add seeds to it; what it says goes into a file beside its directory."""
    log = os.open(f"{out}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in a shell's background ignore it
    if journal is not None:
        fake_engine.JOURNAL, fake_engine.DELAY = journal, delay
        install(pytest.MonkeyPatch())
    try:
        if more_seeds:
            extend(out, seeds=more_seeds)
        else:
            run(tiny(workers=2), out=out, backend=backend)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    drive(Path(sys.argv[1]), sys.argv[2])
