"""``--set section.key=value``: changes a value of the study file from the command line."""

from __future__ import annotations

from typing import Any

from mtl_core.errors import UserError
from study.config import strict_yaml


def override(data: dict[str, Any], text: str, keys: str | None = None) -> None:
    """Set the value that ``text`` gives, in place.

    Args:
        data: content of a study file; sections that are not there are made.
        text: as on the command line.
        keys: where the value goes; by default where ``text`` says.

    Raises:
        UserError: when ``text`` is not of that form, or a key stands where a section should.
    """
    named, equals, value = text.partition("=")
    where = f"--set {text}"
    path = (named if keys is None else keys).split(".")
    if not equals or not all(path):
        raise UserError(where, "this is not of the form section.key=value.", "Write it like --set training.epochs=50.")
    *sections, last = path
    for section in sections:
        data = data.setdefault(section, {})
        if not isinstance(data, dict):
            raise UserError(where, f"{section!r} is no section.", "Name the key as the study file nests it.")
    data[last] = strict_yaml.parse_value(value, where)
