"""What a call from Python was given in place of a study or of data, and what to give instead."""

from __future__ import annotations

from typing import Any

from mtl_core.errors import UserError
from study.config.spec import Spec
from study.driver.dataset import DataInMemory
from study.driver.frame import Frame


def refuse_unfit(call: str, spec: Any, data: Any) -> None:
    """Refuse arguments that are neither a study nor data, or not in the form that a study takes.

    Args:
        call: the function that was called, for the message.
        spec: a study, or sections of a study file.
        data: a table or a data set in memory.

    Raises:
        UserError: saying what was given.
    """
    if data is not None and not isinstance(data, (Frame, DataInMemory)):
        found = f"data is of type {type(data).__name__}."
        raise UserError(call, found, "Give data=study.frame(…) for a table, or data=study.dataset(…).")
    if data is None and not isinstance(spec, Spec):
        found = "there is neither a study nor data." if spec is None else f"the study is of type {type(spec).__name__}."
        raise UserError(call, found, "Give load_spec(…) for a study file, or data=study.frame(…) with its sections.")
