"""The documentation's site: it builds without a warning, needs nothing from elsewhere, and its reference whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_core.registry import entries, names
from study.cli.app import app
from study.config.spec import Spec
from tests.docs.blocks import DOCS, ROOT

ELSEWHERE = re.compile(r"""(?:<(?:script|img|link)\b[^>]*(?:src|href)=|url\(|@import )["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built as ``make docs`` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = re.search(r"\$\(PYTHON\) (-m sphinx .*) docs dist/docs", (ROOT / "Makefile").read_text())
    assert command
    path = f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, *command[1].split(), "docs", str(folder)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_it_needs_nothing_from_elsewhere(site: Path) -> None:
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 20
    asked = [
        f"{page.relative_to(site)}: {found[0]}" for page in pages for found in ELSEWHERE.finditer(page.read_text())
    ]
    assert not asked


@pytest.mark.parametrize("kind", ["sharing", "weighting", "backbones", "kinds", "metrics", "tasks", "strategies"])
def test_every_entry_of_the_registry_has_a_section_with_its_options(site: Path, kind: str) -> None:
    page = (site / "reference" / f"{kind}.html").read_text()
    for name in names(kind):
        _, _, section = page.partition(f'<section id="{name.replace("_", "-")}">')
        section = section.partition("<section")[0]
        assert section, name
        assert all(f">{option}<" in section for option in entries(kind)[name].options), name


def test_options_that_task_sets_have_in_common_are_explained_at_each(site: Path) -> None:
    page = (site / "reference" / "tasks.html").read_text()
    for name in ("arrays", "dataset"):
        section = page.partition(f'<section id="{name}">')[2].partition("<section")[0]
        assert "numbers that stand for a missing label, such as −1" in section
        assert "share of the examples that is used for testing" in section


def test_every_key_and_every_command_is_there(site: Path) -> None:
    keys, commands = ((site / "reference" / f"{name}.html").read_text() for name in ("study_file", "commands"))
    assert all(f">{name}<" in keys for name in Spec.model_fields)
    assert all(f">{command.name or command.callback.__name__}<" in commands for command in app.registered_commands)
    assert ">--set<" in commands
    assert ">--json<" in commands


def test_readmes_links_to_pages_and_those_of_the_pages_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
