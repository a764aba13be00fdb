"""The pages of the reference that are made of the program: registry, study file, command line."""

from __future__ import annotations

from pathlib import Path

from reference_pages.commands import commands_page
from reference_pages.registry import PAGES, registry_page
from reference_pages.study_file import study_file_page


def write_pages(folder: Path) -> None:
    """Write every page into ``folder``; a page that is there already and has not changed stays untouched."""
    pages = {kind: registry_page(kind) for kind in PAGES}
    pages |= {"study_file": study_file_page(), "commands": commands_page()}
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
