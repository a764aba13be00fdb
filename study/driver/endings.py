"""How a study ends before its end: signals stop it, and its ledger says why it stopped."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from mtl_core.errors import UserError
from study.jobs.job import describe
from study.store.ledger import Ledger
from study.store.unwritable import is_unwritable


@contextmanager
def saying_how_it_ends(ledger: Ledger) -> Iterator[None]:
    """Write to the ledger why the block stops before its end, for whoever asks for the status of the study later."""

    def note(event: str, **facts: str) -> None:
        with suppress(OSError):  # a full disk may be the reason itself, and is told by the error that is under way
            ledger.append(event, **facts)

    try:
        yield
    except KeyboardInterrupt:
        note("interrupted")
        raise
    except UserError as error:
        note("refused", reason=error.found, remedy=error.remedy)
        raise
    except OSError as error:
        note("refused" if is_unwritable(error) else "crashed", reason=describe(error))
        raise
    except Exception as error:
        note("crashed", reason=f"{type(error).__name__}: {error}"[:500])
        raise


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end the study like Ctrl+C: what runs is given up, what is recorded is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
