"""The file with the models that are to be scored ends in the middle."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import REFUSED, Lab
from tests.faults.trial import Trial

TRIALS = 5


def trial(lab: Lab) -> Trial:
    """Kill the driver before it scores, and cut off one file of models; its replicas may be trained anew."""
    at = next(place for place, label in enumerate(lab.undisturbed.operations, 1) if "test_opened" in label)
    lab.drive(Send(lab.out, at, 0.0, (signal.SIGKILL,)))
    path = lab.chance.choice(sorted(lab.out.glob("models/[!.]*.safetensors")))
    content = path.read_bytes()
    path.write_bytes(content[: lab.chance.randrange(len(content))])
    held = lab.held.without(path.stem)
    second = lab.drive()
    found = lab.resumed(second, came=second.code == REFUSED, held=held)
    return found.saying(second.refusal)
