"""Named arrays from data sets of torch: every item is read once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from mtl_core.data.arrays.named_arrays import PARTS, base_and_part
from mtl_core.data.reading.size_limit import refuse_beyond_memory
from mtl_core.errors import UserError

CONTRACT = "An item is a pair (x, {task: y}): a tensor or an array, and a mapping from names of tasks to labels."
MOST_PROBED = 16
MOST_TASKS = 1_000
Progress = Callable[[int, int], None]


def parts_of(data: Any, where: str) -> dict[str, Any]:
    """Return the data sets of all parts: ``{"": data}``, or those of a mapping such as ``{"train": …, "test": …}``.

    Raises:
        UserError: when something is no data set with a length and items, or a part has an unknown name.
    """
    parts = {str(name): part for name, part in data.items()} if isinstance(data, Mapping) else {"": data}
    for name, part in parts.items():
        if name and name not in PARTS:
            found = f"there is a part {name!r}."
            raise UserError(where, found, "Call them train, test and, if you like, valid.")
        if not (hasattr(part, "__getitem__") and hasattr(part, "__len__")) or isinstance(part, str | bytes):
            found = f"{type(part).__name__} has no length and no items by number."
            raise UserError(where, found, "Give a torch.utils.data.Dataset with __len__ and __getitem__.")
    if not parts:
        raise UserError(where, "it holds no data set.", "Give one, or {'train': …, 'test': …}.")
    return parts


def probe(parts: Mapping[str, Any], where: str) -> str:
    """Return a hash of the lengths of data sets and of a few of their items, which are read twice.

    Raises:
        UserError: when an item differs the second time, or is not what :data:`CONTRACT` says.
    """
    digest = hashlib.sha256()
    for name, part in parts.items():
        length = len(part)
        digest.update(json.dumps([name, length]).encode())
        for place in sorted({round(share) for share in np.linspace(0, length - 1, MOST_PROBED)} if length else ()):
            first, again = (_bytes_of(_item(part, place, where), f"{where}: item {place}") for _ in range(2))
            if first != again:
                found = "it is another each time that it is read."
                raise UserError(f"{where}: item {place}", found, "Leave random augmentation and sampling out.")
            digest.update(first)
    return digest.hexdigest()[:16]


def arrays_of_parts(parts: Mapping[str, Any], where: str, progress: Progress | None = None) -> dict[str, np.ndarray]:
    """Return the items of data sets as named arrays: ``x``, and ``y_<task>`` of every task.

    A label that is ``None`` or NaN, or whose task an item leaves out, is missing.

    Args:
        parts: of :func:`parts_of`.
        where: what they are, for messages.
        progress: is told how many items are read, and of how many.

    Raises:
        UserError: when an item cannot be read, or is not what :data:`CONTRACT` says.
    """
    total, done = sum(len(part) for part in parts.values()), 0
    arrays: dict[str, np.ndarray] = {}
    of_parts: dict[str, dict[str, list[Any]]] = {}
    for name, part in parts.items():
        suffix, length = f"_{name}" * bool(name), len(part)
        inputs: np.ndarray | None = None
        labels: dict[str, list[Any]] = {}
        for place in range(length):
            x, targets = _item(part, place, where)
            if inputs is None:
                refuse_beyond_memory(where, float(length) * x.nbytes)
                inputs = np.empty((length, *x.shape), x.dtype)
            if x.shape != inputs.shape[1:]:
                found = f"x has shape {list(x.shape)}, and that of the first item {list(inputs.shape[1:])}."
                raise UserError(f"{where}: item {place}", found, "Give all items one shape.")
            inputs[place] = x
            for task, y in targets.items():
                labels.setdefault(_name(task, where), [None] * length)[place] = y
            done += 1
            if progress is not None:
                progress(done, total)
        if inputs is None:
            raise UserError(where, f"the data set {name} is empty.".replace("  ", " "), "Give it items.")
        arrays[f"x{suffix}"], of_parts[suffix] = inputs, labels
    tasks = dict.fromkeys(task for labels in of_parts.values() for task in labels)
    if len(tasks) > MOST_TASKS:
        raise UserError(where, f"its items name {len(tasks):,} tasks.", f"Name at most {MOST_TASKS:,}.")
    for suffix, labels in of_parts.items():
        length = len(arrays[f"x{suffix}"])
        for task in tasks:
            values = labels.get(task, [None] * length)
            arrays[f"{task}{suffix}"] = _labels(values, f"{where}: {task}")
    return arrays


def _item(part: Any, place: int, where: str) -> tuple[np.ndarray, dict[str, Any]]:
    try:
        item = part[place]
    except Exception as error:  # the user's code runs here, and whatever it raises is theirs to know
        found = f"reading it raised {type(error).__name__}: {str(error)[:200]}."
        raise UserError(f"{where}: item {place}", found, "Mend the data set.") from error
    if not (isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[1], Mapping) and item[1]):
        what = type(item).__name__ if not isinstance(item, tuple | list) else f"a {type(item).__name__} of {len(item)}"
        raise UserError(f"{where}: item {place}", f"it is {what}.", CONTRACT)
    x = _plain(item[0])
    if not isinstance(x, np.ndarray | np.generic | int | float) or np.asarray(x).dtype.kind not in "biuf":
        raise UserError(f"{where}: item {place}", f"its x is {type(item[0]).__name__}.", CONTRACT)
    return np.atleast_1d(np.asarray(x)), {task: _plain(y) for task, y in item[1].items()}


def _plain(value: Any) -> Any:
    """Return tensors as arrays, and arrays of one number as that number."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value.item()
    return value.item() if isinstance(value, np.generic) else value


def _name(task: Any, where: str) -> str:
    """Return the name of a task's array: ``y_age`` for the task ``age``."""
    name = str(task)
    name = name if name == "y" or name.startswith("y_") else f"y_{name}"
    if not isinstance(task, str) or base_and_part(name)[1]:
        found = f"a task is called {task!r}."
        raise UserError(where, found, "Give text that does not end in _train, _valid or _test.")
    return name


def _labels(values: list[Any], where: str) -> np.ndarray:
    """Return labels as an array; missing numbers are NaN, and missing text is empty."""
    known = [value for value in values if value is not None]
    kinds = {type(value) for value in known}
    if kinds == {str}:
        return np.array(["" if value is None else value for value in values])
    if all(kind is np.ndarray for kind in kinds) and kinds:
        shapes = {value.shape for value in known}
        if len(shapes) > 1 or known[0].ndim != 1:
            raise UserError(
                where, f"labels have shapes {sorted(shapes)[:3]}.", "Give one number, or vectors of one length."
            )
        missing = np.full(known[0].shape, np.nan)
        return np.stack([missing if value is None else value.astype(np.float64) for value in values])
    if kinds <= {int, float, bool}:
        if len(known) < len(values) or float in kinds:
            return np.array([np.nan if value is None else float(value) for value in values])
        return np.array(values)
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise UserError(where, f"labels are of these types: {names}.", "Give numbers, text, or vectors of fractions.")


def _bytes_of(item: tuple[np.ndarray, dict[str, Any]], where: str) -> bytes:
    x, targets = item
    parts = [str((x.dtype.str, x.shape)).encode(), x.tobytes()]
    for task, y in targets.items():
        parts += [str(task).encode(), y.tobytes() if isinstance(y, np.ndarray) else repr(y).encode()]
    return b"\0".join(parts)
