"""What options of weighting methods may be, whoever sets them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.registry import entries, find
from mtl_core.search_space import LogUniform, Uniform
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES, from_losses, method
from mtl_core.weighting import LossWeighting

NUMBERS = [
    (name, option.name)
    for name, entry in entries("weighting").items()
    for option in entry.options.values()
    if type(option.default) in (int, float) or isinstance(option.range, Uniform | LogUniform)
]
OUTSIDE = [
    ("dwa", {"temperature": 0}, "temperature is 0; it should be a finite number above 0."),
    ("uw_so", {"temperature": -1.0}, "temperature is -1.0; it should be a finite number above 0."),
    ("stch", {"smoothing": 0.0}, "smoothing is 0.0; it should be a finite number above 0."),
    (
        "stch",
        {"preference": {"price": 1.0, "sold": -3}},
        "preference of 'sold' is -3; it should be a finite number above 0.",
    ),
    ("stch", {"ideal": {"price": float("nan")}}, "ideal of 'price' is nan; it should be a finite number."),
    ("cagrad", {"c": -1.0}, "c is -1.0; it should be a finite number from 0 up."),
    ("gradvac", {"beta": 3.0}, "beta is 3.0; it should be a finite number from 0 to 1."),
    ("fairgrad", {"alpha": -2.0}, "alpha is -2.0; it should be a finite number above 0."),
    ("db", {"beta": 1.0}, "beta is 1.0; it should be a finite number from 0 up and below 1."),
    ("adatask", {"beta1": 1.0}, "beta1 is 1.0; it should be a finite number from 0 up and below 1."),
    ("moco", {"tracking": 0.0}, "tracking is 0.0; it should be a finite number above 0 and at most 1."),
    ("nash", {"max_norm": 0.0}, "max_norm is 0.0; it should be a finite number above 0."),
    ("dwa", {"temperature": "warm"}, "temperature is 'warm'; it should be a finite number above 0."),
    ("worst_case", {"on": "excess", "baseline": {task.name: torch.inf for task in ALL}}, "'price' is inf"),
]


@pytest.mark.parametrize(("name", "option"), NUMBERS, ids=lambda part: part)
def test_every_number_has_a_domain(name: str, option: str) -> None:
    assert find("weighting", name).options[option].domain is not None


@pytest.mark.parametrize(("name", "options", "complaint"), OUTSIDE, ids=str)
def test_what_a_method_cannot_be_set_to_is_refused(name: str, options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match="finite number") as refused:
        find("weighting", name).cls(ALL, **options)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(("name", "option"), NUMBERS, ids=lambda part: part)
def test_weights_are_finite_at_the_ends_that_belong_to_a_domain(name: str, option: str) -> None:
    domain = find("weighting", name).options[option].domain
    assert domain is not None
    for end in (domain.least, domain.most):
        weighting = method(name, **({} if end is None else {option: type(end)(end)}))
        if end is not None and isinstance(weighting, LossWeighting):
            assert from_losses(weighting, [LOSSES] * 5, EVERYBODY)[0].isfinite().all()


def test_tasks_that_options_name_are_known_for_the_study_to_check() -> None:
    few = ALL[:1]
    stch = find("weighting", "stch").cls(few, preference={"sold": 2.0}, ideal={"grade": 0.1})
    assert stch.named_tasks == {"sold", "grade"}
    assert find("weighting", "stch").cls(few).named_tasks == frozenset()
    baseline = {task.name: 0.0 for task in ALL}
    assert find("weighting", "worst_case").cls(few, on="excess", baseline=baseline).named_tasks == {*baseline}
