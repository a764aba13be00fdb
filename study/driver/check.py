"""A study as ``run`` would begin, or go on with, it: its data, plan and forecast; nothing is trained or written."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.config.spec import Spec
from study.driver.call_arguments import refuse_unfit
from study.driver.dataset import DataInMemory, kept_in_memory
from study.driver.devices import refuse_a_missing_gpu
from study.driver.frame import Frame, spec_of_frame
from study.planning.prepare import Prepared, prepare


def check(
    spec: Spec | Mapping[str, Any] | None = None,
    *,
    data: Frame | DataInMemory | None = None,
    out: str | Path | None = None,
) -> Prepared:
    """Plan a study as :func:`study.run` would begin it, and return its task set, plan and forecast.

    ``forecast.seconds`` is how long it would take, by ``forecast.device``, ``plan.counts()`` how many networks each
    phase trains at most, and ``task_set.remarks`` says what the data call for.

    Args:
        spec: the study; with ``data`` also some sections of a study file, or nothing for all defaults.
        data: a table in memory, see :func:`study.frame`, or a torch data set, see :func:`study.dataset`.
        out: the run directory on this machine, whose disk has to hold the study.  ``None``: one in this folder.

    Raises:
        UserError: when the study cannot be planned, cannot finish on this machine, or asks for a precision of GPUs
            where this machine has none.
    """
    prepared = _prepared(spec, data, out)
    planned = prepared.plan.spec
    if planned.device != "cuda":  # which may be meant for another machine
        refuse_a_missing_gpu(planned.device, None, planned.training.precision)
    return prepared


def _prepared(
    spec: Spec | Mapping[str, Any] | None, data: Frame | DataInMemory | None, out: str | Path | None
) -> Prepared:
    refuse_unfit("study.check", spec, data)
    place = Path() if out is None else Path(out)
    if isinstance(data, DataInMemory):
        kept = kept_in_memory(data, spec, place)
        return prepare(kept.spec, out=place, task_set=kept.task_set)
    if data is not None:
        with tempfile.TemporaryDirectory() as folder:  # a plan reads the table from a file, as a run does
            return prepare(spec_of_frame(data, spec, Path(folder) / "run"), out=place)
    assert isinstance(spec, Spec)
    return prepare(spec, out=place)
