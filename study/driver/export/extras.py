"""Further formats of an exported model, for other programs: PyTorch's .pt2 and ONNX."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterable
from pathlib import Path

import torch

from mtl_core.errors import UserError
from mtl_core.network.portable.model import Predictor
from study.driver.export.folder import EXTRAS

NEEDED = {"pt2": (), "onnx": ("onnx", "onnxscript")}
"""Packages that a format needs beside PyTorch."""
TRACED_ROWS = 6


def refuse_impossible(formats: Iterable[str]) -> None:
    """Refuse formats that there are not, and those whose packages are not installed.

    Raises:
        UserError: with the command that installs what is missing.
    """
    for name in formats:
        if name not in EXTRAS:
            raise UserError(f"--also {name}", "there is no such format.", f"Choose {' or '.join(EXTRAS)}.")
        lacking = [package for package in NEEDED[name] if importlib.util.find_spec(package) is None]
        if lacking:
            found = (
                f"the format needs {' and '.join(lacking)}, which {'is' if len(lacking) == 1 else 'are'} not installed."
            )
            raise UserError(f"--also {name}", found, f"pip install {' '.join(lacking)}, or leave it out.")


def write_extras(folder: Path, formats: Iterable[str]) -> None:
    """Write the model in ``folder`` in further formats, too.

    Both take encoded examples ``x``, ``[b, d]`` with at least two rows, as ``Predictor.encode`` returns them, and
    return the ensembles' mean predictions in the order of the tasks, as ``Predictor.forward`` does.
    """
    wanted = list(formats)
    if not wanted:
        return
    predictor = Predictor.load(folder)
    x = torch.zeros(TRACED_ROWS, sum_of_inputs(predictor))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of its own code
        shapes = {"x": {0: torch.export.Dim.DYNAMIC}}
        program = torch.export.export(predictor, (x,), strict=False, dynamic_shapes=shapes)
        if "pt2" in wanted:
            torch.export.save(program, folder / EXTRAS["pt2"])
        if "onnx" in wanted:
            names = list(predictor.tasks)
            converted = torch.onnx.export(
                program, (), dynamo=True, input_names=["x"], output_names=names, verbose=False
            )
            assert converted is not None
            converted.save(folder / EXTRAS["onnx"], external_data=False)


def sum_of_inputs(predictor: Predictor) -> int:
    """Return the number of encoded columns of a model."""
    return int(torch.tensor(predictor.shape).prod())
