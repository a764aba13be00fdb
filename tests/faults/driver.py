"""A driver for the tests to kill: ``python -m tests.faults.driver OUT JOURNAL BACKEND [DELAY]``, on the fake engine."""

from __future__ import annotations

import sys
from pathlib import Path

from mtl_core import evaluation, trainer
from study.run import run
from tests.study import fake_engine
from tests.study.conftest import tiny


def main(out: str, journal: str, backend: str, delay: str = "0") -> None:
    """Run the tiny study."""
    fake_engine.JOURNAL, fake_engine.DELAY = Path(journal), float(delay)
    trainer.fit = fake_engine.fit  # type: ignore[assignment]
    evaluation.score_examples_on = fake_engine.score_examples_on
    print("ready", flush=True)
    run(tiny(), out=Path(out), backend=backend)


if __name__ == "__main__":
    main(*sys.argv[1:])
