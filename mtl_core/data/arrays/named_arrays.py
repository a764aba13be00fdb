"""What arrays are for, by their names: ``x`` holds inputs, ``y_…`` targets, and ``x_train``, ``x_test`` are splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.errors import UserError

PARTS = {"train": "train", "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid", "test": "test"}
ORDER = ("train", "valid", "test")
INPUTS, GROUPS, TARGET = "x", "groups", "y"
FEWEST = 30
MOST_SHOWN = 8
SAVE = "Save the inputs as x (or x_train and x_test), and the targets of each task as y_<task>."


@dataclass(frozen=True)
class NamedArrays:
    """Arrays with their roles; those of several parts are joined: first training, then validation, then test.

    Args:
        inputs: ``[n, …]``.
        targets: ``[n]`` or ``[n, k]`` of every task, by name.
        groups: ``[n]``; ``None``: there are none.
        test: mask of the test examples; ``None``: they are to be drawn.
        validates: mask of the examples that validate; ``None``: seeds draw them.
        remarks: on arrays that have no role.
    """

    inputs: np.ndarray
    targets: dict[str, np.ndarray]
    groups: np.ndarray | None
    test: np.ndarray | None
    validates: np.ndarray | None
    remarks: list[Remark]


def named_arrays(arrays: Mapping[str, np.ndarray], where: str) -> NamedArrays:
    """Return the arrays by their roles.

    Args:
        arrays: by name, such as ``x``, ``y_age`` and ``groups``, or ``x_train``, ``y_age_train``, ``x_test``, ….
        where: the file, for messages.

    Raises:
        UserError: when inputs or targets are missing, lengths differ, or a part lacks an array.
    """
    roles: dict[str, dict[str, np.ndarray]] = {}
    left_out: list[str] = []
    for name, array in arrays.items():
        base, part = base_and_part(name)
        if name.startswith("_"):
            continue  # what a file says of itself
        if base is None:
            left_out.append(name)
        elif part in roles.setdefault(base, {}):
            raise UserError(f"{where}: {name}", f"there are two arrays for {base} {part}.".rstrip(), "Keep one.")
        else:
            roles[base][part] = array
    targets = [base for base in roles if base not in (INPUTS, GROUPS)]
    if INPUTS not in roles or not targets:
        lacking = "no inputs (x)" if INPUTS not in roles else "no targets (y_…)"
        raise UserError(where, f"it holds {lacking}. There is: {_listed(arrays)}.", SAVE)
    parts = _parts(roles, where)
    lengths = _lengths(roles, parts, where)
    joined = {base: _joined(own, parts, f"{where}: {base}") for base, own in roles.items()}
    of_rows = np.repeat(np.array(parts), lengths)
    shown = ", ".join(left_out[:MOST_SHOWN]) + " and more" * (len(left_out) > MOST_SHOWN)
    remarks = [Remark("file_left_out", "", f"Arrays that are neither inputs nor targets: {shown}.")] if left_out else []
    return NamedArrays(
        joined[INPUTS],
        {name: joined[name] for name in targets},
        joined.get(GROUPS),
        of_rows == "test" if "test" in parts else None,
        of_rows == "valid" if "valid" in parts else None,
        remarks,
    )


def base_and_part(name: str) -> tuple[str | None, str]:
    """Return the role of an array and its part; no role for names that say none.  ``X`` and ``Y`` are x and y."""
    clean = name[:1].lower() + name[1:] if name[:1] in "XY" else name
    base, _, last = clean.rpartition("_")
    part = PARTS.get(last.lower(), "") if base else ""
    base = base if part else clean
    return (base if base in (INPUTS, GROUPS, TARGET) or base.startswith(f"{TARGET}_") else None), part


def _parts(roles: Mapping[str, Mapping[str, np.ndarray]], where: str) -> list[str]:
    """Return the parts that the inputs have, in order; [""] where there is one array of them."""
    found = roles[INPUTS]
    if "" in found and len(found) > 1:
        raise UserError(where, "it holds x, and x in parts as well.", "Keep one of the two.")
    if "valid" in found and "test" not in found:
        raise UserError(where, "it holds x_valid and no x_test.", "Add the test part, or save all as x_train.")
    if "train" not in found and "" not in found:
        raise UserError(where, "it holds no x_train.", SAVE)
    return [""] if "" in found else [part for part in ORDER if part in found]


def _lengths(roles: Mapping[str, Mapping[str, np.ndarray]], parts: list[str], where: str) -> list[int]:
    """Return the number of examples of each part, after checking that all arrays have as many."""
    lengths = []
    for part in parts:
        suffix = f"_{part}" * bool(part)
        inputs = roles[INPUTS][part]
        if inputs.ndim < 2:
            raise UserError(f"{where}: x{suffix}", f"has shape {inputs.shape}.", "Give inputs [examples, numbers, …].")
        for base, own in roles.items():
            if part not in own or len(own) != len(parts):
                names = ", ".join(f"{base}_{one}".rstrip("_") for one in own)
                found = f"of {base} there is {names}, and x has {', '.join(f'x_{one}'.rstrip('_') for one in parts)}."
                raise UserError(where, found, "Give every array in the same parts.")
            if own[part].ndim == 0 or len(own[part]) != len(inputs):
                found = f"has shape {own[part].shape}, and x{suffix} has {len(inputs):,} examples."
                raise UserError(f"{where}: {base}{suffix}", found, "Give one value for each example, in one order.")
        lengths.append(len(inputs))
    if sum(lengths) < FEWEST or not all(lengths):
        raise UserError(where, f"it has {' + '.join(map(str, lengths))} examples.", f"Give at least {FEWEST}.")
    return lengths


def _joined(own: Mapping[str, np.ndarray], parts: list[str], where: str) -> np.ndarray:
    arrays = [own[part] for part in parts]
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) > 1:
        found = f"examples have different shapes in its parts: {' and '.join(map(str, sorted(shapes)))}."
        raise UserError(where, found, "Give all parts one shape.")
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _listed(arrays: Mapping[str, np.ndarray]) -> str:
    shown = [f"{name[:40]} {list(array.shape)}" for name, array in list(arrays.items())[:MOST_SHOWN]]
    return ", ".join(shown) + " and more" * (len(arrays) > MOST_SHOWN) if shown else "nothing"
