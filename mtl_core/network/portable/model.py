"""A model that ``mtl-study export`` wrote.  This file, the folder it lies in, and PyTorch are all that it needs.

    import csv
    from model import Predictor

    model = Predictor.load(".")  # the folder with model.json and parameters.safetensors
    print(model.predict(list(csv.DictReader(open("new.csv")))))  # or a data frame, or a dictionary of columns

On the command line, ``python model.py new.csv > answers.csv``.  README.md beside this file says what the columns of
the answers are and how good they were measured to be.  Nothing that is read is run as code: the networks are lists of
PyTorch's core operators (model.json) and numbers (parameters.safetensors).
"""

from __future__ import annotations

import codecs
import csv
import json
import math
import operator
import re
import struct
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timezone
from numbers import Number
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

FORMAT = "mtl-study model 1"
MODEL, PARAMETERS = "model.json", "parameters.safetensors"
CHUNK = 512
"""Number of rows that pass through the networks at once."""
LARGEST = 1e15
"""Largest absolute value of a number, as in training."""
TRUE_WORDS, FALSE_WORDS = {"true", "yes", "y", "t"}, {"false", "no", "n", "f"}
DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
PACKED = {"single": "f", "half": "e"}
"""Numbers of lower precision are read, and compared with categories and codes, in their own."""
ARITHMETIC: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name) for name in ("add", "sub", "mul", "floordiv", "neg", "getitem")
}
REFUSED = {"as_strided", "empty", "empty_strided", "native_dropout", "rand", "randn", "randperm"}
"""Core operators that no prediction needs: they draw numbers, or show memory as it is."""
COMPLETE = "Put cells that hold the delimiter in quotes, or complete the row."

DAMAGES = (
    ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError, RuntimeError, struct.error,
)  # fmt: skip
"""What a damaged model raises while it is read or run."""


class InputError(ValueError):
    """Error for data or a folder that cannot be used: the place, what was found there, and the remedy."""

    def __init__(self, where: str, found: str, remedy: str) -> None:
        super().__init__(f"{where}: {found} {remedy}")
        self.where, self.found, self.remedy = where, found, remedy


class Predictor(nn.Module):
    """A trained system: one or several networks, each of them an ensemble over the seeds that it was trained with.

    Args:
        facts: content of model.json.
        tensors: content of parameters.safetensors; the name of a network's tensor begins with the network's number.

    Attributes:
        tasks: tasks by name, each with ``kind``, ``classes``, ``num_targets`` and ``temperature``.
        columns: names of the columns that a table needs; ``None`` where inputs are arrays.
        shape: shape of an example where inputs are arrays, else ``(number of encoded columns,)``.
        delimiter: what separates the columns of text files, ``None``: a comma; ``encoding``: their encoding.
    """

    def __init__(self, facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.tasks: dict[str, dict[str, Any]] = {task["name"]: task for task in facts["tasks"]}
        self.shape = tuple(int(size) for size in facts["inputs"]["shape"])
        self.delimiter: str | None = facts["inputs"].get("delimiter")
        self.encoding = str(facts["inputs"].get("encoding", "utf-8"))
        self._encoders = [_Column(column) for column in facts["inputs"].get("columns") or ()]
        self.columns = [column.name for column in self._encoders] or None
        self._programs = [Program(program, tensors) for program in facts["programs"]]
        self.networks = [(int(each["program"]), list(each["tasks"])) for each in facts["networks"]]
        for number, (program, _) in enumerate(self.networks):
            for name in self._programs[program].parameters:
                self.register_buffer(f"{number}_{name}", tensors[f"{number}/{name}"])

    @classmethod
    def load(cls, folder: str | Path) -> Predictor:
        """Return the model in ``folder``, in evaluation mode.

        Raises:
            InputError: if the folder holds no model that this file can run.
        """
        folder = Path(folder)
        remedy = "Give a folder that mtl-study export wrote."
        try:
            facts = json.loads((folder / MODEL).read_text("utf-8"))
            if facts["format"] != FORMAT:
                raise ValueError(f"its format is {facts['format']!r}, this file reads {FORMAT!r}")
            return cls(facts, read_tensors(folder / PARAMETERS)).eval()
        except OSError as error:
            raise InputError(str(folder), f"holds no exported model ({error.strerror}: {MODEL}).", remedy) from error
        except DAMAGES as error:
            raise InputError(str(folder), f"holds a model that cannot be read ({_line(error)}).", remedy) from error

    def predict(self, table: Any) -> Any:
        """Predict every task for every row.

        Args:
            table: a data frame, a table of Arrow, a mapping from names to columns, or a list of rows that are mappings;
                where the model was trained on arrays, an array of examples ``[n, …]``, of images with channels first or
                last.

        Returns:
            Columns by name, as a data frame of the same kind where a pandas one was given.  Of a regression ``NAME``
            in its own unit; of a classification ``NAME``, the most probable class, of an ordinal target the median one,
            and ``NAME=CLASS``, the calibrated probability of each class.  ``NAME spread`` is the standard deviation
            over the ensemble's networks, of the regression or of the probability of the class that ``NAME`` gives.
            Columns that the model does not know are ignored, with a warning.

        Raises:
            InputError: if columns are missing, or a cell cannot be read.
        """
        x = self.encode(table)
        self._warn_of_unknown(table)
        found = [self.ensembles(part) for part in x.split(CHUNK)] or [self.ensembles(x)]
        columns: dict[str, list[Any]] = {}
        for name, task in self.tasks.items():
            for label, values in _columns_of(task, torch.cat([part[name] for part in found], dim=1)).items():
                while label in columns:  # a task may be called like a column of another
                    label += "_"
                columns[label] = values
        return type(table)(columns, index=table.index) if hasattr(table, "iloc") else columns

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return the ensembles' mean predictions of encoded examples ``[b, d]``, by task.

        ``[b]`` or ``[b, k]`` in the target's own unit (regression), or ``[b, k]`` probabilities of k classes.
        """
        return {name: values.mean(dim=0) for name, values in self.ensembles(x).items()}

    def ensembles(self, x: Tensor) -> dict[str, Tensor]:
        """Return the prediction of every network of the ensembles, ``[m, b]`` or ``[m, b, k]``, by task."""
        return {name: _predictions(self.tasks[name], outputs) for name, outputs in self.outputs(x).items()}

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """Return what the heads of all networks say of encoded examples, ``[m, b]`` or ``[m, b, k]``, by task.

        Regressions are in the target's own unit; classes have logits, binary ones that of the second class.
        """
        num = x.shape[0]  # not len(x), which torch.export would take for a constant
        alone = num == 1  # some kernels and programs treat a single row apart
        x = torch.cat([x, x]) if alone else x
        found: dict[str, list[Tensor]] = {name: [] for name in self.tasks}
        with torch.no_grad():
            for number, (place, names) in enumerate(self.networks if num else ()):
                program = self._programs[place]
                own = {name: getattr(self, f"{number}_{name}") for name in program.parameters}
                for name, values in zip(names, program.run(own, x), strict=True):
                    found[name].append(values[:1] if alone else values)
        return {name: torch.stack(values) if values else self._of_no_rows(name, x) for name, values in found.items()}

    def _of_no_rows(self, name: str, x: Tensor) -> Tensor:
        """What :meth:`outputs` says of no example: as many networks and numbers as of others."""
        task = self.tasks[name]
        members = sum(name in names for _, names in self.networks)
        numbers = int(task["num_targets"]) if len(task["classes"]) < 2 else len(task["classes"])
        return x.new_zeros(members, 0, *([numbers] if numbers > 1 and task["kind"] != "binary" else []))

    def encode(self, table: Any) -> Tensor:
        """Return rows as the numbers that the networks read, ``[n, d]``: scaled by no one yet, NaN where missing.

        Raises:
            InputError: as in :meth:`predict`.
        """
        if self.columns is None:
            return self._examples(table)
        columns = columns_of(table)
        if not columns and isinstance(table, Sequence) and not len(table):  # no rows, which name no columns
            columns = {name: [] for name in self.columns}
        if lacking := [name for name in self.columns if name not in columns]:
            found = f"lacks {_listed(lacking)}, which the model was trained on."
            raise InputError("the table", found, "Add what lacks; a cell whose value is missing is left empty.")
        cells = {name: _cells(columns[name]) for name in self.columns}
        if len({len(values) for values in cells.values()}) > 1:
            raise InputError("the table", "has columns of different lengths.", "Complete the shorter ones.")
        parts = [part for column in self._encoders for part in column.encode(cells[column.name])]
        return torch.stack(parts, dim=1).to(self._device)

    def _warn_of_unknown(self, table: Any) -> None:
        if self.columns is not None:
            known = {"", *self.columns, *self.tasks}  # rows whose answers are known may hold them, too
            unknown = [name for name in columns_of(table) if name not in known]
            if unknown:
                warnings.warn(f"ignored, since the model does not know it: {_listed(unknown)}", stacklevel=3)

    @property
    def _device(self) -> torch.device:
        return next(self.buffers()).device

    def _examples(self, values: Any) -> Tensor:
        wanted = " x ".join(map(str, self.shape))
        try:
            x = torch.as_tensor(values, dtype=torch.float32, device=self._device)
            if x.ndim == 4 and tuple(x.shape[1:]) != self.shape == (x.shape[3], *x.shape[1:3]):
                x = x.movedim(3, 1)  # channels last, as training takes them, too
            elif x.ndim > 2 and _long(x.shape[1:]) != _long(self.shape):
                raise ValueError(f"its examples are {' x '.join(map(str, x.shape[1:]))}")
            return x.reshape(len(x), math.prod(self.shape))
        except (TypeError, ValueError, RuntimeError) as error:
            found = f"is no array of examples of {wanted} numbers ({str(error).splitlines()[0][:100]})."
            raise InputError("the input", found, "Give an array whose first dimension counts the examples.") from error


class Program:
    """A network as a list of operators: PyTorch's core ones and arithmetic of sizes; anything else is refused.

    Args:
        facts: ``nodes`` (name, operator, arguments, arguments by name), names of the ``outputs``, of the
            ``parameters`` and of the ``constants``.
        tensors: with the constants.
    """

    def __init__(self, facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        self.parameters = [str(name) for name in facts["parameters"]]
        self._outputs = [str(name) for name in facts["outputs"]]
        self._constants = {str(name): tensors[str(name)] for name in facts["constants"]}
        self._steps = [(str(name), operator_named(op), args, kwargs) for name, op, args, kwargs in facts["nodes"]]
        used = [set(_references([args, *kwargs.values()])) for _, _, args, kwargs in self._steps]
        self._refuse_unknown(used)
        last = {name: place for place, own in enumerate(used) for name in own}
        self._over: list[list[str]] = [[] for _ in self._steps]
        for name, place in last.items():
            if name not in (*self._outputs, "x"):
                self._over[place].append(name)

    def _refuse_unknown(self, used: Sequence[set[str]]) -> None:
        known = {"x", *self.parameters, *self._constants}
        for (name, *_), own in zip(self._steps, used, strict=True):
            if unknown := own - known:
                raise ValueError(f"{name[:60]!r} needs {min(unknown)[:60]!r}, which nothing computes before it")
            known.add(name)
        if not known.issuperset(self._outputs):
            raise ValueError("nothing computes an output")

    def run(self, parameters: Mapping[str, Tensor], x: Tensor) -> list[Tensor]:
        """Return the outputs for the examples ``x``, ``[b, d]``, with these parameters."""
        values: dict[str, Any] = {name: value.to(x.device) for name, value in self._constants.items()}
        values |= {**parameters, "x": x}
        for (name, op, args, kwargs), over in zip(self._steps, self._over, strict=True):
            try:
                named = {key: _resolved(value, values) for key, value in kwargs.items()}
                values[name] = op(*_resolved(args, values), **named)
            except DAMAGES as error:
                found = f"cannot compute {name[:60]!r} ({_line(error)})."
                raise InputError("the model", found, "Export it anew, with this version of PyTorch.") from error
            for used in over:
                del values[used]
        return [values[name] for name in self._outputs]


def operator_named(name: str) -> Callable[..., Any]:
    """Return an operator of PyTorch's core set that changes nothing in place, or one of arithmetic.

    Raises:
        ValueError: for any other name.
    """
    if name in ARITHMETIC:
        return ARITHMETIC[name]
    packet, _, overload = name.partition(".")
    known = re.fullmatch(r"[a-z0-9_]+\.[A-Za-z0-9_]+", name) and packet not in REFUSED
    op = getattr(getattr(torch.ops.aten, packet, None), overload, None) if known else None
    if not isinstance(op, torch._ops.OpOverload) or torch.Tag.core not in op.tags or op._schema.is_mutable:
        raise ValueError(f"{name[:60]!r} is no operator that a model may use")
    return op


def _resolved(value: Any, values: Mapping[str, Any]) -> Any:
    """An argument of model.json with the values that it refers to."""
    if isinstance(value, list):
        return [_resolved(one, values) for one in value]
    if not isinstance(value, dict):
        return value
    if "value" in value:
        return values[value["value"]]
    if "dtype" in value:
        return getattr(torch, value["dtype"])
    if "device" in value:
        return values["x"].device
    return torch.contiguous_format  # {"memory_format": …}


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict) and "value" in value:
        yield value["value"]


def _predictions(task: Mapping[str, Any], outputs: Tensor) -> Tensor:
    """Predictions from what the heads say: classes get calibrated probabilities."""
    if len(task["classes"]) < 2:  # numbers
        return outputs
    if task["kind"] == "binary":
        outputs = torch.stack([torch.zeros_like(outputs), outputs], dim=-1)
    return torch.softmax(outputs / task["temperature"], dim=-1)


def _columns_of(task: Mapping[str, Any], members: Tensor) -> dict[str, list[Any]]:
    """Columns of a task's predictions, from those of every network of the ensemble."""
    name, mean = task["name"], members.mean(dim=0)
    several = len(members) > 1
    variance = members.double().var(dim=0) if several and members.numel() else torch.zeros_like(mean)
    if len(task["classes"]) < 2:  # numbers
        one = mean.ndim == 1
        columns = {name: mean} if one else {f"{name}[{k}]": mean[:, k] for k in range(mean.shape[1])}
        spread = (variance if one else variance.mean(dim=1)).sqrt()
        found = {label: values.tolist() for label, values in columns.items()}
    else:
        classes = list(task["classes"])
        mean = mean.view(-1, len(classes))
        best = mean.argmax(dim=1)
        if task["kind"] == "ordinal":  # the median class
            best = (mean[:, :-1].cumsum(dim=1) < 0.5).sum(dim=1)
        found = {name: [classes[k] for k in best.tolist()]}
        found |= {f"{name}={label}": mean[:, k].tolist() for k, label in enumerate(classes)}
        spread = variance.view(-1, len(classes)).gather(1, best[:, None])[:, 0].sqrt()
    return found | ({f"{name} spread": spread.tolist()} if several else {})


class _Column:
    """A column of a table, and how its cells become numbers: as they did in training."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.name, self.kind = str(facts["name"]), str(facts["kind"])
        self._stored, self._decimal = str(facts["stored"]), str(facts["decimal"])
        self._words = set(facts["missing_words"])
        self._codes = set(map(self._in_own_precision, facts["missing_numbers"]))
        self._trim, self._origin = bool(facts["trim"]), float(facts["origin"])
        self._indicator, self._has_rest = bool(facts["indicator"]), bool(facts["rest"])
        self._num = len(facts["categories"])
        # the model names categories with a decimal point, whatever the mark of the file that they were read from
        common, rest = ([self._category(text, ".") for text in facts[name]] for name in ("categories", "rest"))
        self._places = dict.fromkeys(rest, self._num) | {category: place for place, category in enumerate(common)}

    def encode(self, cells: Sequence[Any]) -> list[Tensor]:
        """Return the encoded columns, float32 ``[n]`` each."""
        known: dict[str, Any] = {}
        values = []
        for row, cell in enumerate(cells, start=1):
            if not isinstance(cell, str):
                values.append(self._value(cell, row))
                continue
            if cell not in known:
                known[cell] = self._value(cell, row)
            values.append(known[cell])
        missing = torch.tensor([value is None for value in values])
        if self.kind == "categorical":
            places = torch.tensor([-1 if value is None else self._places.get(value, -1) for value in values])
            parts = [(places == place).float() for place in range(self._num + self._has_rest)]
        else:
            numbers = torch.tensor([math.nan if value is None else value for value in values], dtype=torch.float64)
            parts = [(numbers - self._origin).float()]
        return parts + ([missing.float()] if self._indicator else [])

    def _value(self, cell: Any, row: int) -> Any:
        """A cell's number or category; ``None`` where it is missing."""
        try:
            cell = _plain(cell)
            if _is_missing(cell) or (isinstance(cell, str) and cell in self._words):
                return None
            if self._codes and self._number(cell) in self._codes:
                return None
            if self.kind != "categorical":
                return self._sound(cell)
            category = self._category(cell, self._decimal)
            # where training read values and no text, a file of text holds a missing one as an empty cell
            return None if category == "" and category not in self._places else category
        except (ValueError, TypeError, OverflowError):
            wanted = {"date": "a date such as 2024-03-01", "boolean": "0 or 1"}.get(self.kind, "a number")
            found = f"row {row} holds {str(cell)[:40]!r}, where {wanted} belongs."
            raise InputError(
                f"column {self.name!r}", found, "Correct it, or clear the cell: it is then missing."
            ) from None

    def _sound(self, cell: Any) -> float | None:
        """A cell as a number or a date in days that training would have taken; blanks are missing."""
        if isinstance(cell, str) and not cell.strip():
            return None
        if self.kind == "date" or self._stored == "moment":
            number = days(cell)
        else:
            is_word = self.kind == "boolean" or self._stored in ("text", "boolean")
            is_word = is_word and is_truth(cell)
            number = truth_of(cell) if is_word else self._in_own_precision(number_of(cell, self._decimal))
        if self.kind != "date" and not abs(number) <= LARGEST:
            raise ValueError("too large")
        if self.kind == "boolean" and number not in (0.0, 1.0):
            raise ValueError("neither 0 nor 1")
        return number

    def _number(self, cell: Any) -> float | None:
        """What is compared with the numbers that stand for missing ones; ``None``: the cell is no number."""
        try:
            if self._stored == "moment":
                return days(cell)
            return self._in_own_precision(number_of(cell, self._decimal))
        except (ValueError, TypeError):
            return None

    def _in_own_precision(self, number: float) -> float:
        """A number as training found it stored; one that is too large for its type stays what it is."""
        packed = PACKED.get(self._stored)
        try:
            return struct.unpack(packed, struct.pack(packed, number))[0] if packed else number
        except (OverflowError, struct.error):
            return number

    def _category(self, cell: Any, decimal: str) -> Any:
        """A cell in the form in which equal categories are equal; text that is nothing else stays text."""
        if self._stored == "text":
            return (cell.strip() if self._trim else cell) if isinstance(cell, str) else exact_text(cell)
        try:
            if self._stored == "boolean":
                return (
                    cell
                    if isinstance(cell, bool)
                    else {"true": True, "1": True, "false": False, "0": False}[str(cell).strip().lower()]
                )
            if self._stored == "moment":
                return moment(cell)
            return self._in_own_precision(exact_number(cell, decimal))
        except (ValueError, TypeError, KeyError):
            return str(cell).strip()


def _is_missing(cell: Any) -> bool:
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float) and math.isnan(cell)


def _plain(cell: Any) -> Any:
    """A cell as a value of Python's own; NumPy's moments count nanoseconds, which those of Python do not."""
    if type(cell).__name__ == "datetime64":
        cell = cell.astype("datetime64[us]")
    return cell.item() if hasattr(cell, "item") else cell


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def is_truth(cell: Any) -> bool:
    """Return whether a cell is a word such as yes or no."""
    return isinstance(cell, str) and cell.strip().lower() in TRUE_WORDS | FALSE_WORDS


def truth_of(cell: str) -> float:
    """Return a word such as yes or no as 1 or 0."""
    return float(cell.strip().lower() in TRUE_WORDS)


def number_of(cell: Any, decimal: str = ".") -> float:
    """Return a cell as a number.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(cell, Number):
        return float(cell)  # pyright: ignore[reportArgumentType]
    if not isinstance(cell, str):
        raise ValueError("no number")
    text = cell.strip()
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", text):  # training reads such text as a number, too
        return float(int(text, 16))
    if "_" in text or (decimal != "." and "." in text):
        raise ValueError("no number")
    return float(text.replace(decimal, "."))


def exact_number(cell: Any, decimal: str = ".") -> float | int:
    """Return a cell as a number, whole ones with all their digits."""
    if isinstance(cell, int):
        return cell
    text = str(cell).strip()
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else number_of(cell, decimal)


def exact_text(number: Any) -> str:
    """Return a value as the text that a category of its kind has: 7 and 7.0 are one."""
    if isinstance(number, float) and number == round(number) and abs(number) < 1e16:
        return str(int(number))
    return str(number).lower() if isinstance(number, bool) else str(number)


def moment(cell: Any) -> datetime | time:
    """Return a date, a moment (in universal time, if it has a time zone) or a time of day.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(cell, str):
        text = cell.strip()
        cell = time.fromisoformat(text) if re.match(r"[0-9]{2}:", text) else datetime.fromisoformat(text)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime(cell.year, cell.month, cell.day)
    if isinstance(cell, datetime):
        return cell if cell.tzinfo is None else cell.astimezone(timezone.utc).replace(tzinfo=None)  # noqa: UP017
    if not isinstance(cell, time):
        raise ValueError("no date")
    return cell


def days(cell: Any) -> float:
    """Return a date or moment as days since 1970."""
    found = moment(cell)
    if not isinstance(found, datetime):
        raise ValueError("no date")
    since = found - datetime(1970, 1, 1)
    return (86_400_000_000 * since.days + 1_000_000 * since.seconds + since.microseconds) / 86_400e6


def columns_of(table: Any) -> dict[str, Any]:
    """Return the columns of a data frame, a mapping or a list of rows, by name without blanks around it.

    Raises:
        InputError: if two columns have one name, or a row of text has more cells than its header.
    """
    if isinstance(table, Mapping) or hasattr(table, "columns"):
        frame = table if isinstance(table, Mapping) else getattr(table, "column_names", table.columns)
        names = list(frame)
        _refuse_twice(names)
        return {clean(name): table[name] for name in names}
    rows = list(table)
    for number, row in enumerate(rows, start=1):
        if None in row:  # where csv.DictReader puts the cells that the header has no name for
            raise InputError("the table", f"row {number} has more cells than the header.", COMPLETE)
    names = list(dict.fromkeys(name for row in rows for name in row))
    _refuse_twice(names)
    return {clean(name): [row.get(name) for row in rows] for name in names}


def columns_of_text(lines: Iterable[str], delimiter: str) -> dict[str, list[str]]:
    """Return the columns of a table in text, whose first line names them, by name without blanks around it.

    Raises:
        InputError: if there is no header, two columns have one name, or a row has another number of cells.
    """
    csv.field_size_limit(2**31 - 1)  # training knows no limit, and what is too long may be in a column to ignore
    rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    if not rows:
        raise InputError("the table", "the file is empty.", "Write a header and rows into it.")
    header, *cells = rows
    _refuse_twice(header)
    for number, row in enumerate(cells, start=1):
        if len(row) != len(header):
            raise InputError("the table", f"row {number} has {len(row)} cells, and the header {len(header)}.", COMPLETE)
    columns = map(list, zip(*cells, strict=True)) if cells else ([] for _ in header)
    return dict(zip(map(clean, header), columns, strict=True))


def _cells(column: Any) -> list[Any]:
    return column.to_pylist() if hasattr(column, "to_pylist") else list(column)


def _long(shape: Iterable[int]) -> list[int]:
    return [size for size in shape if size != 1]


def _refuse_twice(names: Sequence[Any]) -> None:
    seen: set[str] = set()
    for name in map(clean, names):
        if name and name in seen:
            raise InputError(f"column {name!r}", "is there twice.", "Rename or drop one of them.")
        seen.add(name)


def clean(name: Any) -> str:
    """Return a column's name without blanks and invisible marks around it, as training reads names."""
    text = str(name)
    blank = [letter.isspace() or unicodedata.category(letter) == "Cf" for letter in text]
    inner = [place for place, is_blank in enumerate(blank) if not is_blank]
    return text[inner[0] : inner[-1] + 1] if inner else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"the column{'s' * (len(names) > 1)} {shown}{more}"


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name.

    Raises:
        ValueError: if the file is damaged.
    """
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    if len(content) < 8 or start > len(content):
        raise ValueError(f"{path.name} is cut off")
    found = {}
    for name, entry in json.loads(content[8:start]).items():
        if name == "__metadata__":
            continue
        begin, end = (start + int(offset) for offset in entry["data_offsets"])
        dtype, shape = DTYPES[entry["dtype"]], [int(size) for size in entry["shape"]]
        if not start <= begin <= end <= len(content) or end - begin != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"{path.name}: {name[:60]!r} is cut off")
        part = bytearray(content[begin:end])
        found[name] = torch.frombuffer(part, dtype=dtype).reshape(shape) if part else torch.zeros(shape, dtype=dtype)
    return found


def main(path: str) -> None:
    """Predict the rows of the CSV file ``path`` with the model beside this file; write CSV to standard output."""
    model = Predictor.load(Path(__file__).parent)
    # a byte-order mark before a quoted name would hide the quotes from the reader
    encoding = "utf-8-sig" if codecs.lookup(model.encoding).name == "utf-8" else model.encoding
    with open(path, newline="", encoding=encoding) as file:
        columns = model.predict(columns_of_text(file, model.delimiter or ","))
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except InputError as refusal:
        sys.exit(str(refusal))
