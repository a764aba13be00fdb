"""A report counts while nothing was scored after it."""

from __future__ import annotations

import os
from pathlib import Path

from study.cli.current_report import current_report


def test_a_report_counts_until_scores_are_newer(tmp_path: Path) -> None:
    assert current_report(tmp_path) is None
    page = tmp_path / "report.html"
    page.write_text("")
    assert current_report(tmp_path) == str(page)
    (tmp_path / "scores").mkdir()
    for name, age in (("first.parquet", 10), (".half-written.parquet", -10)):
        (tmp_path / "scores" / name).write_text("")
        written = page.stat().st_mtime - age
        os.utime(tmp_path / "scores" / name, (written, written))
    assert current_report(tmp_path) == str(page)
    os.utime(page, (page.stat().st_mtime - 20,) * 2)
    assert current_report(tmp_path) is None
