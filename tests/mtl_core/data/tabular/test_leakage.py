"""A target among the inputs, in the same or in other words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, ROWS, built

CLASSES = np.arange(ROWS) * 7 % 3
WORDS = np.array(["low", "middle", "high"])[CLASSES]


@pytest.mark.parametrize("copy", [WORDS, CLASSES * 2.5, CLASSES == 1], ids=["words", "numbers", "truth"])
def test_a_class_in_other_words_is_refused(tmp_path: Path, copy: Any) -> None:
    target = WORDS if copy.dtype == bool else CLASSES
    if copy.dtype == bool:
        target = np.where(CLASSES == 1, "middle", "other")
    with pytest.raises(UserError, match="in other words"):
        built(tmp_path, {"y": target, "c": copy})


def test_a_column_that_gives_the_class_away_is_remarked_upon(tmp_path: Path) -> None:
    finer = np.array([f"{word}{number // 3 % 2}" for number, word in enumerate(WORDS)])
    assert any(
        "gives the target 'y' away" in remark.text for remark in built(tmp_path, {"y": WORDS, "c": finer}).remarks
    )


def test_a_column_that_often_agrees_is_an_input(tmp_path: Path) -> None:
    noisy = np.where(np.arange(ROWS) % 20 == 0, "low", WORDS)
    assert not any("leak" in remark.text for remark in built(tmp_path, {"y": WORDS, "c": noisy}).remarks)


@pytest.mark.parametrize("monotone", [np.exp(NUMBERS[2]), -(NUMBERS[2] ** 3)], ids=["rising", "falling"])
def test_a_monotone_function_of_the_target_is_remarked_upon(tmp_path: Path, monotone: np.ndarray) -> None:
    assert any("orders the rows exactly" in remark.text for remark in built(tmp_path, {"c": monotone}).remarks)


def test_a_rank_of_the_target_is_remarked_upon_although_it_is_left_out(tmp_path: Path) -> None:
    rank = np.argsort(np.argsort(NUMBERS[2]))
    remarks = built(tmp_path, {"y": NUMBERS[2] + np.arange(ROWS) * 1e-9, "c": rank}).remarks
    assert any("'c'" in remark.text and "left out" in remark.text for remark in remarks)
    assert any("'c'" in remark.text and "leak" in remark.text for remark in remarks)


@pytest.mark.parametrize(
    "seen",
    [
        np.round(NUMBERS[2]),
        NUMBERS[2] > 0,
        np.where(NUMBERS[2] > 0.5, "much", np.where(NUMBERS[2] < -0.5, "little", "some")),
    ],
    ids=["rounded", "sign", "words"],
)
def test_a_coarser_target_among_the_inputs_is_remarked_upon(tmp_path: Path, seen: Any) -> None:
    assert any("'c'" in remark.text and "leak" in remark.text for remark in built(tmp_path, {"c": seen}).remarks)


def test_a_score_of_which_the_class_is_a_threshold_is_remarked_upon(tmp_path: Path) -> None:
    columns = {"y": np.where(NUMBERS[2] > 0, "yes", "no"), "c": NUMBERS[2]}
    assert any("'c'" in remark.text and "leak" in remark.text for remark in built(tmp_path, columns).remarks)


@pytest.mark.parametrize(
    "flag",
    [np.arange(ROWS) == np.argmax(NUMBERS[2]), np.arange(ROWS) % 2, np.array(list("abcde"))[np.arange(ROWS) % 5]],
)
def test_a_flag_that_says_little_is_none(tmp_path: Path, flag: Any) -> None:
    assert not any("leak" in remark.text for remark in built(tmp_path, {"c": flag}).remarks)


def test_a_flag_that_is_never_set_in_one_class_is_none(tmp_path: Path) -> None:
    flag = (CLASSES == 1) & (np.arange(ROWS) % 2 == 0)
    columns = {"y": (CLASSES == 1).astype(int), "c": flag.astype(int)}
    assert not any("leak" in remark.text for remark in built(tmp_path, columns).remarks)
