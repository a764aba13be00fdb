"""A remedy for several values behind an option that takes one and can be repeated, as in ``--targets a b``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, cast

import typer
from typer.core import TyperCommand

UsageError = cast("type[Exception]", typer.BadParameter.__mro__[1])
"""Base class of errors in a command line; Typer gives it no public name."""


class Command(TyperCommand):
    """A command that says how to give several values where words are left over."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line, see the base class."""
        given = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            remedy = self._remedy(given)
            message = getattr(error, "message", "")
            if remedy and "extra argument" in message:
                error.message = f"{message}. Repeat the option for every value: {remedy}"  # pyright: ignore
            raise

    def _remedy(self, given: Sequence[str]) -> str:
        """The first option with several values as it should be given; empty: there is none."""
        repeatable = {name for one in self.params if getattr(one, "multiple", False) for name in one.opts}
        for place, word in enumerate(given):
            values = list(takewhile(lambda one: not one.startswith("-"), given[place + 1 :]))
            if word in repeatable and len(values) > 1:
                return " ".join(f"{word} {value}" for value in values)
        return ""
