"""Settings of the documentation's site; ``make docs`` builds it.

The pages of the reference that follow from the registry, the study file's schema and the command line are written
into ``docs/reference/`` before Sphinx reads them.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from reference_pages import write_pages  # noqa: E402

write_pages(HERE / "reference")

project = "mtl-study"
html_title = "mtl-study"
extensions = ["myst_parser"]
exclude_patterns = ["reference_pages"]
nitpicky = True
myst_heading_anchors = 3
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
pygments_style = "default"
