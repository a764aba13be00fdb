"""Registry of methods, architectures, backbones, task sets, metrics, kinds, formats: one file, one class, one name.

The name is the same everywhere: in study files, on the command line and in legends.  A kind is a package whose
``__init__`` defines an abstract base class.  Every module of it must hold exactly one concrete subclass, named like the
file (``cross_stitch.py`` → ``CrossStitch``); anything else is an error when the kind is first listed.  The keyword-only
arguments of that class are its options; those annotated with a range are tuning hyperparameters, and those annotated
with a range on request are tuned only where a study asks for it.

Entries need not lie in this package: the environment variable ``MTL_STUDY_PATH`` names folders, separated like those of
``PATH``, whose sub-folders ``sharing``, ``weighting``, ``backbones``, ``tasks``, ``metrics``, ``kinds`` and ``formats``
are searched as well.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pkgutil
import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from mtl_core.search_space import Domain, OnRequest, PerReplica, Range

KINDS = {
    "sharing": ("mtl_core.sharing", "Sharing"),
    "weighting": ("mtl_core.weighting", "Weighting"),
    "backbones": ("mtl_core.backbones", "Backbone"),
    "tasks": ("mtl_core.tasks", "TaskSource"),
    "metrics": ("mtl_core.data.metrics", "Metric"),
    "kinds": ("mtl_core.data.kinds", "TaskKind"),
    "formats": ("mtl_core.data.formats", "DataFormat"),
}
BY_PATH = {"metrics": ("mtl_core.data.metrics.own.own_metric", "OwnMetric")}
"""Module and class of entries that a dotted path ``package.module:name`` names instead of a file, by kind."""
PATH = "MTL_STUDY_PATH"
"""Environment variable with the folders of further entries."""


@dataclass(frozen=True)
class Option:
    """An option of an entry, that is a keyword-only argument of its class.

    Args:
        name: of the argument.
        default: its default; ``inspect.Parameter.empty`` where there is none.
        range: range from which it is tuned; ``None``: it is not tuned.
        on_request: whether it is tuned only where a study asks for it, and keeps its default otherwise.
        per_replica: whether the replicas of an array may have values of their own, as of all that has a range.
        domain: numbers for which it has a meaning; ``None``: none is declared.
    """

    name: str
    default: Any
    range: Range | None = None
    on_request: bool = False
    per_replica: bool = False
    domain: Domain | None = None

    @property
    def required(self) -> bool:
        """Whether the option has no default and must be given."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True)
class Entry:
    """A registered class.

    Args:
        name: stem of the file.
        cls: the class.
        summary: first line of the class's docstring.
        paper: ``Source:`` paragraph of the docstring on one line, or "–".
        options: keyword-only arguments by name, in the order of the signature.
    """

    name: str
    cls: type
    summary: str
    paper: str
    options: Mapping[str, Option]

    @property
    def tuned(self) -> dict[str, Range]:
        """Hyperparameters that every study tunes and their ranges, by name."""
        return {name: range_ for name, range_ in self.tunable.items() if not self.options[name].on_request}

    @property
    def tunable(self) -> dict[str, Range]:
        """All options that have a range, by name: those of :attr:`tuned` and those that are tuned on request."""
        return {option.name: option.range for option in self.options.values() if option.range is not None}


def add_kind(kind: str, package: str, base: str) -> None:
    """Let ``package``, which need not be a part of this one, hold the subclasses of its ``base`` as a further kind."""
    KINDS[kind] = (package, base)


@cache
def entries(kind: str) -> Mapping[str, Entry]:
    """Return every entry of ``kind`` (a key of :data:`KINDS`) by name, in alphabetical order.

    Raises:
        UserError: when a module does not define exactly one concrete subclass that is named like the file, and as
            :func:`names` does.
    """
    package_name, base_name = KINDS[kind]
    package = importlib.import_module(package_name)
    base = getattr(package, base_name)
    modules = names(kind)
    package.__path__[:] = _folders(kind, package.__path__)  # so that further entries import like those beside them
    return {name: _entry(name, importlib.import_module(f"{package_name}.{name}"), base) for name in modules}


@cache
def names(kind: str) -> tuple[str, ...]:
    """Return the names of ``kind`` in alphabetical order without importing the modules, which would import torch.

    Raises:
        UserError: when ``MTL_STUDY_PATH`` names something that is no folder, or two files have the same name.
    """
    spec = importlib.util.find_spec(KINDS[kind][0])
    folder_of: dict[str, str] = {}
    for folder in _folders(kind, (spec and spec.submodule_search_locations) or ()):
        for module in pkgutil.iter_modules([folder]):
            if module.ispkg:
                continue
            if module.name in folder_of:
                found = f"{module.name!r} is in {folder_of[module.name]} and in {folder}."
                raise UserError(kind, found, "They are told apart by their files' names.  Rename one.")
            folder_of[module.name] = folder
    return tuple(sorted(folder_of))


def _folders(kind: str, own: Iterable[str]) -> list[str]:
    """Where entries of ``kind`` lie: the package's own folder, then those of ``MTL_STUDY_PATH``, each once."""
    further = [Path(folder).resolve() for folder in os.environ.get(PATH, "").split(os.pathsep) if folder]
    for folder in further:
        if not folder.is_dir():
            raise UserError(PATH, f"{folder} is no folder.", "Name folders that exist, separated by colons.")
    return list(dict.fromkeys([*own, *(str(folder / kind) for folder in further)]))


def find(kind: str, name: str) -> Entry:
    """Return the entry ``name`` of ``kind``.

    Raises:
        KeyError: when the name is unknown; the message lists the known ones.
    """
    if is_path(kind, name):
        return _entry_by_path(kind, name)
    known = entries(kind)
    if name not in known:
        raise KeyError(f"{name!r} is not one of the {kind}: {', '.join(known)}.")
    return known[name]


def is_path(kind: str, name: str) -> bool:
    """Return whether ``name`` is no entry's name but a dotted path to something of the user's own."""
    return kind in BY_PATH and ":" in name


@cache
def _entry_by_path(kind: str, path: str) -> Entry:
    """An entry for what a dotted path names; the code itself is not imported here."""
    module, base = BY_PATH[kind]
    own = getattr(importlib.import_module(module), base)
    cls = type(base, (own,), {"path": path, "__doc__": own.__doc__})
    return Entry(path, cls, inspect.cleandoc(own.__doc__ or "").splitlines()[0], "–", {})


def imported(path: str, where: str) -> Any:
    """Return the object that a dotted path names.

    Args:
        path: of the form ``package.module:name``.
        where: place in the study file, for messages.

    Raises:
        UserError: when the path has another form, the module cannot be imported, or it has no such name.
    """
    package, colon, name = path.partition(":")
    if not colon or not package or not name:
        raise UserError(where, f"{path!r} is no path to a module.", "Write it as package.module:name.")
    try:
        obj: Any = importlib.import_module(package)
    except Exception as error:  # the user's code runs here, and whatever it raises is theirs to know
        remedy = "The current directory is searched by python -m study; for the script mtl-study set PYTHONPATH=."
        raise UserError(where, f"{package} cannot be imported ({type(error).__name__}: {error}).", remedy) from error
    for part in name.split("."):
        if not hasattr(obj, part):
            raise UserError(where, f"{package} has no {name}.", "Name a class or a function that it defines.")
        obj = getattr(obj, part)
    return obj


def _entry(name: str, module: Any, base: type) -> Entry:
    own = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and issubclass(value, base)
    ]
    if len(own) != 1 or inspect.isabstract(own[0]):
        found = f"one concrete subclass of {base.__name__}; found {[cls.__name__ for cls in own] or 'none'}."
        raise UserError(
            module.__name__, f"must define exactly {found}", "Keep one in the file, and implement it whole."
        )
    if re.sub(r"[^a-z0-9]", "", own[0].__name__.lower()) != name.replace("_", ""):
        found = f"defines {own[0].__name__}; its name must follow the file's stem {name!r}."
        raise UserError(module.__name__, found, "Rename the class or the file.")
    doc = inspect.cleandoc(own[0].__doc__ or "")  # the class's own: getdoc would return the base class's
    if not doc:
        raise UserError(module.__name__, f"{own[0].__name__} needs a docstring.", "Say what it does, and its source.")
    paper = re.search(r"^Source:\s*((?:.+\n?)+?)(?=\n\s*\n|\Z)", doc, re.MULTILINE)
    return Entry(
        name=name,
        cls=own[0],
        summary=doc.splitlines()[0],
        paper=" ".join(paper.group(1).split()) if paper else "–",
        options=options_of(own[0]),
    )


@cache
def options_of(cls: type) -> Mapping[str, Option]:
    """Return the options of a class, which need not be registered, by name."""
    hints = typing.get_type_hints(cls.__init__, include_extras=True)
    own = inspect.signature(cls.__init__).parameters.values()
    named = [each for each in own if each.kind is inspect.Parameter.KEYWORD_ONLY]
    return {each.name: _option(each, getattr(hints.get(each.name), "__metadata__", ())) for each in named}


def _option(parameter: inspect.Parameter, extras: Iterable[Any]) -> Option:
    """The option of a parameter whose annotation has ``extras``; the first range among them counts."""
    domain = next((extra for extra in extras if isinstance(extra, Domain)), None)
    own = Option(parameter.name, parameter.default, domain=domain)
    for extra in extras:
        if isinstance(extra, PerReplica | OnRequest | Range):
            range_ = None if isinstance(extra, PerReplica) else extra.range if isinstance(extra, OnRequest) else extra
            return replace(own, range=range_, per_replica=True, on_request=isinstance(extra, OnRequest))
    return own
