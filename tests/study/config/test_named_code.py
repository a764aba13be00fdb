"""The dotted paths of a study file, and what only looks like one."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.errors import UserError
from study.config.named_code import named_code, refuse_untrusted
from study.config.spec import Spec

TABLE: dict[str, Any] = {"set": "table", "path": "a:b", "targets": ["x:y"]}


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"tasks": TABLE}, []),
        ({"tasks": TABLE | {"metrics": {"y": "own.metrics:pinball", "z": "mse"}}}, ["own.metrics:pinball"]),
        ({"tasks": {"set": "dataset", "call": "own:Data"}}, ["own:Data"]),
        (
            {"tasks": TABLE, "training": {"backbone_options": {"modules": ["own:A", "own:B", "own:A"]}}},
            ["own:A", "own:B"],
        ),
    ],
)
def test_code_is_found_wherever_it_is_named(sections: dict[str, Any], named: list[str]) -> None:
    spec = Spec.model_validate(sections)
    assert named_code(spec) == named
    if named:
        with pytest.raises(UserError, match=f"would be imported: {named[0]}"):
            refuse_untrusted(spec, "RUN", trust_code=False)
    refuse_untrusted(spec, "RUN", trust_code=True)
