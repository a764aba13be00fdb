"""Settings that nothing reads: refused when a study begins, and left alone in the study file of a run directory."""

from __future__ import annotations

from pydantic import BaseModel, ValidationInfo

AS_RUN = {"as_run": True}
"""Context for the validation of a run directory's study file, which an earlier version may have accepted."""


def is_unused(section: BaseModel, key: str, info: ValidationInfo) -> bool:
    """Return whether a key that nothing reads was given: it has not its default, and the study is new."""
    given = getattr(section, key) != type(section).model_fields[key].default
    return given and not (info.context or {}).get("as_run")
