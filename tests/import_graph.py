"""The import graph of the three houses, read off the sources: what the house rules and the printed floor plan rest on.

Every import counts, those inside functions and under ``TYPE_CHECKING`` too: a reader who follows a name follows them.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOUSES = ("mtl_core", "study", "analysis")

Graph = Mapping[str, Set[str]]
"""Node → the nodes that it imports."""


@cache
def sources() -> dict[str, ast.Module]:
    """File (relative to the repository) → its syntax tree."""
    paths = [path for house in HOUSES for path in sorted((ROOT / house).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def imported_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported; ``from a import b`` yields ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            yield from ((node.lineno, f"{dots}{node.module or ''}.{alias.name}") for alias in node.names)


@cache
def file_graph() -> dict[str, dict[str, list[str]]]:
    """File → the files that it imports → the names that it takes from each."""
    files = {module_name(file): file for file in sources()}
    graph: dict[str, dict[str, list[str]]] = {}
    for file, tree in sources().items():
        graph[file] = {}
        for _, name in imported_names(tree):
            target = files.get(name) or files.get(name.rpartition(".")[0])
            if target is not None and target != file:
                graph[file].setdefault(target, []).append(name.rpartition(".")[2])
    return graph


def module_name(file: str) -> str:
    """``a/b/c.py`` → ``a.b.c``; a package is its ``__init__.py``."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def folders() -> list[str]:
    """Every folder with sources, outermost first; the empty name holds the three houses."""
    return ["", *sorted({parent.as_posix() for file in sources() for parent in Path(file).parents if parent.name})]


def entry(file: str, folder: str) -> str | None:
    """The file or sub-folder of ``folder`` that ``file`` lies in, or ``None`` where it lies elsewhere."""
    inside = f"{folder}/" if folder else ""
    return file.removeprefix(inside).split("/")[0].removesuffix(".py") if file.startswith(inside) else None


def folder_graph(folder: str) -> dict[str, dict[str, list[str]]]:
    """Entry of a folder → the entries that it imports → which file takes which names from which file."""
    graph: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for file, targets in file_graph().items():
        above = entry(file, folder)
        if above is None:
            continue
        graph[above]  # an entry without imports is one all the same
        for target, names in targets.items():
            below = entry(target, folder)
            if below is not None and below != above:
                reason = f"{file} takes {', '.join(names)} from {target}"
                graph[above].setdefault(below, []).append(reason)
    return dict(graph)


def cycles(graph: Graph | Mapping[str, Mapping[str, list[str]]]) -> list[list[str]]:
    """Groups of nodes that reach each other, as few as there are."""
    reach = {node: reachable(graph, node) for node in graph}
    circular = [node for node in graph if node in reach[node]]
    groups = {frozenset(other for other in reach[node] if node in reach[other]) for node in circular}
    return sorted(sorted(group) for group in groups)


def reachable(graph: Graph | Mapping[str, Mapping[str, list[str]]], start: str) -> set[str]:
    """What ``start`` imports, directly or not."""
    found: set[str] = set()
    todo = list(graph[start])
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += graph.get(node, ())
    return found


def floors(graph: Graph | Mapping[str, Mapping[str, list[str]]]) -> dict[int, list[str]]:
    """Floor → entries on it, top floor first: one above the highest that they import.

    Raises:
        ValueError: if there is a cycle, which has no floors.
    """
    if found := cycles(graph):
        raise ValueError(f"There are no floors in a cycle: {found}.")

    @cache
    def floor(node: str) -> int:
        return 1 + max((floor(below) for below in graph[node]), default=0)

    plan: dict[int, list[str]] = defaultdict(list)
    for node in sorted(graph):
        plan[floor(node)].append(node)
    return dict(sorted(plan.items(), reverse=True))
