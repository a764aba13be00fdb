"""Options of a recipe are those of its entries."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.errors import UserError
from mtl_core.recipe import Recipe
from mtl_core.training.entry_options import check_options

WRONG = [
    ({"backbone_options": {"norm": "bacth"}}, "recipe: backbone_options.norm: it is 'bacth'. Did you mean 'batch'?"),
    ({"backbone_options": {"activation": "swish"}}, "There is: relu, tanh, gelu, identity."),
    ({"backbone_options": {"nrom": "batch"}}, "mlp has no such option. Did you mean 'norm'?"),
    ({"sharing": "mmoe", "sharing_options": {"expert": 3}}, "mmoe has no such option. Did you mean 'experts'?"),
    ({"sharing": "mtan", "sharing_options": {"mask_norm": "bach"}}, "sharing_options.mask_norm: it is 'bach'."),
    ({"weighting": "mgda", "weighting_options": {"normalise": "l3"}}, "weighting_options.normalise: it is 'l3'."),
    ({"weighting_options": {"alpha": 1}}, "equal has no such option. Take it out."),
]


@pytest.mark.parametrize(("settings", "said"), WRONG)
def test_an_option_that_is_none_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        check_options(Recipe(**settings))
    assert said in str(error.value)


def test_options_that_there_are_pass() -> None:
    options = {"sharing_options": {"experts": 3}, "weighting_options": {"normalise": "loss+"}}
    check_options(Recipe(sharing="mmoe", weighting="mgda", backbone_options={"norm": "batch"}, **options))
