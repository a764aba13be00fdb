"""Every code block of the documentation runs, page by page and from top to bottom.

The tutorial's study is trained once; every other page starts with a copy of the folder that the tutorial leaves.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.blocks import DOCS, HELD, NOT_RUN, blocks_of, languages, run_page

PAGES = sorted(page for page in DOCS.rglob("*.md") if page.parent.name != "reference" and page.stem != "tutorial")


@pytest.fixture(scope="module")
def after_tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the tutorial was run: table, study file, finished study, exported model."""
    folder, before = tmp_path_factory.mktemp("tutorial"), Path.cwd()
    os.chdir(folder)
    try:
        run_page(DOCS / "tutorial.md")
    finally:
        os.chdir(before)
    return folder


def test_the_tutorial_ends_with_predictions(after_tutorial: Path) -> None:
    assert (after_tutorial / "runs" / "shop" / "report.html").exists()
    answers = (after_tutorial / "answers.csv").read_text().splitlines()
    assert len(answers) == 1 + 5
    assert {"y_spend", "y_return=yes"} <= set(answers[0].split(","))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.stem)
def test_its_blocks_run(page: Path, after_tutorial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shutil.copytree(after_tutorial, tmp_path / "page"))
    run_page(page)


def test_a_block_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("```python\n1 / 0\n```\n", "```sh\nmtl-study report nowhere\n```\n", "```yaml\nbandd: 1\n```\n"):
        page = tmp_path / "bad.md"
        page.write_text(f"# Bad\n\n{text}")
        with pytest.raises(AssertionError, match=r"bad\.md, line 3"):
            run_page(page)


def test_every_language_is_run_or_said_not_to_be() -> None:
    known = {"python", "sh", "yaml"} | HELD | NOT_RUN.keys()
    assert {language for page in [*PAGES, DOCS / "tutorial.md"] for language in languages(page)} <= known
