"""The report of a run directory, if it is of what was scored last."""

from __future__ import annotations

from pathlib import Path


def current_report(run: Path) -> str | None:
    """Return the path of the report, unless scores have come since it was written."""
    page = run / "report.html"
    if not page.is_file():
        return None
    newest = max((path.stat().st_mtime for path in (run / "scores").glob("[!.]*.parquet")), default=0.0)
    return str(page) if page.stat().st_mtime >= newest else None
