"""``tree`` prints what ``branch`` takes."""

from __future__ import annotations

import yaml
from typer.testing import CliRunner

from study.cli.app import app
from study.config.load import load_spec

SMALL = ["tree", "digits3", "--set", "factors.width=8", "--set", "factors.stages=2"]


def test_the_tree_is_a_piece_of_a_study_file_that_branch_takes() -> None:
    done = CliRunner().invoke(app, [*SMALL, "--groups", "2"])
    assert done.exit_code == 0, done.output
    found = yaml.safe_load(done.stdout)["training"]["sharing_options"]["branch"]["tree"]
    assert len(found) == 2
    for level in found:
        assert sorted(task for group in level for task in group) == ["five or more", "modulo three", "parity"]
    assert sum(map(len, found)) / 2 <= 2
    options = f"training.sharing_options={{branch: {{tree: {found}}}}}"
    assert load_spec("digits3", overrides=[options]).training.sharing_options["branch"]["tree"] == found


def test_more_groups_than_tasks_are_refused() -> None:
    done = CliRunner().invoke(app, [*SMALL, "--groups", "7"])
    assert done.exit_code == 2
    assert "3 tasks" in done.output
