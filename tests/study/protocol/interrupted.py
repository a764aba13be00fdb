"""A study that is interrupted again and again until it is done."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from study.config.spec import Spec
from study.driver.run import run
from study.store.ledger import Ledger

MOST = 100
"""Sessions in which a study has to be done."""


def run_interrupted(spec: Spec, out: Path, events: Collection[str], between: int) -> int:
    """Run ``spec``, interrupted at one in ``between`` of ``events``; return how often that was."""
    append, written, interrupted = Ledger.append, 0, 0

    def breaking(ledger: Ledger, event: str, **facts: Any) -> None:
        nonlocal written
        append(ledger, event, **facts)
        written += event in events
        if written % between == between - 1:
            written += 1
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "append", breaking)
        for _ in range(MOST):
            try:
                run(spec, out=out, backend="inline")
                return interrupted
            except KeyboardInterrupt:
                interrupted += 1
    pytest.fail(f"not done after {MOST} sessions")
