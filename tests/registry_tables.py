"""README's tables of the registry; ``python -m tests.registry_tables`` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from mtl_core.data.metrics import metrics_of_kind
from mtl_core.registry import entries, names

README = Path(__file__).parent.parent / "README.md"
KINDS = ("sharing", "weighting", "kinds", "metrics")
MARKS = "<!-- registry -->\n", "<!-- /registry -->"


def table(kind: str) -> str:
    """Return the table of one kind: name, idea and source of every entry, as Markdown; of metrics also their kinds."""
    rows = [[f"`{entry.name}`", entry.summary, citation(entry.paper)] for entry in entries(kind).values()]
    head = [kind, "idea", "source"]
    if kind == "metrics":
        head.append("judges")
        judged = [[name for name in names("kinds") if metric in metrics_of_kind(name)] for metric in entries(kind)]
        rows = [[*row, ", ".join(own)] for row, own in zip(rows, judged, strict=True)]
    lines = [f"| {' | '.join(line)} |" for line in (head, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(head)}", *lines[1:]]) + "\n"


def citation(paper: str) -> str:
    """Return authors, venue and year of every work that a ``Source:`` line names, such as "Ma et al., KDD 2018"."""
    works = [re.match(r'(.*?), "[^"]+"(?:, (.*?\b(?:19|20)\d\d\b\)?))?', part) for part in paper.split("; ")]
    short = [", ".join(filter(None, (_surnames(work[1]), work[2]))) for work in works if work]
    return "; ".join(dict.fromkeys(short)) or paper.rstrip(".")


def _surnames(authors: str) -> str:
    """The surname of a single author, both of two, else the first one's and "et al."."""
    names = re.split(r", | & ", authors.removesuffix(" et al."))
    surnames = [" ".join(word for word in name.split() if not word.endswith(".")) for name in names]
    if len(surnames) > 2 or authors.endswith(" et al."):
        return f"{surnames[0]} et al."
    return " & ".join(surnames)


def main() -> None:
    """Replace the tables in README."""
    before, rest = README.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    tables = "\n".join(map(table, KINDS))
    README.write_text(f"{before}{MARKS[0]}{tables}{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
