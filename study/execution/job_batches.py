"""Several short jobs for one trial: Ray Tune takes longer over a trial than such a job lasts, and keeps all trials.

Jobs of a batch end one by one, as the others do.  Where few jobs are ready every worker gets one at a time, so that
none has several left while others have none.
"""

from __future__ import annotations

from study.execution.scheduler import End, Scheduler
from study.jobs.job import Job

BATCH_SECONDS = 1.0
"""Forecast seconds of work from which on a trial gets no further job."""
MOST_JOBS = 10


def next_jobs(scheduler: Scheduler, workers: int) -> list[Job] | End:
    """Return the next jobs for one of so many ``workers``; none while all that is left waits for running ones.

    Raises:
        UserError: when the scheduler stops the study.
    """
    first = scheduler.next()
    if isinstance(first, End):
        return first
    jobs = [] if first is None else [first]
    while jobs and len(jobs) < MOST_JOBS and len(scheduler.ready) >= MOST_JOBS * workers:
        if sum(map(scheduler.ready.length, jobs)) >= BATCH_SECONDS:
            break
        job = scheduler.next()
        if job is None or isinstance(job, End):
            raise AssertionError("Jobs were ready, and the scheduler has none.")
        jobs.append(job)
    return jobs
