"""README keeps its word: its commands run, its study file is valid, its tables are what the registry holds."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mtl_core.registry import entries, find
from mtl_core.tasks.table import Table
from study.config.load import load_spec, load_suite
from study.planning.options import checked_options
from tests import registry_tables

ROOT = Path(__file__).parent.parent
HANGING = 1500
"""Seconds after which the demo hangs; how fast it is is for the benchmarks to say."""
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_first_command_ends_in_a_verdict_and_a_report(tmp_path: Path) -> None:
    """The part after installing; `.ci/run` and the maintainers run the whole line in a fresh environment."""
    assert blocks("sh")[0].strip().endswith("&& .venv/bin/mtl-study demo")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "study", "demo"]
    where = {"cwd": tmp_path, "env": environment}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=HANGING, **where)
    assert done.returncode == 0, done.stderr
    assert "hurt by sharing" in done.stdout
    assert (tmp_path / "runs" / "demo" / "report.html").stat().st_size > 100_000


def test_ci_runs_the_second_command() -> None:
    script = f"cd {shlex.quote(str(ROOT))} && sed -n '/<!-- test command -->/,/^```$/p' README.md | sed '1,2d;$d'"
    found = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    assert found.strip() == blocks("sh")[1].strip()
    assert "pytest" in found
    assert "sed -n '/<!-- test command -->/" in (ROOT / ".ci" / "run").read_text()


def test_the_study_file_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(blocks("yaml")[0])
    assert load_spec(path).factors.weighting == ("equal", "fixed", "uncertainty")


def test_the_keys_of_a_table_that_is_written_otherwise_are_valid() -> None:
    options = yaml.safe_load(blocks("yaml")[2])["tasks"]
    assert {"csv", "encoding", "missing"} <= options.keys()
    Table(**checked_options(find("tasks", options.pop("set")), options, "tasks"))


def test_the_suite_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "two_sets.yaml"
    path.write_text(blocks("yaml")[3])
    suite = load_suite(path)
    assert [spec.training.epochs for spec in suite.studies.values()] == [30, 60]
    assert {spec.factors.match for spec in suite.studies.values()} == {"parameters"}


@pytest.mark.parametrize("kind", registry_tables.KINDS)
def test_its_tables_are_the_registry(kind: str) -> None:
    """Name, idea and source of every entry; ``python -m tests.registry_tables`` brings them up to date."""
    tables = README.split("<!-- registry -->\n")[1].split("<!-- /registry -->")[0]
    assert registry_tables.table(kind) in tables
    listed = dict(re.findall(r"\| `(\w+)` \| (.*?) \|", registry_tables.table(kind)))
    assert listed == {name: entry.summary for name, entry in entries(kind).items()}


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        ('J. Ma et al., "Modeling tasks", KDD 2018, section 4.2.', "Ma et al., KDD 2018"),
        ('R. Caruana, "Multitask learning", Machine Learning 28, 1997 (a book).', "Caruana, Machine Learning 28, 1997"),
        ('D. Lopez-Paz & M. Ranzato, "Memory", NeurIPS 2017, eq. 11.', "Lopez-Paz & Ranzato, NeurIPS 2017"),
        ('B. De Brabandere & L. Van Gool, "Deciding", BMVC 2020.', "De Brabandere & Van Gool, BMVC 2020"),
        (
            'J.-A. Désidéri, "MGDA", C. R. 350 (2012); A. Ng, "Two", ICML 2018.',
            "Désidéri, C. R. 350 (2012); Ng, ICML 2018",
        ),
        ('CS330 (Stanford), "Basics": additive conditioning.', "CS330 (Stanford)"),
        ("this project; as in ``demo``.", "this project; as in ``demo``"),
        ("–", "–"),
    ],
)
def test_a_source_is_cited_by_authors_venue_and_year(paper: str, expected: str) -> None:
    assert registry_tables.citation(paper) == expected
