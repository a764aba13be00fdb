"""SIGKILL of all Ray workers, several times while they train; others take their place."""

from __future__ import annotations

import os
import signal

from study.store import ledger
from tests.faults.lab import Lab
from tests.faults.on_ray import RaySession, difference, num_shards, short_path, trained_twice
from tests.faults.test_kill_ray import processes_of
from tests.faults.trial import FINISHED, Trial

TRIALS = 2
KILLS = 5
WHY_APART = "starts Ray"


def trial(lab: Lab) -> Trial:
    with short_path() as folder:
        lab.out = folder / "run"
        session, killed = RaySession(lab.out, folder), 0
        for point in sorted(lab.chance.sample(range(1, num_shards() - 2), KILLS)):
            if not session.watch(until=point):
                break
            workers = [*processes_of("ray::Worker"), *processes_of("ray::ResourceTrainable")]
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
            killed += len(workers)
        session.watch()
        retried = sum(event["event"] == "retried" for event in ledger.read(lab.out / ledger.NAME))
        interrupted = killed if retried else 0
        wrong = difference(session)
        return Trial(FINISHED, interrupted, session.silence, killed, 0, trained_twice(lab.out), wrong)
