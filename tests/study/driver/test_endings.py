"""How a study ends before its end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.driver.endings import saying_how_it_ends, stoppable
from study.store.ledger import Ledger


def test_sigterm_ends_the_block_like_ctrl_c_and_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ("error", "event", "reason"),
    [
        (KeyboardInterrupt(), "interrupted", None),
        (UserError("here", "found this.", "Do that."), "refused", "found this."),
        (OSError(28, "No space left on device"), "refused", "No space left"),
        (RuntimeError("odd"), "crashed", "RuntimeError: odd"),
    ],
)
def test_the_ledger_says_why(error: BaseException, event: str, reason: str | None, tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        with pytest.raises(type(error)), saying_how_it_ends(ledger):
            raise error
        last = ledger.events[-1]
    assert last["event"] == event
    assert reason is None or reason in last["reason"]
