"""One page for each kind of entry in the registry: what every entry does, its source, and its options."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from mtl_core.data.metrics import is_mean, metrics_of_kind
from mtl_core.registry import Entry, Option, entries, names
from mtl_core.search_space import Choice, LogUniform, Uniform
from reference_pages.docstring import docstring_of
from reference_pages.markdown import paragraphs, plain, table

PAGES = {
    "sharing": (
        "Ways to share",
        "Levels of `factors.sharing`. Options are set under `training.sharing_options`, as in `{mmoe: {experts: 8}}`.",
    ),
    "weighting": (
        "Ways to weigh tasks",
        "Levels of `factors.weighting`. Options are set under `training.weighting_options`.",
    ),
    "strategies": (
        "Search strategies",
        "Values of `search.strategy`, and of `--search`. What they may use stands beside it under `search`.",
    ),
    "backbones": (
        "Backbones",
        "Levels of `factors.backbone`: what a stage computes. Options are set under `training.backbone_options`.",
    ),
    "kinds": (
        "Kinds of task",
        "What a target is. A table's kinds are inferred, or declared under `tasks.kinds`.",
    ),
    "metrics": (
        "Metrics",
        "What judges a task. A table's metrics follow from its kinds, or are named under `tasks.metrics`.",
    ),
    "tasks": (
        "Task sets",
        "Values of `tasks.set`. Options stand beside `set` under `tasks`.",
    ),
    "formats": (
        "Formats of data files",
        "What reads a file, by its suffix. Text tables, JSON lines and IDX files may also end in `.gz` or `.zst`.",
    ),
}
"""Title and introduction of every page, by kind."""


def registry_page(kind: str) -> str:
    """Return the page of a kind, in Markdown."""
    title, introduction = PAGES[kind]
    found = entries(kind).values()
    overview = table(
        (kind, "in one sentence"), ([f"[`{one.name}`](#{_anchor(one)})", plain(one.summary)] for one in found)
    )
    parts = [f"# {title}", introduction, f"`mtl-study list {kind}` prints this list.", overview]
    return "\n\n".join([*parts, *(_section(kind, entry) for entry in found)]) + "\n"


def _anchor(entry: Entry) -> str:
    return entry.name


def _section(kind: str, entry: Entry) -> str:
    doc = docstring_of(entry.cls)
    parts = [f"## `{entry.name}`", plain(doc.summary), paragraphs(doc.body), *_facts(kind, entry)]
    if entry.options:
        parts.append(_options(entry.options.values(), doc.arguments))
    return "\n\n".join(filter(None, parts))


def _facts(kind: str, entry: Entry) -> Iterable[str]:
    """What the registry knows of an entry beside its docstring."""
    if kind == "metrics":
        judged = ", ".join(f"`{name}`" for name in names("kinds") if entry.name in metrics_of_kind(name))
        mean = "It is a mean over examples." if is_mean(entry.name) else "It is no mean over examples."
        yield f"Judges: {judged}. A perfect prediction has {entry.cls.perfect:g}. {mean}"
    if kind == "kinds":
        yield "Metrics: " + ", ".join(f"[`{name}`](metrics.md#{name})" for name in metrics_of_kind(entry.name)) + "."
    if kind == "formats":
        yield f"Suffixes: {', '.join(f'`{suffix}`' for suffix in entry.cls.suffixes)}."
    if kind == "weighting":
        yield f"Looks at: {plain(entry.cls.needs)}."


def _options(options: Iterable[Option], meanings: dict[str, str]) -> str:
    rows = (
        [f"`{option.name}`", _default(option), _range(option), plain(meanings.get(option.name, "–"))]
        for option in sorted(options, key=lambda option: not option.required)
    )
    return table(("option", "default", "tuned in", "meaning"), rows)


def _default(option: Option) -> str:
    return "required" if option.default is inspect.Parameter.empty else f"`{_written(option.default)}`"


def _written(value: Any) -> str:
    if value is None or value == ():
        return "none"
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _range(option: Option) -> str:
    match option.range:
        case None:
            return "–"
        case Uniform() | LogUniform() as found:
            scale = ", logarithmic" if isinstance(found, LogUniform) else ""
            text = f"{found.low:g} … {found.high:g}{scale}"
        case Choice() as found:
            text = ", ".join(map(str, found.options))
        case _:
            text = "shares that sum to 1"
    return f"{text}, on request" if option.on_request else text
