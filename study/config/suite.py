"""A suite: several studies that share everything but what each says for itself, and one report over them.

Each study is an ordinary :class:`Spec` with a run directory of its own, ``OUT/NAME``, and the suite adds no state
to it.  ``OUT/suite.yaml`` says which studies belong together, and is itself a study file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from study.config.spec import Spec

NAME = "suite.yaml"
SHARED_KEYS = ("name", "band", "backend", "workers", "device")
"""Keys of the whole suite: it has one name, one scale and one machine."""


@dataclass(frozen=True)
class Suite:
    """A suite of studies.

    Args:
        name: names the directory that holds the run directories.
        studies: by name, in the order in which they run; each is named like its run directory.
        budget: seconds of wall time for all of them together; ``None`` where it is unlimited, or split already.
    """

    name: str
    studies: Mapping[str, Spec]
    budget: float | None = None

    def with_each(self, changed: Callable[[Spec], Spec]) -> Suite:
        """Return the same suite with every study as ``changed`` returns it."""
        return replace(self, studies={name: changed(spec) for name, spec in self.studies.items()})

    def with_budgets(self, budgets: Mapping[str, float]) -> Suite:
        """Return the same suite with its budget split into ``budgets`` of its studies, by name."""
        split = {name: spec.model_copy(update={"budget": budgets[name]}) for name, spec in self.studies.items()}
        return replace(self, studies=split, budget=None)

    def plain(self) -> dict[str, Any]:
        """Return the suite as mappings, lists and scalars: what ``suite.yaml`` holds."""
        plain = {name: spec.plain() for name, spec in self.studies.items()}
        first = next(iter(plain.values()))
        whole = {key: first[key] for key in SHARED_KEYS if first[key] is not None} | {"name": self.name}
        own = {
            name: {key: value for key, value in study.items() if key not in SHARED_KEYS and value is not None}
            for name, study in plain.items()
        }
        for name in own:
            if "prefer" not in self.studies[name].model_fields_set:
                del own[name]["prefer"]  # its default would stand above what a reader of the study prefers by now
        return whole | ({} if self.budget is None else {"budget": self.budget}) | {"suite": own}


@dataclass(frozen=True)
class SuitePosition:
    """The place of a study in the suite that runs.

    Args:
        suite: name of the suite.
        number: number of the study, from 1.
        of: number of studies.
        later: forecast seconds of the studies after this one.
    """

    suite: str
    number: int
    of: int
    later: float


def positions(suite: Suite, seconds: Mapping[str, float]) -> Iterator[tuple[Spec, SuitePosition]]:
    """Yield every study in turn with its place in the suite; ``seconds`` are the forecasts by name."""
    names = list(suite.studies)
    for number, name in enumerate(names, start=1):
        later = sum(seconds[other] for other in names[number:])
        yield suite.studies[name], SuitePosition(suite.name, number, len(names), later)


def is_suite(directory: Path) -> bool:
    """Return whether a suite was begun in ``directory``."""
    return (directory / NAME).is_file()
