"""Several values behind an option that is to be repeated: the message says how to give them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from study.cli.app import app


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("run t.csv --targets a b c --out x", "--targets a --targets b --targets c"),
        ("check t.csv --budget 1h --set width=4 depth=1", "--set width=4 --set depth=1"),
        ("run t.csv more.csv --targets a", ""),
        ("run t.csv more.csv", ""),
    ],
)
def test_words_that_are_left_over_are_said_with_a_remedy(line: str, remedy: str) -> None:
    done = CliRunner().invoke(app, line.split())
    assert done.exit_code == 2
    assert "unexpected extra argument" in done.output
    assert ("Repeat the option" in done.output) == bool(remedy)
    assert remedy in " ".join(done.output.split())


def test_another_mistake_keeps_its_message() -> None:
    done = CliRunner().invoke(app, ["run", "t.csv", "--targets", "a", "b", "--nonsense"])
    assert done.exit_code == 2
    assert "--nonsense" in done.output
    assert "Repeat the option" not in done.output
