"""The part of seeds in the variance of a gain."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.statistics.seed_part import seed_part


def test_it_is_the_variance_of_the_mean_over_seeds_in_units_of_the_test_examples() -> None:
    rows = pd.DataFrame({"seed_sd": [3.0, 0.0], "n": [9, 10], "test_error": [2.0, 1.0]})
    assert seed_part(rows).tolist() == pytest.approx([0.25, 0.0])
