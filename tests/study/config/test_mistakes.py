"""Several mistakes are told as one: the first in the file, and how many others there are."""

from __future__ import annotations

import pytest

from mtl_core.errors import UserError
from study.config.mistakes import Mistakes
from study.config.source import Source
from study.config.strict_yaml import parse


def test_the_first_in_the_file_is_told_with_the_number_of_others() -> None:
    source = Source(parse("factors: {}\ntraining:\n  epochs: 3\n", "a.yaml"), "a.yaml")
    mistakes = Mistakes()
    for where in ("training.epochs", "factors", "training", "factors"):
        with mistakes.noted():
            raise UserError(where, "it is odd.", "Mend it.")
    with pytest.raises(UserError) as refused:
        mistakes.refuse(source)
    assert (refused.value.where, refused.value.remedy) == ("factors", "Mend it. (And 2 more.)")
    with pytest.raises(UserError) as refused:
        mistakes.refuse()
    assert refused.value.where == "training.epochs"


def test_without_mistakes_nothing_is_refused_and_other_errors_pass() -> None:
    mistakes = Mistakes()
    with pytest.raises(ZeroDivisionError), mistakes.noted():
        raise ZeroDivisionError
    mistakes.refuse()
