"""Words among classes and categories that customarily stand for a missing value."""

from __future__ import annotations

from collections.abc import Mapping

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.yaml_names import in_yaml

MARKS = ("", "?", "-", "--", ".", "..", "/")
WORDS = (
    "missing",
    "nil",
    "no data",
    "none",
    "not applicable",
    "not available",
    "not known",
    "null",
    "tbd",
    "undefined",
)
WORDS += ("tbd", "undefined", "unknown", "unspecified", "#n/a", "<na>", "n.a", "n.a.", "n/a", "na", "nan", "nat")
MOST_SHOWN = 3


def remarks_on_missing_words(column: Column, counts: Mapping[str, int]) -> list[Remark]:
    """Return a remark where a class or category of ``column`` says that nothing is known.

    Args:
        column: text; where the study file declares its codes for missing, none is doubtful.
        counts: rows by class or category.
    """
    found = [text for text in counts if text.strip().casefold() in MARKS + WORDS]
    if not found or column.codes_are_declared or not column.is_text:
        return []
    shown = ", ".join(f"{text!r} ({counts[text]})" for text in sorted(found)[:MOST_SHOWN])
    codes = ", ".join(in_yaml(text) for text in sorted(found)[:MOST_SHOWN])
    advice = f"If that means missing, write missing: {{{in_yaml(column.name)}: [{codes}]}} under tasks."
    return [Remark("missing_code", column.name, f"Column {column.name!r} has cells that say {shown}. {advice}")]
