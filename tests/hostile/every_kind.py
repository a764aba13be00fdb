"""All hostile inputs, of all kinds."""

from __future__ import annotations

from tests.hostile import doubtful_values, kinds, other_files, places, spelled_numbers
from tests.hostile.outcomes import Hostile

MAKERS = (
    kinds.identity,
    spelled_numbers.groups,
    spelled_numbers.near_groups,
    spelled_numbers.classes,
    spelled_numbers.inputs,
    spelled_numbers.long_identifiers,
    kinds.names,
    kinds.offsets,
    kinds.units,
    doubtful_values.extreme_units,
    kinds.wild_values,
    doubtful_values.fill_values,
    kinds.row_numbers,
    kinds.missing_codes,
    doubtful_values.codes_for_missing,
    kinds.splits,
    kinds.leaks_and_headers,
    doubtful_values.leaks_and_headers,
    kinds.unhelpful_refusals,
    other_files.preambles,
    other_files.contents,
    other_files.numbers_and_dates,
    places.folders,
    places.environments,
    places.paths,
)


def every_kind() -> list[Hostile]:
    """Return the inputs of all kinds."""
    return [one for make in MAKERS for one in make()]
