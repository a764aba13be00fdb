"""The page of the commands: what each does, its arguments and its options."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from typer.models import ArgumentInfo, CommandInfo, OptionInfo

from reference_pages.markdown import plain, table
from study.cli.app import app

INTRODUCTION = """\
# Commands

`mtl-study COMMAND --help` says the same on the terminal. `python -m study` stands for `mtl-study` where the script is
not on the path. The exit status is 0 where the command did what it says, 2 where you have to put something right, 1
for a defect of the program, and 130 after Ctrl+C."""


NOUNS = {int: "number", float: "number"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a command's function: its name, its type, what typer knows of it, and whether it is required."""

    name: str
    type: Any
    info: ArgumentInfo | OptionInfo
    required: bool

    @property
    def shown(self) -> str:
        """Name of an argument or an option, as the command line has it."""
        if isinstance(self.info, ArgumentInfo):
            return str(self.info.metavar or self.name.upper())
        first = self.info.default  # where typer.Option is an annotation, this is the first of its names
        names = ((first,) if isinstance(first, str) else ()) + tuple(self.info.param_decls or ())
        return ", ".join(names or (f"--{self.name.replace('_', '-')}",))

    @property
    def value(self) -> str:
        """What is written behind an option."""
        of_type = self.type
        if typing.get_origin(of_type) in (typing.Union, types.UnionType):
            (of_type,) = (part for part in typing.get_args(of_type) if part is not type(None))
        if typing.get_origin(of_type) is list:
            (of_type,) = typing.get_args(of_type)
        if typing.get_origin(of_type) is Literal:
            return ", ".join(f"`{value}`" for value in typing.get_args(of_type))
        return "–" if of_type is bool else NOUNS.get(of_type, "path" if of_type.__name__ == "Path" else "text")


def commands_page() -> str:
    """Return the page, in Markdown."""
    return "\n\n".join([INTRODUCTION, *map(_section, app.registered_commands)]) + "\n"


def _section(command: CommandInfo) -> str:
    function = inspect.unwrap(command.callback)  # pyright: ignore[reportArgumentType]
    parameters = list(_parameters(function))
    arguments = [one for one in parameters if isinstance(one.info, ArgumentInfo)]
    options = [one for one in parameters if isinstance(one.info, OptionInfo)]
    name = command.name or function.__name__
    usage = " ".join(["mtl-study", name, *(one.shown if one.required else f"[{one.shown}]" for one in arguments)])
    parts = [f"## `{name}`", plain(inspect.getdoc(function) or ""), f"```text\n{usage}\n```"]
    if rows := [[f"`{one.shown}`", plain(one.info.help)] for one in arguments if one.info.help]:
        parts.append(table(("argument", "meaning"), rows))
    if options:
        rows = [
            [f"`{one.shown}`{' (required)' * one.required}", one.value, plain(one.info.help or "–")] for one in options
        ]
        parts.append(table(("option", "value", "meaning"), rows))
    return "\n\n".join(parts)


def _parameters(function: Any) -> Iterator[Parameter]:
    hints = typing.get_type_hints(function, include_extras=True)
    for parameter in inspect.signature(function).parameters.values():
        of_type, *extras = typing.get_args(hints[parameter.name])
        info = next(extra for extra in extras if isinstance(extra, ArgumentInfo | OptionInfo))
        yield Parameter(parameter.name, of_type, info, parameter.default is inspect.Parameter.empty)
