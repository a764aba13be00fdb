"""What Arrow's threads read is Arrow's own, and an interpreter may end while they still let go of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mtl_core.data.reading.arrow_memory import reader_of

TRIES = 8


def test_a_reader_reads_the_bytes_it_was_given() -> None:
    assert reader_of(b"a,b\n1,2\n").read() == b"a,b\n1,2\n"
    assert reader_of(b"").read() == b""


@pytest.mark.slow  # eight processes, one after the other, each of which imports torch
def test_a_command_that_ends_right_after_a_table_was_read_has_its_own_exit_status(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"  # with a name twice, which is found as soon as Arrow has read the table
    table.write_text("\n".join([",".join(["c", "c", *"abdefgh", "y_a", "y_b"]), *([",".join(["1.5"] * 11)] * 500)]))
    command = [sys.executable, "-m", "study", "check", str(table), "--targets", "y_*"]
    ended = [subprocess.run(command, capture_output=True, check=False) for _ in range(TRIES)]
    assert all(b"is there twice" in each.stderr for each in ended)
    assert [each.returncode for each in ended] == [
        2
    ] * TRIES  # where a thread held Python's bytes, half of them aborted
