"""Settings that were changed since a study began: written to the study file of its run directory, or refused."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from study.config import strict_yaml
from study.config.changeable_settings import Path as Setting
from study.config.changeable_settings import changes, value_at
from study.config.load import read_spec
from study.config.spec import Spec
from study.store import ledger
from study.store.atomic_files import write_durably


def refuse_unsound_changes(out: Path, spec: Spec, stored: Spec) -> None:
    """Refuse another limit of the verdict's seeds once the study was judged.

    Until then it is as good as one that was there from the beginning.  Whoever has seen the verdict and raises the
    limit takes a further look, which ``extend`` counts and a resumed run would not.

    Args:
        out: the run directory.
        spec: the study as it is asked for.
        stored: the study of the run directory.

    Raises:
        UserError: naming both limits and the command that adds seeds.
    """
    limit = changes(stored, spec).get(("verdict", "max_seeds"))
    if limit is None or not _was_judged(out):
        return
    found = f"the study was judged already; verdict.max_seeds: {stored.verdict.max_seeds} there, {limit} asked."
    remedy = "Put it back, or add seeds with mtl-study extend RUN --seeds N, which counts the further look."
    raise UserError(str(out), found, remedy)


def _was_judged(out: Path) -> bool:
    events = ledger.read(out / ledger.NAME)
    return any(event["event"] == "test_opened" and event.get("phase") == "verdict" for event in events)


def take_over_changes(out: Path, spec: Spec, *, silent: bool) -> None:
    """Write to the study file of ``out`` what ``spec`` changes of it; print a line on each unless ``silent``."""
    file = out / "study.yaml"
    stored = read_spec(file)
    changed = changes(stored, spec)
    if changed:
        write_settings(file, changed)
    for path, value in changed.items() if not silent else ():
        before = value_at(stored, path)
        back = f"; mtl-study report RUN --prefer {before} takes it back" if path == ("prefer",) else ""
        line = f"{'.'.join(path)}: {value} from now on, as it is asked now; it was {before}{back}"
        print(line, file=sys.stderr, flush=True)


def write_settings(file: Path, values: Mapping[Setting, Any]) -> None:
    """Write settings to the study file of a run directory; the other ones stay as they stand there."""
    content = strict_yaml.parse(file.read_text("utf-8"), str(file)).data
    for (*sections, key), value in values.items():
        section = content
        for name in sections:
            section = section.setdefault(name, {})
        section[key] = value
    write_durably(file, strict_yaml.dump(content).encode())
