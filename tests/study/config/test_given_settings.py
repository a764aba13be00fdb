"""What the command line or a call says of a study keeps to the rules of its file."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.errors import UserError
from study.config.given_settings import with_given
from study.config.load import load_spec


def written(key: str, value: Any) -> str:
    return f"--{key} {value}"


def test_what_is_not_given_stays_and_the_rest_is_replaced() -> None:
    spec = load_spec("smoke")
    assert with_given(spec, {"backend": None, "device": None}, written) is spec
    found = with_given(spec, {"backend": "ray", "workers": 3, "device": None}, written)
    assert (found.backend, found.workers, found.device) == ("ray", 3, spec.device)
    assert found.digest() == spec.digest()


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"backend": "rey"}, "--backend rey"),
        ({"device": "gpu", "workers": 2}, "--device gpu"),
        ({"workers": -3}, "--workers -3"),
        ({"workers": 0}, "--workers 0"),
        ({"workers": True}, "--workers True"),
    ],
)
def test_a_value_that_the_key_does_not_take_is_refused(given: dict[str, Any], where: str) -> None:
    with pytest.raises(UserError) as refused:
        with_given(load_spec("smoke"), given, written)
    assert refused.value.where == where
    assert refused.value.remedy


def test_a_value_that_another_setting_rules_out_is_refused() -> None:
    with pytest.raises(UserError, match="the budget is 10 GPU-hours, but the device is cpu") as refused:
        with_given(load_spec("smoke", budget="10 GPU-hours"), {"device": "cpu"}, written)
    assert refused.value.where == "--device cpu"
