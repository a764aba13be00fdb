"""What a refusal on the command line has to be."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from study.cli.app import app


def refused(arguments: list[str], folder: Path, *folders: str) -> dict[str, str]:
    """Run the command line in ``folder``: it has to refuse without a trace.  Returns the three sentences.

    ``folders`` are names of folders that are there before.
    """
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert all(path.is_file() or path.name in folders for path in folder.iterdir())
    lines = dict(line.strip().split("  ", 1) for line in result.stderr.splitlines())
    assert set(lines) == {"where", "found", "do"}
    assert all(character.isprintable() for line in lines.values() for character in line)
    return lines
