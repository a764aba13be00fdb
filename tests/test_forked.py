"""There is one server from which processes are forked, and what it is to import is there."""

from __future__ import annotations

import ast
from importlib.util import find_spec

from tests.forked import ROOT


def test_no_other_file_says_what_the_server_imports() -> None:
    """Of several files the last that is collected would win, and what others fork would import everything anew."""
    texts = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")}
    setting = "set_forkserver" + "_preload"
    assert [name for name, text in texts.items() if setting in text] == ["tests/forked.py"]


def test_it_imports_modules_that_there_are() -> None:
    """Python passes over a module of that list which there is not."""
    tree = ast.parse((ROOT / "tests" / "preloaded.py").read_text("utf-8"))
    (names,) = (ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    assert len(names) > 3
    assert not [name for name in names if find_spec(name) is None]
