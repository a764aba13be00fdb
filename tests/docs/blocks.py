"""The code blocks of a page, and how each language is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from mtl_core.registry import find
from study.cli.app import app
from study.config.spec import Spec
from study.planning.options import checked_options

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\{?\w*\}?).*?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"# ([\w/]+\.\w+)\n")
"""First line of a block that is a file."""
HELD = {"text", "latex", "{toctree}"}
"""Languages of what is read and not run: lists of pages, forms of commands, a line for a LaTeX document."""
NOT_RUN = {"console": "commands for a cluster of several machines, which a test has not got"}
DEFAULT_TASKS = {"set": "table", "path": "shop.csv", "targets": ["y_*"]}


@dataclass(frozen=True)
class Block:
    """A code block: its language, its text, and the line of the page on which it begins."""

    language: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    """Return the code blocks of a page that are to be run, in their order."""
    text = page.read_text(encoding="utf-8")
    found = [Block(one[1], one[2], text.count("\n", 0, one.start()) + 1) for one in FENCE.finditer(text)]
    return [block for block in found if block.language not in HELD | NOT_RUN.keys()]


def languages(page: Path) -> list[str]:
    """Return the language of every block of a page, of those that are not run as well."""
    return [one[1] for one in FENCE.finditer(page.read_text(encoding="utf-8"))]


@dataclass
class PageRunner:
    """Runs the blocks of one page in the current folder; Python blocks of a page share their names."""

    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})

    def run(self, block: Block) -> None:
        """Run a block, or write it where its first line names a file.

        Raises:
            AssertionError: when it fails; the message holds what it printed.
        """
        if named := NAMED.match(block.text):
            path = Path(named[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        if named and path.suffix == ".py":
            compile(block.text, str(path), "exec")
            return
        {"python": self.python, "sh": self.shell, "yaml": self.study_file}[block.language](block.text)

    def python(self, text: str) -> None:
        """Execute Python in the namespace of the page."""
        exec(compile(text, "block", "exec"), self.names)

    def shell(self, text: str) -> None:
        """Run commands of this project in this process, and blocks with other commands in a shell."""
        lines = text.replace("\\\n", " ").splitlines()
        if all(line.startswith("mtl-study ") for line in lines):
            for line in lines:
                _mtl_study(line.split(" #")[0])
        else:
            _bash(text)

    def study_file(self, text: str) -> None:
        """Check the keys of a study file, or of a part of one: its sections, and the options of its task set."""
        parts = yaml.safe_load(text)
        tasks = parts.get("tasks", {})
        tasks = DEFAULT_TASKS | tasks if tasks.get("set", "table") == "table" else dict(tasks)
        Spec.model_validate(parts | {"tasks": tasks})
        entry = find("tasks", tasks.pop("set"))
        entry.cls(**checked_options(entry, tasks, "tasks"))


def _mtl_study(line: str) -> None:
    done = CliRunner().invoke(app, shlex.split(line)[1:], catch_exceptions=False)
    assert done.exit_code == 0, f"{line}\n{done.output}"


def _bash(text: str) -> None:
    folder = Path("bin").absolute()
    folder.mkdir(exist_ok=True)
    script = folder / "mtl-study"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.docs.short_study "$@"\n')
    script.chmod(0o755)
    path = f"{os.environ.get('PYTHONPATH', '')}:{ROOT}"
    own = {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    text = text.replace("PYTHONPATH=.", f"PYTHONPATH=.:{path}")  # the project itself is not installed in every test
    done = subprocess.run(["bash", "-ec", text], env=os.environ | own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


def run_page(page: Path) -> None:
    """Run all blocks of a page in the current folder.

    Raises:
        AssertionError: when a block fails; the message names the page and the line.
    """
    runner = PageRunner()
    for block in blocks_of(page):
        try:
            runner.run(block)
        except Exception as error:
            raise AssertionError(f"{page.name}, line {block.line}: {error}") from error
