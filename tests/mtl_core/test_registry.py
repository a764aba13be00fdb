"""What exists is found by file name, and what is malformed fails at once."""

from __future__ import annotations

import inspect
import itertools
from abc import ABC
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from mtl_core.registry import KINDS, Entry, add_kind, entries, find
from mtl_core.search_space import LogUniform, Simplex, Uniform

numbers = itertools.count()
BASE = "from abc import ABC, abstractmethod\nclass Base(ABC):\n    @abstractmethod\n    def go(self): ...\n"
GOOD = """
from typing import Annotated
from {package} import Base
from mtl_core.search_space import LogUniform, OnRequest, Uniform
class CrossStitch(Base):
    \"\"\"A method.

    Words.

    Source: I. Misra et al., "Cross-stitch networks",
    CVPR 2016.

    More words.
    \"\"\"
    def __init__(self, place, *, rate: Annotated[float, LogUniform(0.1, 1.0)] = 0.3, norm: str = "none", needed: int,
                 dropout: Annotated[float, OnRequest(Uniform(0.0, 0.5))] = 0.0):
        pass
    def go(self): ...
"""


def found(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> dict[str, Entry]:
    """The entries of a throw-away kind with the given modules."""
    package = f"throw_away_{next(numbers)}"
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text(BASE)
    for name, text in modules.items():
        (folder / package / f"{name}.py").write_text(text.replace("{package}", package))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(KINDS, package, ("", ""))  # so that it is gone afterwards
    add_kind(package, package, "Base")
    return dict(entries(package))


def test_an_entry_carries_summary_paper_and_dials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = found(tmp_path, monkeypatch, cross_stitch=GOOD)["cross_stitch"]
    assert entry.summary == "A method."
    assert entry.paper == 'I. Misra et al., "Cross-stitch networks", CVPR 2016.'
    assert list(entry.options) == ["rate", "norm", "needed", "dropout"]
    assert entry.tuned == {"rate": LogUniform(0.1, 1.0)}
    assert entry.tunable == entry.tuned | {"dropout": Uniform(0.0, 0.5)}
    assert [option.on_request for option in entry.options.values()] == [False, False, False, True]
    assert (entry.options["rate"].default, entry.options["norm"].default) == (0.3, "none")
    assert [option.required for option in entry.options.values()] == [False, False, True, False]


def without(text: str, part: str) -> str:
    assert part in GOOD
    return text.replace(part, "")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "exactly one concrete subclass of Base; found none"),
        ("from {package} import Base\n", "exactly one concrete subclass"),
        (GOOD + "class Second(Base):\n    '''Two.'''\n    def go(self): ...\n", "CrossStitch.*Second"),
        (without(GOOD, "    def go(self): ...\n"), "exactly one concrete subclass"),
        (GOOD.replace("CrossStitch", "Crossing"), "must follow the file's stem 'cross_stitch'"),
        ("from {package} import Base\nclass CrossStitch(Base):\n    def go(self): ...\n", "needs a docstring"),
        ("class CrossStitch:\n    '''No base.'''\n", "exactly one concrete subclass"),
        ("import no_such_module_anywhere\n", "no_such_module_anywhere"),
        ("def broken(:\n", "invalid syntax"),
    ],
    ids=["empty", "imports only", "two", "abstract", "misnamed", "no docstring", "no base", "bad import", "no Python"],
)
def test_a_malformed_module_fails_loudly(
    text: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises((UserError, ImportError, SyntaxError), match=complaint):
        found(tmp_path, monkeypatch, cross_stitch=text, good=GOOD.replace("CrossStitch", "Good"))


def test_entries_come_in_alphabetical_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {name: GOOD.replace("CrossStitch", name.title()) for name in ("zeta", "alpha", "mid")}
    assert list(found(tmp_path, monkeypatch, **modules)) == ["alpha", "mid", "zeta"]


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    with pytest.raises(
        KeyError, match=r"'harder' is not one of the sharing: additive, aitm, branch, .*hard, independent"
    ):
        find("sharing", "harder")
    with pytest.raises(KeyError):
        entries("colour")


def test_what_is_built_in_is_found() -> None:
    assert {"hard", "independent", "single_task"} <= entries("sharing").keys()
    assert {"equal", "fixed", "uncertainty"} <= entries("weighting").keys()
    assert {"mlp"} <= entries("backbones").keys()
    assert {"demo", "digits3", "generated", "multidigits"} <= entries("tasks").keys()
    assert isinstance(find("weighting", "fixed").tuned["weights"], Simplex)
    assert find("weighting", "equal").tuned == {}


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_is_described_on_one_line(kind: str) -> None:
    for entry in entries(kind).values():
        assert entry.summary.endswith((".", "?")), entry.name
        assert 10 <= len(entry.summary) <= 110, entry.name


@pytest.mark.parametrize("kind", ["sharing", "weighting"])
def test_every_method_names_its_paper_and_how_it_differs(kind: str) -> None:
    for entry in entries(kind).values():
        assert len(entry.paper) > 20, f"{entry.name} needs a Source: line"
        assert "Differs from" in (entry.cls.__doc__ or ""), entry.name


@pytest.mark.parametrize("kind", ["sharing", "weighting", "backbones"])
def test_defaults_lie_in_their_ranges(kind: str) -> None:
    for entry in entries(kind).values():
        for option in entry.options.values():
            if isinstance(option.range, Uniform | LogUniform):
                assert option.range.holds(option.default), f"{entry.name}.{option.name}"


def test_an_abstract_base_is_what_every_kind_has() -> None:
    """Itself, or the bases of which its package has several."""
    for package, base in KINDS.values():
        found_base = getattr(__import__(package, fromlist=[base]), base)
        assert issubclass(found_base, ABC)
        inner = [cls for cls in found_base.__subclasses__() if cls.__module__ == package]
        assert all(inspect.isabstract(cls) for cls in inner or [found_base])


def test_discovery_is_done_once() -> None:
    assert entries("sharing") is entries("sharing")
