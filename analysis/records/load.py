"""Reading a run directory as :class:`~analysis.records.schema.Records`: data only, so a foreign directory runs no code.

An unreadable part is not guessed at: the error names the file and the remedy.  Only the tail of the ledger may be
torn, since a crash while appending tears exactly that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import yaml

from analysis.records.bounded import content_of, read_part
from analysis.records.part_files import of_each_part
from analysis.records.run_command import as_it_lies
from analysis.records.schema import CONFLICT, SCORES, TRAINING, Columns, Records, UnreadableRun, conformed, schema

MOST_SETTINGS = 2**20
"""Bytes of a study file."""
FINALITY = ("running", "failed", "diverged", "stopped", "finished")
"""Statuses in ascending order: of two equally long parts of a replica the one with the later status counts, so that a
retry outranks the failure."""


def load(path: str | Path) -> Records:
    """Read the run directory ``path``.

    Raises:
        UnreadableRun: which file cannot be read, and what to do.
    """
    run = Path(path)
    if (run / "suite.yaml").is_file():
        raise UnreadableRun(f"{run}: holds a suite of studies. Give one of their directories, or use load_suite.")
    if not (run / "ledger.jsonl").is_file():
        raise UnreadableRun(
            f"{run}: no run directory, since it has no ledger.jsonl. Give the directory that run wrote."
        )
    tasks = mapping_of(run / "tasks.json")
    frame = pd.DataFrame(tasks["tasks"]) if tasks.get("tasks") else None
    if frame is None or "task" not in frame:
        raise UnreadableRun(f"{run / 'tasks.json'}: lists no tasks. Run the study again in a new directory.")
    return Records(
        replicas=read_replicas(run),
        scores=_last(_parts(run / "scores", SCORES), ["replica", "task"]),
        tasks=frame,
        spec=settings_of(run / "study.yaml"),
        manifest=as_it_lies(mapping_of(run / "manifest.json"), run)
        | {name: tasks.get(name) for name in ("fingerprint", "name", "remarks") if tasks.get(name) is not None},
        ledger=list(_ledger(run / "ledger.jsonl")),
        test_groups=tasks.get("test_groups"),
        path=run,
        conflict=_last(_parts(run / "conflict", CONFLICT), ["replica", "epoch", "stage", "task", "other"]),
    )


def read_replicas(run: Path) -> pd.DataFrame:
    """Return the training records of a run directory: one row per replica × task, the longest part of each.

    Raises:
        UnreadableRun: which file cannot be read, and what to do.
    """
    return _longest(_parts(run / "records", TRAINING))


def _parts(directory: Path, columns: Columns) -> pd.DataFrame:
    """Read all parts, in the order of their names."""
    try:
        tables = of_each_part(directory, lambda file: _part(file, columns))
    except FileNotFoundError as error:
        raise UnreadableRun(f"{error.filename}: leads to no file. Remove it.") from error
    return pa.concat_tables([schema(columns).empty_table(), *tables]).to_pandas(ignore_metadata=True)


def _part(file: Path, columns: Columns) -> pa.Table:
    try:
        return conformed(read_part(file), columns)
    except KeyError as missing:
        raise UnreadableRun(
            f"{file}: lacks the column {missing}; another version wrote it. Read it with that version."
        ) from missing
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UnreadableRun(
            f"{file}: cannot be read ({reason}). Delete this file and run the same command again: "
            "what it held is computed again."
        ) from error


def _longest(parts: pd.DataFrame) -> pd.DataFrame:
    order = parts.assign(_final=parts["status"].map({status: rank for rank, status in enumerate(FINALITY)}).fillna(-1))
    order = order.sort_values(["epochs", "_final"], kind="stable")
    kept = order.drop_duplicates(["replica", "task"], keep="last").drop(columns="_final")
    return kept.sort_index().reset_index(drop=True)


def _last(parts: pd.DataFrame, identity: list[str]) -> pd.DataFrame:
    return parts.drop_duplicates(identity, keep="last").reset_index(drop=True)


def mapping_of(file: Path) -> dict[str, Any]:
    """Return the object that the JSON file ``file`` of a run directory holds.

    Raises:
        UnreadableRun: the file cannot be read, or holds something else.
    """
    try:
        value = json.loads(content_of(file))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableRun(
            f"{file}: cannot be read ({error}). Run the same command again: it is written anew."
        ) from error
    if not isinstance(value, dict):
        raise UnreadableRun(f"{file}: holds no JSON object. Run the same command again: it is written anew.")
    return value


def _ledger(file: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = content_of(file).split(b"\n")
    except OSError as error:
        raise UnreadableRun(f"{file}: cannot be read ({error}). Put it back from a copy.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                return
            raise UnreadableRun(
                f"{file}, line {number}: is no JSON ({error}). Remove that line; what it reported is found in the "
                "records."
            ) from error
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise UnreadableRun(f"{file}, line {number}: is no event. Remove that line.")
        yield event


class _Yaml(yaml.SafeLoader):
    """Loader of plain values with YAML 1.2 numbers; it refuses aliases, since ten lines of them expand to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are refused")
        return super().compose_node(parent, index)


_Yaml.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def settings_of(file: Path) -> dict[str, Any]:
    """Return the settings of the study or suite file ``file`` as plain values.

    Raises:
        UnreadableRun: the file cannot be read, or holds no settings.
    """
    try:
        value = yaml.load(content_of(file, MOST_SETTINGS).decode(), _Yaml)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise UnreadableRun(f"{file}: cannot be read ({error}). Put the study file back as it was run.") from error
    if not isinstance(value, dict):
        raise UnreadableRun(f"{file}: holds no settings. Put the study file back as it was run.")
    return value
