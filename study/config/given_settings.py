"""Settings from the command line or a call, such as ``--device cpu``, by the rules that the study file keeps to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from mtl_core.errors import UserError
from study.config.spec import Spec
from study.config.strict_yaml import Document
from study.config.unused_settings import AS_RUN
from study.config.validation_errors import user_error_of


def with_given(spec: Spec, given: Mapping[str, Any], written: Callable[[str, Any], str]) -> Spec:
    """Return the study with settings of the first level that were given beside its file; ``None`` was not given.

    Args:
        spec: the study.
        given: values by key.
        written: how the user wrote a key with its value, for messages.

    Raises:
        UserError: when the study file could not say so: a value is none that the key takes, or others rule it out.
    """
    settings = {key: value for key, value in given.items() if value is not None}
    if not settings:
        return spec
    try:
        checked = Spec.model_validate(spec.plain() | settings, context=AS_RUN)
    except ValidationError as error:
        key = next(iter(error.errors()[0]["loc"]), None)
        named = {key: settings[key]} if key in settings else settings
        refused = user_error_of(error, Document(settings), "")
        where = " ".join(written(name, value) for name, value in named.items())
        raise UserError(where, refused.found, refused.remedy) from None
    return spec.model_copy(update={key: getattr(checked, key) for key in settings})
