"""Tables are the same where their cells are, whatever a file does to their types; anything else is other content."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import study
from study.driver.table_content import as_parquet, is_same_content

NUMBERS = np.array([1.0, np.nan, 3.0, 4.0])
WORDS = ["b", None, "a", "b"]


def table(**columns: Any) -> pa.Table:
    return pa.table({"x": NUMBERS, **columns})


KINDS = {
    "NaN in an array": table,
    "NaN and null": lambda: table(y=pa.array([np.nan, None, 1.0, 2.0], from_pandas=False)),
    "NaN in lists": lambda: table(y=[[1.0, np.nan], None, [], [2.0]]),
    "categories": lambda: study.frame(pd.DataFrame({"y": pd.Categorical(WORDS)}), targets="y").table,
    "categories of numbers": lambda: study.frame(pd.DataFrame({"y": pd.Categorical([1, 2, 2, 1])}), targets="y").table,
    "large text": lambda: table(y=pa.array(WORDS, pa.large_string())),
    "dates": lambda: table(y=pd.date_range("2020-01-01", periods=4)),
    "chunks": lambda: pa.concat_tables([table(), table()]),
    "no rows": lambda: table().slice(0, 0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_kept_is_the_same_when_it_is_made_again(kind: str) -> None:
    assert is_same_content(as_parquet(KINDS[kind]()), KINDS[kind]())


def test_the_order_of_categories_and_of_chunks_is_no_content() -> None:
    one, other = (
        pa.table({"y": pa.chunked_array([pd.Categorical(WORDS, categories=order)])})
        for order in (["a", "b"], ["b", "a"])
    )
    assert is_same_content(as_parquet(one), other)
    assert is_same_content(as_parquet(table()), pa.concat_tables([table().slice(0, 1), table().slice(1)]))


@pytest.mark.parametrize(
    "other",
    [
        table(y=[1.0, 2.0, 3.0, 5.0]),
        table(y=[1.0, 2.0, 3.0, None]),
        table(y=[1.0, 2.0, 3.0, np.nan]),
        table(y=[1, 2, 3, 4]),
        table(z=[1.0, 2.0, 3.0, 4.0]),
        table(y=[1.0, 2.0, 3.0, 4.0]).slice(1),
        pa.table({"y": [1.0, 2.0, 3.0, 4.0], "x": NUMBERS}),
    ],
)
def test_other_cells_names_types_and_orders_are_other_content(other: pa.Table) -> None:
    assert not is_same_content(as_parquet(table(y=[1.0, 2.0, 3.0, 4.0])), other)
