"""Options that take one of some words say which, in words of their own."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from study.cli.app import app


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report", "runs/a", "--prefer", "speed"], "'speed' is none of accuracy, balanced, cost."),
        (["check", "demo", "--backend", "slurm"], "'slurm' is none of auto, inline, ray."),
        (["check", "demo", "--device", "gpu"], "'gpu' is none of auto, cpu, cuda. Did you mean 'cuda'?"),
        (["check", "demo", "--device", "cdua"], "'cdua' is none of auto, cpu, cuda. Did you mean 'cuda'?"),
    ],
)
def test_another_word_is_answered_by_those_that_there_are(words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert said in result.output
    assert "Value error" not in result.output


def test_help_shows_the_words() -> None:
    assert "[auto|cpu|cuda]" in CliRunner().invoke(app, ["run", "--help"]).output
