"""The log file: lines with the time, appended."""

from __future__ import annotations

import errno
import os
import re
import sys
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.driver.run import run
from study.driver.watching import log_file
from study.driver.watching.log_file import LogFile, copied_to, uncopied
from tests.study.conftest import tiny

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d "


def lines(path: Path) -> list[str]:
    """The lines, whose times are checked and taken off."""
    found = path.read_text().splitlines()
    assert all(re.match(TIME, line) for line in found)
    return [re.sub(f"^{TIME}", "", line) for line in found]


def test_what_is_printed_is_appended_in_whole_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log"
    before = sys.stdout, sys.stderr
    for word in ("one", "two"):
        with copied_to(path):
            print(word, "more")
            print("", file=sys.stderr)
            print("half", end="", file=sys.stderr)
            print(" a line", file=sys.stderr, flush=True)
            print("drawn", file=uncopied(sys.stdout))
            assert not sys.stdout.isatty()
    assert (sys.stdout, sys.stderr) == before
    assert lines(path) == ["one more", "half a line", "two more", "half a line"]
    assert capsys.readouterr().out == "one more\ndrawn\ntwo more\ndrawn\n"


def test_text_that_steers_a_terminal_is_spelt_out(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    log.write("\x1b[31mred \udcff")
    log.write("  ")
    assert lines(tmp_path / "log") == [r"\x1b[31mred \udcff"]


def test_without_a_file_nothing_changes() -> None:
    with copied_to(None):
        assert uncopied(sys.stdout) is sys.stdout


@pytest.mark.parametrize("name", [".", "no such folder/log"])
def test_a_file_that_cannot_be_opened_is_a_mistake(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be opened") as caught, copied_to(tmp_path / name):
        raise AssertionError("nothing may be run")
    assert "--log-file" in caught.value.where
    assert "folder that exists" in caught.value.remedy


def test_a_full_disk_ends_the_log_and_not_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = LogFile(tmp_path / "log")

    def full(handle: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(log_file.os, "write", full)
    log.write("a")
    log.write("b")
    assert capsys.readouterr().err == f"nothing more is written to {tmp_path / 'log'}: No space left on device\n"


def test_a_study_from_python_writes_its_progress_there(fake: Path, tmp_path: Path) -> None:
    run(tiny(), out=tmp_path / "run", log_file=tmp_path / "log")
    found = lines(tmp_path / "log")
    assert found[0].startswith("search: 0 of at most")
    assert found[-1].startswith("score: ")
