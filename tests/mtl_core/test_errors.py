"""A user's mistake keeps its three parts."""

from __future__ import annotations

import copy

from mtl_core.errors import UserError, nearest


def test_a_mistake_says_where_what_and_what_to_do() -> None:
    mistake = UserError("study.yaml: width", "is 0.", "Choose at least 1.")
    assert str(mistake) == "study.yaml: width: is 0. Choose at least 1."
    assert isinstance(mistake, ValueError)


def test_a_mistake_survives_the_way_back_from_a_worker() -> None:
    mistake = copy.copy(UserError("place", "found", "remedy"))
    assert (mistake.where, mistake.found, mistake.remedy) == ("place", "found", "remedy")
    assert str(mistake) == "place: found remedy"


def test_the_nearest_name_or_all_of_them() -> None:
    assert nearest("widht", ["width", "depth"]) == "Did you mean 'width'?"
    assert nearest("GPU", ["auto", "cpu", "cuda"]) == "Did you mean 'cuda'?", "and not what is spelt like it"
    assert nearest("gpu", ["cpu", "tpu"]) == "Did you mean 'tpu'?"
    assert nearest("zzz", ["width", "depth"]) == "There is: width, depth."
