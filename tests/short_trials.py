"""Trials of networks that end early, for tests that check or run whole studies.

``check`` and ``run`` train some networks for up to six seconds, so that their forecast is that of the machine.  Tests
of what else they say need no exact forecast: here the kind of network that costs most is tried for two epochs, and no
other.  ``tests/study/planning/test_trials.py`` tries all kinds, and so do most tests that start the program as a
process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from study.planning import prepare, trials


@pytest.fixture(scope="session", autouse=True)
def short_trials() -> Iterator[None]:
    """Let preparations try little; before other fixtures of a session, which may run studies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "tried", tried_shortly)
        yield


def tried_shortly(networks: Sequence[trials.Network]) -> trials.Trials:
    """What one network shows that is trained for two epochs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trials, "EPOCHS", 2)
        return trials.tried(networks, seconds=0.0)
