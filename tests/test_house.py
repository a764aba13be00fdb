"""House rules that a machine can check, read off the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSES = ("mtl_core", "study", "analysis")
FORBIDDEN = {
    "mtl_core": {"study", "analysis", "ray", "pandas"},
    "analysis": {"study", "mtl_core", "ray", "torch"},
    "study": set(),
}
LONGEST = 250
LONG = {
    "study/execution/ray_tune.py": "everything that knows Ray stands in one file",
}
TESTED_BY = {  # modules of the core that have no test file of their own name
    "recipe": "fusion",
    "replica_state": "fusion",
}

SOURCES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for house in HOUSES
    for path in sorted((ROOT / house).rglob("*.py"))
}
every_source = pytest.mark.parametrize("name", SOURCES)


def imported(tree: ast.Module) -> Iterator[str]:
    """Top-level names of everything imported, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that arrows can be read"
            yield (node.module or "").split(".")[0]


def called(tree: ast.Module) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@every_source
def test_arrows_between_the_houses_point_one_way(name: str) -> None:
    assert not set(imported(SOURCES[name])) & FORBIDDEN[name.split("/")[0]]


@every_source
def test_nothing_is_pickled(name: str) -> None:
    assert not set(imported(SOURCES[name])) & {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    assert not called(SOURCES[name]) & {"torch.save", "torch.load", "eval", "exec"}


@every_source
def test_nothing_is_caught_to_be_hidden(name: str) -> None:
    for node in ast.walk(SOURCES[name]):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno} catches everything"
            silent = all(isinstance(part, ast.Pass) for part in node.body)
            broad = ast.unparse(node.type) in ("Exception", "BaseException")
            assert not (silent and broad), f"line {node.lineno} hides every error"


@every_source
def test_files_are_short_enough_to_be_read(name: str) -> None:
    lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST or name in LONG, f"{lines} lines: cut it, or say in LONG why it must be one"


def test_exceptions_are_files_that_exist() -> None:
    assert set(LONG) <= set(SOURCES)


Definition = ast.FunctionDef | ast.ClassDef


def documented_methods() -> dict[str, set[str]]:
    """Class name → its methods with a docstring, those that it inherits from our classes among them."""
    classes = {
        node.name: node for tree in SOURCES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }

    def documented(name: str) -> set[str]:
        if name not in classes:
            return set()
        body = classes[name].body
        own = {part.name for part in body if isinstance(part, ast.FunctionDef) and ast.get_docstring(part)}
        return own.union(*(documented(base) for base in base_names(classes[name]) if base != name))

    return {name: documented(name) for name in classes}


def base_names(node: ast.ClassDef) -> list[str]:
    return [ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases]


DOCUMENTED = documented_methods()


def inherits_its_docstring(method: str, owner: ast.ClassDef) -> bool:
    """From a base class of ours that documents it, or from a library's."""
    return any(base not in DOCUMENTED or method in DOCUMENTED[base] for base in base_names(owner))


def undocumented(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield node.name
        for part in node.body if isinstance(node, ast.ClassDef) else []:
            public = isinstance(part, ast.FunctionDef) and not part.name.startswith("_")
            if public and not ast.get_docstring(part) and not inherits_its_docstring(part.name, node):
                yield f"{node.name}.{part.name}"


@every_source
def test_what_is_public_has_a_docstring(name: str) -> None:
    assert ast.get_docstring(SOURCES[name]), "the module"
    assert not list(undocumented(SOURCES[name]))


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in SOURCES
        if name.split("/")[1] in ("sharing", "weighting", "backbones", "tasks")
        and name.startswith("mtl_core/")
        and name.count("/") == 2  # the registry's own level: what methods have in common lies below it
        and not name.endswith("__init__.py")
        and name.count("/") == 2  # a package beside the methods helps them and holds none
    ],
)
def test_one_idea_one_file_one_name(name: str) -> None:
    public = [node.name for node in SOURCES[name].body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    assert [cls.lower() for cls in public] == [Path(name).stem.replace("_", "")]


@pytest.mark.parametrize("house", HOUSES)
def test_the_test_tree_mirrors_the_house(house: str) -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests" / house).rglob("test_*.py")}
    assert all((ROOT / folder / "__init__.py").exists() for folder in folders), folders


@pytest.mark.parametrize("module", sorted(Path(name).stem for name in SOURCES if Path(name).parent == Path("mtl_core")))
def test_every_module_of_the_core_has_its_tests(module: str) -> None:
    if module != "__init__":
        assert (ROOT / "tests" / "mtl_core" / f"test_{TESTED_BY.get(module, module)}.py").exists()
