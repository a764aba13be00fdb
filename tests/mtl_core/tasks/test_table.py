"""Tables: what a sound file becomes, and one line of refusal for every unsound one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import csv, feather, parquet

from mtl_core.data.splits import split
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks.table import Table

N = 120
RANDOM = np.random.default_rng(0)
GOOD: dict[str, Any] = {
    "age": RANDOM.normal(40, 10, N),
    "flag": RANDOM.random(N) < 0.5,
    "colour": RANDOM.choice(["red", "green", "blue"], N),
    "y_price": RANDOM.normal(size=N),
    "y_sick": RANDOM.random(N) < 0.4,
    "y_stage": RANDOM.choice(["I", "II", "III"], N),
    "person": np.arange(N) // 4,
    "fold": np.array([number // 4 % 5 == 0 for number in range(N)]),
}
APART = {"groups": "person", "ignore": ("fold",)}


def file_with(folder: Path, changes: dict[str, Any] | None = None, suffix: str = ".parquet") -> Path:
    """The good table with some columns replaced, added, or (``None``) dropped."""
    columns = {name: values for name, values in (GOOD | (changes or {})).items() if values is not None}
    table, path = pa.table(columns), folder / f"some{suffix}"
    write: Callable[..., Any] = {".parquet": parquet.write_table, ".csv": csv.write_csv}.get(
        suffix, feather.write_feather
    )
    write(table, path)
    return path


def built(folder: Path, changes: dict[str, Any] | None = None, **options: Any) -> TaskSet:
    """The task set of the good table with changes."""
    return Table(**{"path": file_with(folder, changes), "targets": ("y_*",)} | APART | options).build()


def with_holes(values: Any, holes: slice) -> list[Any]:
    """``values`` with ``None`` in ``holes``."""
    filled = list(values)
    filled[holes] = [None] * len(filled[holes])
    return filled


def test_a_good_table_becomes_tasks_inputs_and_two_drawers(tmp_path: Path) -> None:
    task_set = built(tmp_path)
    assert [(task.name, task.kind, task.num_classes) for task in task_set.tasks] == [
        ("y_price", "regression", 1),
        ("y_sick", "binary", 2),
        ("y_stage", "multiclass", 3),
    ]
    assert task_set.development.num_inputs == 5
    assert task_set.development.standardise.tolist() == [True, False, False, False, False]
    assert (len(task_set.development.examples), len(task_set.test)) == (96, 24)
    assert task_set.name == "some"


def test_labels_and_inputs_are_those_of_the_file(tmp_path: Path) -> None:
    task_set = built(tmp_path, groups=None, test="fold", ignore=("person",))
    rows = GOOD["fold"]
    assert np.allclose(task_set.test.inputs[:, 0], GOOD["age"][rows])
    assert np.array_equal(task_set.test.inputs[:, 2], GOOD["colour"][rows] == "blue")
    assert np.allclose(task_set.test.targets[:, 0], GOOD["y_price"][rows])
    stages = [task_set.tasks[2].classes[int(code)] for code in task_set.test.targets[:, 2]]
    assert stages == GOOD["y_stage"][rows].tolist()


@pytest.mark.parametrize("suffix", [".csv", ".arrow", ".feather"])
def test_every_format_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    whole = {"age": np.arange(N) * 7 % 31, "y_price": RANDOM.integers(0, 1000, N)}
    other = Table(path=file_with(tmp_path, whole, suffix), targets=("y_*",), **APART).build()
    assert other.fingerprint() == built(tmp_path, whole).fingerprint()


def test_an_arrow_stream_and_tabs_are_read_as_well(tmp_path: Path) -> None:
    table = pa.table(GOOD)
    with pa.OSFile(str(tmp_path / "some.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    csv.write_csv(table, tmp_path / "some.tsv", csv.WriteOptions(delimiter="\t"))
    prints = {
        Table(path=tmp_path / name, targets=("y_*",), **APART).build().name for name in ("some.arrow", "some.tsv")
    }
    assert prints == {"some"}


def test_missing_inputs_stay_missing_and_get_an_indicator(tmp_path: Path) -> None:
    task_set = built(tmp_path, {"age": with_holes(GOOD["age"], slice(10, 40))})
    both = torch.cat([task_set.development.examples.inputs, task_set.test.inputs])
    assert task_set.development.num_inputs == 6
    assert both[:, 0].isnan().sum() == 30
    assert torch.equal(both[:, 0].isnan(), both[:, 1] == 1)
    assert task_set.development.standardise.tolist()[:2] == [True, False]


def test_missing_targets_are_normal(tmp_path: Path) -> None:
    task_set = built(tmp_path, {"y_price": with_holes(GOOD["y_price"], slice(0, 60))})
    missing = sum(int(part.targets[:, 0].isnan().sum()) for part in (task_set.development.examples, task_set.test))
    assert missing == 60
    assert any("labels to develop on" in remark.text for remark in task_set.remarks)


def test_a_category_only_seen_in_test_is_nothing_and_a_class_only_seen_in_test_is_no_label(tmp_path: Path) -> None:
    test = GOOD["fold"]
    changes = {"colour": np.where(test, "pink", GOOD["colour"]), "y_stage": np.where(test, "IV", GOOD["y_stage"])}
    changes["y_stage"][np.flatnonzero(test)[:5]] = "I"
    task_set = built(tmp_path, changes, groups=None, test="fold", ignore=("person",))
    assert task_set.test.inputs[:, 2:].sum() == 0
    assert task_set.development.num_inputs == 5
    assert task_set.test.targets[:, 2].isnan().sum() == test.sum() - 5
    assert any("only test rows show IV" in remark.text for remark in task_set.remarks)


def test_rare_categories_are_one_and_text_that_names_rows_is_left_out(tmp_path: Path) -> None:
    n = 1000
    columns = {"code": [f"c{min(i % 97, i % 60)}" for i in range(n)], "note": [f"note no. {i} x" for i in range(n)]}
    columns |= {"x": RANDOM.normal(size=n), "y": RANDOM.normal(size=n)}
    parquet.write_table(pa.table(columns), tmp_path / "many.parquet")
    task_set = Table(path=tmp_path / "many.parquet", targets=("y",)).build()
    assert task_set.development.num_inputs == 52
    assert torch.equal(task_set.test.inputs[:, :51].sum(1), torch.ones(200))
    assert any("'note' names rows" in remark.text for remark in task_set.remarks)


def test_dates_become_days(tmp_path: Path) -> None:
    stamps = pa.array([i * 86_400_000_000 for i in range(N)], pa.timestamp("us", tz="UTC"))
    for values in (stamps, pa.array([i * 3 % N for i in range(N)], pa.date32())):
        task_set = built(tmp_path, {"age": values})
        assert 0 <= task_set.test.inputs[:, 0].min() < task_set.test.inputs[:, 0].max() <= N
        assert any("days since 1970" in remark.text for remark in task_set.remarks)


@pytest.mark.parametrize(
    ("values", "metric"),
    [
        (np.arange(N) % 5 == 0, "accuracy"),
        (np.arange(N) % 6 == 0, "auroc"),
        (np.arange(N) % 6 > 0, "auroc"),
        (np.arange(N) % 24 == 0, "brier"),  # too few positives for a curve
        (np.where(np.arange(N) % 12 == 0, 1, np.where(np.arange(N) % 12 == 6, 2, 0)), "brier"),
    ],
)
def test_a_task_with_a_rare_class_is_judged_by_a_metric_that_sees_it(
    values: np.ndarray, metric: str, tmp_path: Path
) -> None:
    task_set = built(tmp_path, {"y_sick": values})
    assert [task.metric for task in task_set.tasks] == ["mse", metric, "accuracy"]
    said = [remark.text for remark in task_set.remarks if remark.kind == "common_class"]
    assert len(said) == (metric != "accuracy")
    assert all("% of the labels are one class" in text and f"({metric})" in text for text in said)


def test_the_user_chooses_metrics_by_name_or_pattern(tmp_path: Path) -> None:
    rare = {"y_sick": np.arange(N) % 6 == 0}
    task_set = built(tmp_path, rare, metrics={"y_s*": "f1", "y_price": "spearman", "y_sick": "mcc"})
    assert [task.metric for task in task_set.tasks] == ["spearman", "mcc", "f1"]
    assert not [remark for remark in task_set.remarks if remark.kind == "common_class"]
    assert built(tmp_path, rare).fingerprint() != task_set.fingerprint()


def test_kinds_and_groups_are_found_by_patterns(tmp_path: Path) -> None:
    numbers = {"y_price": np.arange(N) % 5, "y_stage": np.arange(N) % 3}
    kinds = {"y_*": "regression", "y_sick": "binary", "co*": "categorical"}
    task_set = built(tmp_path, numbers, kinds=kinds, groups="per*")
    assert [task.kind for task in task_set.tasks] == ["regression", "binary", "regression"]
    assert task_set.test.groups is not None
    with pytest.raises(UserError, match="'y_\\*' says 'regression' and '\\*e' says 'multiclass'"):
        built(tmp_path, numbers, kinds={"y_*": "regression", "*e": "multiclass"})


@pytest.mark.parametrize(
    ("metrics", "changes", "found"),
    [
        ({"y_price": "auroc"}, {}, "'auroc' does not judge 'y_price', which is regression"),
        ({"y_sick": "roc"}, {}, "'roc' does not judge 'y_sick', which is binary"),
        ({"age": "mse"}, {}, "'age' matches no column of the targets"),
        ({"y_price": "poisson_deviance"}, {}, "judges counts, and 'y_price' holds -"),
        (
            {"y_price": "poisson_deviance"},
            {"y_price": 1e12 + np.arange(N)},
            "numbers of 'y_price' are too large for it to tell them apart",
        ),
        (
            {"y_sick": "auroc"},
            {"y_sick": np.arange(N) % 24 == 0},
            "needs 10 labels outside the most frequent class, and 'y_sick' has ",
        ),
    ],
)
def test_a_metric_that_does_not_suit_is_refused(
    metrics: dict[str, str], changes: dict[str, Any], found: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as refused:
        built(tmp_path, changes, metrics=metrics)
    assert refused.value.where == "table: metrics"
    assert found in refused.value.found
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(N) % 2, "binary"),
        (np.arange(N) % 2 * 3.5, "binary"),
        (np.arange(N) % 5, "multiclass"),
        (np.arange(N) % 40, "regression"),
        (np.arange(N) % 5 / 3, "regression"),
    ],
)
def test_kinds_are_inferred_and_the_reason_is_said(tmp_path: Path, values: Any, kind: str) -> None:
    task_set = built(tmp_path, {"y_price": values})
    assert task_set.tasks[0].kind == kind
    assert any(remark.text.startswith(f"Task 'y_price' is {kind}: ") for remark in task_set.remarks)


def test_declared_kinds_win(tmp_path: Path) -> None:
    kinds = {"y_price": "regression", "code": "categorical", "age": "numeric"}
    changes = {"y_price": np.arange(N) % 5, "code": [str(i % 3) for i in range(N)]}
    task_set = built(tmp_path, changes | {"age": [str(i) for i in range(N)]}, kinds=kinds)
    assert task_set.tasks[0].kind == "regression"
    assert task_set.development.num_inputs == 8


def test_groups_stay_whole_between_all_three_parts(tmp_path: Path) -> None:
    task_set = built(tmp_path)
    train, validation = split(task_set.development, 0)
    members, test_members = task_set.development.examples.groups, task_set.test.groups
    assert members is not None
    assert test_members is not None
    sides = [set(members[train].tolist()), set(members[validation].tolist()), set(test_members.tolist())]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 30


def test_repeated_rows_and_a_straight_line_are_remarked_upon(tmp_path: Path) -> None:
    changes = {"age": np.arange(N) % 3, "colour": None, "flag": None, "line": 2 * GOOD["y_price"] + 1}
    task_set = built(tmp_path, changes, ignore=("fold", "line"))
    assert any("test rows repeat" in remark.text for remark in task_set.remarks)
    assert any("straight line" in remark.text for remark in built(tmp_path, changes).remarks)


def test_what_training_sees_does_not_depend_on_the_contents_of_test_rows(tmp_path: Path) -> None:
    test = GOOD["fold"]
    options = {"groups": None, "test": "fold", "ignore": ("person",)}
    changed = {"age": np.where(test, 1e9, GOOD["age"]), "colour": np.where(test, "violet", GOOD["colour"])}
    before, after = built(tmp_path, **options).development, built(tmp_path, changed, **options).development
    assert torch.equal(before.examples.inputs, after.examples.inputs)
    assert before.tasks == after.tasks


def test_the_fingerprint_follows_the_data(tmp_path: Path) -> None:
    price = GOOD["y_price"].copy()
    price[7] += 1e-3
    first, again, other = (built(tmp_path, changes).fingerprint() for changes in ({}, {}, {"y_price": price}))
    assert first == again != other


def test_ten_thousand_columns_are_read_fast(tmp_path: Path) -> None:
    wide = {f"x{i}": RANDOM.normal(size=200).round(3) for i in range(10_000)} | {"y": RANDOM.normal(size=200)}
    csv.write_csv(pa.table(wide), tmp_path / "wide.csv")
    begin = time.process_time()
    assert Table(path=tmp_path / "wide.csv", targets=("y",)).build().development.num_inputs == 10_000
    assert time.process_time() - begin < 20


COLUMNS_REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "all-missing target": ({"y_price": pa.nulls(N, pa.float64())}, {}, "y_price"),
    "target of NaN": ({"y_price": np.full(N, np.nan)}, {}, "y_price"),
    "target of no type": ({"y_price": pa.nulls(N)}, {}, "y_price"),
    "constant number": ({"y_price": np.ones(N)}, {}, "y_price"),
    "constant text": ({"y_stage": ["I"] * N}, {}, "y_stage"),
    "constant truth": ({"y_sick": [True] * N}, {}, "y_sick"),
    "hardly any label": ({"y_price": with_holes(GOOD["y_price"], slice(5, N))}, {}, "y_price"),
    "no label in test": (
        {"y_price": [None if test else x for x, test in zip(GOOD["y_price"], GOOD["fold"], strict=True)]},
        {"groups": None, "test": "fold", "ignore": ("person",)},
        "no label in the test rows",
    ),
    "date as a target": ({"y_price": pa.array(range(N), pa.date32())}, {}, "date"),
    "a class a row": ({"y_stage": [f"word {i}x" for i in range(N)]}, {}, "classes"),
    "numbers as text": ({"age": [str(x) for x in GOOD["age"]]}, {}, "numbers written as text"),
    "decimal commas": ({"age": [f"{i},5" for i in range(N)]}, {}, "numbers written as text"),
    "money": ({"age": [f"$ {i}.50" for i in range(N)]}, {}, "numbers written as text"),
    "numbers and words": ({"age": ["many", *[str(x) for x in GOOD["age"][1:]]]}, {}, "many"),
    "target of numbers and words": ({"y_price": ["?", *[str(x) for x in GOOD["age"][1:]]]}, {}, "y_price"),
    "infinity": ({"age": [np.inf, *GOOD["age"][1:]]}, {}, "row 1 holds inf"),
    "negative infinity in a target": ({"y_price": [-np.inf, *GOOD["age"][1:]]}, {}, "y_price"),
    "1e300": ({"age": [*GOOD["age"][1:], 1e300]}, {}, "row 120"),
    "1e300 in a target": ({"y_price": [*GOOD["age"][1:], 1e300]}, {}, "y_price"),
    "lists": ({"age": [[1, 2]] * N}, {}, "list"),
    "structures": ({"age": [{"a": 1}] * N}, {}, "struct"),
    "bytes": ({"age": [b"\xff"] * N}, {}, "binary"),
    "target among the inputs": ({"copy": GOOD["y_price"]}, {}, "equals the target 'y_price'"),
    "class among the inputs": ({"copy": GOOD["y_stage"]}, {}, "equals the target 'y_stage'"),
    "truth as a number among the inputs": ({"copy": GOOD["y_sick"].astype(int)}, {}, "equals the target 'y_sick'"),
    "no group column": ({}, {"groups": "persn"}, "person"),
    "a row without a group": ({"person": with_holes(GOOD["person"], slice(3, 4))}, {}, "row 4"),
    "two groups": ({"person": np.arange(N) % 2}, {}, "2 groups"),
    "ids across splits": ({"fold": np.arange(N) % 5 == 0}, {"test": "fold", "ignore": ()}, "splits"),
    "no test column": ({}, {"test": "split"}, "split"),
    "strange test column": ({"fold": ["maybe"] * N}, {"test": "fold", "ignore": ()}, "maybe"),
    "holes in the test column": ({"fold": with_holes(GOOD["fold"], slice(0, 1))}, {"test": "fold"}, "row 1"),
    "nothing to test": ({"fold": np.zeros(N, bool)}, {"test": "fold", "ignore": ()}, "no row"),
    "everything to test": ({"fold": np.ones(N, bool)}, {"test": "fold", "ignore": ()}, "every row"),
    "pattern that matches nothing": ({}, {"targets": ("z_*",)}, "matches no column"),
    "slip in a target": ({}, {"targets": ("y_pric",)}, "y_price"),
    "ignored nothing": ({}, {"ignore": ("foldd",)}, "fold"),
    "everything is a target": ({}, {"targets": ("*",)}, "no input column"),
    "target is the group": ({}, {"targets": ("person",)}, "targets"),
    "no input left": ({}, {"ignore": ("fold", "age", "flag", "colour")}, "no input column"),
    "inputs all empty": ({"age": pa.nulls(N), "flag": None, "colour": None}, {}, "no input is left"),
    "kind of no column": ({}, {"kinds": {"agee": "numeric"}}, "age"),
    "input kind for a target": ({}, {"kinds": {"y_price": "numeric"}}, "regression"),
    "target kind for an input": ({}, {"kinds": {"age": "binary"}}, "categorical"),
    "binary of three": ({}, {"kinds": {"y_stage": "binary"}}, "3 different"),
    "regression of words": ({}, {"kinds": {"y_stage": "regression"}}, "y_stage"),
    "number of words": ({}, {"kinds": {"colour": "numeric"}}, "colour"),
    "date of words": ({}, {"kinds": {"colour": "date"}}, "colour"),
    "date of numbers": ({}, {"kinds": {"age": "date"}}, "no dates"),
    "share of nothing": ({}, {"test_share": 0.0}, "test_share"),
    "share of everything": ({}, {"test_share": 1.0}, "test_share"),
    "no target": ({}, {"targets": ()}, "targets"),
}


@pytest.mark.parametrize("case", COLUMNS_REFUSED)
def test_an_unsound_column_or_dial_is_refused(tmp_path: Path, case: str) -> None:
    changes, options, said = COLUMNS_REFUSED[case]
    with pytest.raises(UserError) as caught:
        built(tmp_path, changes, **options)
    assert said in str(caught.value)
    assert caught.value.where
    assert caught.value.remedy


ROWS = "".join(f"{i * 7 % 13},{i % 3 / 7}\n" for i in range(40))
FILES_REFUSED: dict[str, tuple[str, bytes | None, str]] = {
    "missing": ("a.csv", None, "no such file"),
    "NUL in the path": ("a\0.csv", None, "no such file"),
    "wrong extension": ("a.xlsx", b"PK", ".xlsx"),
    "no extension": ("a", b"x,y\n1,2\n", "suffix"),
    "empty": ("a.csv", b"", "empty"),
    "header alone": ("a.csv", b"x,y\n", "0 rows"),
    "one row": ("a.csv", b"x,y\n1,2\n", "1 rows"),
    "blank lines": ("a.csv", b"\n\n\n", "a.csv"),
    "duplicate columns": ("a.csv", f"x,x,y\n{ROWS.replace(',', ',1,')}".encode(), "twice"),
    "ragged": ("a.csv", f"x,y\n{ROWS}1,2,3\n".encode(), "line 42 has 3 columns"),
    "not UTF-8": ("a.csv", b"x,y\n" + ROWS.encode() + b"\xff\xfe,3\n", "a.csv"),
    "not UTF-8 in a name": ("a.csv", b"\xe4ge,y\n" + ROWS.encode(), "a.csv"),
    "semicolons": ("a.csv", f"x;y\n{ROWS.replace(',', ';')}".encode(), "commas"),
    "mixed types": ("a.csv", f"x,y\n{ROWS}many,1\n".encode(), "many"),
    "mixed target": ("a.csv", f"x,y\n{ROWS}1,lots\n".encode(), "lots"),
    "infinity": ("a.csv", f"x,y\n{ROWS}inf,1\n".encode(), "inf"),
    "binary as CSV": ("a.csv", bytes(range(256)) * 40, "a.csv"),
    "text as parquet": ("a.parquet", b"x,y\n1,2\n", "cannot be read"),
    "text as arrow": ("a.arrow", b"x,y\n1,2\n", "cannot be read"),
    "text as feather": ("a.feather", b"ARROW1 but no more", "cannot be read"),
    "zeros as parquet": ("a.parquet", b"\0" * 500, "cannot be read"),
}


@pytest.mark.parametrize("case", FILES_REFUSED)
def test_an_unsound_file_is_refused(tmp_path: Path, case: str) -> None:
    name, content, said = FILES_REFUSED[case]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        Table(path=tmp_path / name, targets=("y",)).build()
    assert said in str(caught.value)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    path = file_with(tmp_path, suffix=suffix)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UserError, match="cannot be read"):
        Table(path=path, targets=("y_*",)).build()


def test_text_that_is_no_utf8_inside_a_binary_file_is_refused(tmp_path: Path) -> None:
    bad = pa.array([b"\xff"] * N).view(pa.string())
    with pytest.raises(UserError, match="UTF8"):
        Table(path=file_with(tmp_path, {"colour": bad}, ".arrow"), targets=("y_*",)).build()


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="no such file"):
        Table(path=tmp_path / "folder.csv", targets=("y",)).build()


CELLS = st.one_of(
    st.none(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=6), st.booleans(), st.dates()
)
NAMES = st.lists(st.text(max_size=5), min_size=4, max_size=4)
TYPED = st.one_of(
    st.lists(st.one_of(st.none(), st.floats(width=32)), min_size=1, max_size=5).map(lambda x: (x, pa.float32())),
    st.lists(st.one_of(st.none(), st.floats(-9, 9)), min_size=3, max_size=9).map(lambda x: (x, pa.float64())),
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=5).map(
        lambda x: (x, pa.int64())
    ),
    st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=5).map(lambda x: (x, pa.uint8())),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=5).map(lambda x: (x, pa.large_string())),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=1, max_size=5).map(lambda x: (x, pa.bool_())),
    st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), min_size=1, max_size=4).map(
        lambda x: (x, pa.date32())
    ),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4).map(lambda x: (x, pa.timestamp("s"))),
    st.lists(st.decimals(-9, 9, places=2), min_size=1, max_size=4).map(lambda x: (x, pa.decimal128(5, 2))),
    st.lists(st.integers(0, 9), min_size=1, max_size=4).map(lambda x: (x, pa.time32("s"))),
)


def is_sound_or_refused(path: Path) -> None:
    """A file is a task set that an engine can train on, or a mistake; nothing else may be raised."""
    try:
        task_set = Table(path=path, targets=("a", "*[a-z]*", "?")).build()
    except UserError:
        return
    for part in (task_set.development.examples, task_set.test):
        assert not part.inputs.isinf().any()
        assert not part.targets.isinf().any()
        assert not part.targets.isnan().all(dim=0).any()
    assert all(len(column[~column.isnan()].unique()) > 1 for column in task_set.development.examples.targets.T)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=2, max_size=4), names=NAMES)
def test_any_csv_is_a_task_set_or_a_mistake(tmp_path: Path, columns: list[list[Any]], names: list[str]) -> None:
    lines = [",".join(names[: len(columns)])]
    lines += [",".join(str(cells[i % len(cells)]) for cells in columns) for i in range(60)]
    (tmp_path / "any.csv").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    is_sound_or_refused(tmp_path / "any.csv")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=st.lists(TYPED, min_size=2, max_size=4))
def test_any_typed_table_is_a_task_set_or_a_mistake(
    tmp_path: Path, columns: list[tuple[list[Any], pa.DataType]]
) -> None:
    arrays = [pa.array([cells[i % len(cells)] for i in range(60)], stored) for cells, stored in columns]
    names = ["a", "-1", "-2", "-3"][: len(arrays)]
    feather.write_feather(pa.table(arrays, names=names), tmp_path / "any.arrow")
    is_sound_or_refused(tmp_path / "any.arrow")


def test_inputs_of_which_none_varies_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,w,y\n" + "".join(f"1,red,{row % 7}.5\n" for row in range(60)))
    with pytest.raises(UserError, match=r"every input has one and the same value .*\(x, w\)"):
        Table(path=tmp_path / "a.csv", targets=("y",)).build()


def test_a_boolean_that_is_neither_0_nor_1_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,w,y\n" + "".join(f"{row % 3},{row},{row % 7}.5\n" for row in range(60)))
    with pytest.raises(UserError, match="row 3 holds 2"):
        Table(path=tmp_path / "a.csv", targets=("y",), kinds={"x": "boolean"}).build()
