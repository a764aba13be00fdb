"""Further formats answer what the model answers; where their packages lack, a sentence says which."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from mtl_core.errors import UserError
from mtl_core.network.portable.model import Predictor
from study.driver.export import extras
from study.driver.export.write import export
from tests.study.finished_studies import Finished, rows_of

HAS_ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))


def test_pt2_answers_what_the_model_answers(shop: Finished, tmp_path: Path) -> None:
    folder = export(shop.run, tmp_path / "model", option="chosen", seeds=[2000, 2001], formats=["pt2"])
    predictor = Predictor.load(folder)
    program = torch.export.load(folder / "model.pt2").module()
    for rows in (2, 33):
        x = predictor.encode(rows_of(shop.table)[:rows])
        for name, values in program(x).items():
            torch.testing.assert_close(values, predictor(x)[name], rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not HAS_ONNX, reason="onnx, onnxscript and onnxruntime are not installed")
def test_onnx_answers_what_the_model_answers(shop: Finished, tmp_path: Path) -> None:
    from onnxruntime import InferenceSession  # pyright: ignore[reportMissingImports]

    folder = export(shop.run, tmp_path / "model", option="chosen", seeds=[2000, 2001], formats=["onnx"])
    predictor = Predictor.load(folder)
    x = predictor.encode(rows_of(shop.table)[:33])
    found = InferenceSession(str(folder / "model.onnx")).run(None, {"x": x.numpy()})
    for values, expected in zip(found, predictor(x).values(), strict=True):
        torch.testing.assert_close(torch.from_numpy(values), expected, rtol=1e-5, atol=1e-5)


def test_a_format_without_its_packages_is_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="onnx and onnxscript, which are not installed") as error:
        export(tmp_path / "no run", tmp_path / "model", formats=["onnx"])
    assert "pip install onnx onnxscript" in error.value.remedy
    with pytest.raises(UserError, match="no such format"):
        extras.refuse_impossible(["pickle"])
    extras.refuse_impossible(["pt2"])
