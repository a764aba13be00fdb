"""The state of a shard, from which it was to go on, ends in the middle."""

from __future__ import annotations

import signal
from multiprocessing.process import BaseProcess

from tests.faults.lab import Held, Lab
from tests.faults.slow_epochs import SlowEpochs
from tests.faults.trial import Trial

TRIALS = 10


def trial(lab: Lab) -> Trial:
    """Kill the driver when a shard has a snapshot or a rung's state, and cut that off.

    Replicas whose states were cut off are trained from their beginning: their records are kept, and not repeated.
    """

    def kill(driver: BaseProcess) -> None:
        if len(list(lab.out.glob("checkpoints/[!.]*.safetensors"))) > lab.number % 3:
            driver.kill()

    first = lab.drive(SlowEpochs(0.1), meanwhile=kill)
    assert first.code == -signal.SIGKILL, first.said
    states = list(lab.out.glob("checkpoints/[!.]*.safetensors"))
    for path in states:
        content = path.read_bytes()
        path.write_bytes(content[: lab.chance.randrange(len(content))])
    return lab.resumed(first, came=bool(states), held=Held(lab.held.entries))
