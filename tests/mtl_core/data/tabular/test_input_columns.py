"""What a new row needs of every column; that cells become the same numbers is tested with the model that reads them."""

from __future__ import annotations

from pathlib import Path

from mtl_core.tasks.table import Table


def test_columns_stand_in_the_order_of_the_encoded_ones_and_say_what_is_missing(tmp_path: Path) -> None:
    rows = [f"{k % 7},{'red' if k % 3 else ''},{k},{k * k % 11}" for k in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["count,colour,id,y", *rows]))
    options = {"kinds": {"y": "regression"}, "missing": {"count": (6,)}}
    task_set = Table(path=tmp_path / "t.csv", targets=("y",), **options).build()  # pyright: ignore[reportArgumentType]
    count, colour = task_set.input_columns
    assert (count.name, count.kind, count.stored, count.missing_numbers) == ("count", "numeric", "number", (6.0,))
    assert count.missing_words == ("",)
    assert (colour.kind, colour.categories, colour.indicator, colour.rest) == ("categorical", ("red",), True, ())
    assert "NA" in colour.missing_words
    width = 1 + count.indicator + len(colour.categories) + colour.indicator
    assert task_set.development.num_inputs == width
    assert count.facts()["missing_numbers"] == (6.0,)
