"""Bad tables through the command line: exit 2, the place, the remedy, nothing written."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.study.refused import refused


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(header: str, row: str, rows: int = 60) -> str:
    """A table whose rows are ``row`` with # replaced by the number of the row and ? by 0 or 1 in turn."""
    lines = [row.replace("#", str(number)).replace("?", str(number % 2)) for number in range(rows)]
    return "\n".join([header, *lines]) + "\n"


CASES: dict[str, tuple[str | bytes, str]] = {
    # name: (file, what the refusal has to name)
    "empty file": ("", "data.csv"),
    "header only": ("a,b,y_1,y_2\n", "data.csv"),
    "one row": ("a,b,y_1,y_2\n1,2,3,4\n", "data.csv"),
    "no such target": (table("a,b,z", "#,?,?"), "y_*"),
    "one target": (table("a,b,y_1", "#,?,?"), "y_1"),
    "no inputs left": (table("y_1,y_2", "?,?"), "input"),
    "empty target": (table("a,y_1,y_2", "#,,?"), "y_1"),
    "constant target": (table("a,y_1,y_2", "#,7,?"), "y_1"),
    "infinite target": (table("a,y_1,y_2", "#,inf,#"), "y_1"),
    "column twice": (table("a,a,y_1,y_2", "#,#,?,?"), "'a'"),
    "not UTF-8": (b"a,y_1,y_2\n\xff\xfe,1,2\n" * 20, "data.csv"),
    "binary": (bytes(range(256)) * 20, "data.csv"),
    "NUL bytes": (b"\0" * 500, "data.csv"),
    "a web page": ("<!doctype html><html><body>404</body></html>\n", "data.csv"),
}


@pytest.mark.parametrize(("content", "named"), CASES.values(), ids=CASES.keys())
def test_a_bad_table_is_refused(content: str | bytes, named: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    lines = refused(["check", "data.csv", "--targets", "y_*"], tmp_path)
    assert named in f"{lines['where']} {lines['found']}"


def _parquet(path: Path) -> None:
    columns = {name: [float(number % 7) for number in range(80)] for name in ("a", "b", "y_1", "y_2")}
    pq.write_table(pa.table(columns), path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_parquet_file_is_refused(share: float, tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    _parquet(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert "data.parquet" in refused(["check", "data.parquet", "--targets", "y_*"], tmp_path)["where"]


@pytest.mark.parametrize("name", ["data.parquet", "data.arrow", "data.feather"])
def test_a_table_under_a_wrong_suffix_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(table("a,y_1,y_2", "#,?,?"))
    assert name in refused(["check", name, "--targets", "y_*"], tmp_path)["where"]


@pytest.mark.parametrize("path", ["none.csv", "../../none.csv", "/nowhere/none.csv", ".", "''"])
def test_a_study_of_a_missing_table_is_refused(path: str, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(f"tasks: {{set: table, path: {path}, targets: ['y_*']}}\n")
    refused(["check", "study.yaml"], tmp_path)


@pytest.mark.parametrize("targets", ["[]", "3", "[3]", "{a: b}"])
def test_targets_are_a_list_of_names(targets: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(table("a,y_1,y_2", "#,?,?"))
    (tmp_path / "study.yaml").write_text(f"tasks: {{set: table, path: data.csv, targets: {targets}}}\n")
    assert "targets" in refused(["check", "study.yaml"], tmp_path)["where"]


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("tasks.groups=nobody", "groups"),
        ("tasks.test=nothing", "test"),
        ("tasks.test_share=1", "test_share"),
        ("tasks.test_share=half", "test_share"),
        ("tasks.ignore=[zz*]", "ignore"),
        ("tasks.kinds={a: ordinal}", "kinds"),
        ("tasks.kinds={zz: numeric}", "kinds"),
        ("tasks.kinds={y_1: categorical}", "kinds.y_1"),
        ("tasks.target=[y_1]", "tasks.target"),
        ("tasks.seed=1.5", "seed"),
    ],
)
def test_wrong_dials_of_a_table_are_refused(override: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(table("a,y_1,y_2", "#,?,?"))
    lines = refused(["check", "data.csv", "--targets", "y_*", "--set", override], tmp_path)
    assert named in lines["where"]


HOSTILE = [
    "y_\x1b[31m",
    "y_<script>",
    "y_[bold]",
    "y_../../x",
    "y_=cmd()",
    "y_\\input{x}",
    "y_\u202e",
    "y_$x{$",
    "y_" + "x" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_task_names_are_shown_harmlessly(name: str, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from study.cli.app import app

    (tmp_path / "data.csv").write_text(table(f"a,{name},y_2", "#.5,?,?"), encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "data.csv", "--targets", "y_*"])
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]
