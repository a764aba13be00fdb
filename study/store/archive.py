"""The records of a running study: which replicas are trained, how far, and where their states lie.

Everything that the driver decides follows from here, so a driver that is killed and started again decides the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.records.bounded import read_part
from analysis.records.load import FINALITY
from analysis.records.schema import CONFLICT, SCORES, TRAINING, Columns, conformed, schema
from study.store.atomic_files import sweep, write_durably

RECORDS, SCORED, CHECKPOINTS, MODELS, PROBED = "records", "scores", "checkpoints", "models", "conflict"
TERMINAL = frozenset(FINALITY) - {"running"}


def encode(rows: Sequence[dict[str, Any]], columns: Columns) -> bytes:
    """Return a part: ``rows`` of ``columns`` as the bytes of a parquet file.

    Raises:
        ValueError: a row has a key that is no column, or lacks one; pyarrow would drop the one and null the other.
    """
    for row in rows:
        if row.keys() != columns.keys():
            raise ValueError(_mismatch(row, columns))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema(columns)), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _mismatch(row: Mapping[str, Any], columns: Columns) -> str:
    """Which keys of a row are no columns, and which columns it lacks."""
    unknown = [repr(key) for key in row if key not in columns]
    lacking = [repr(name) for name in columns if name not in row]
    found = [f"has {', '.join(unknown)}, which the schema lacks"] if unknown else []
    found += [f"lacks {', '.join(lacking)}, which the schema has"] if lacking else []
    return f"A row of records {' and '.join(found)}: declare a column in analysis/records/schema.py and fill it."


@dataclass(frozen=True)
class Entry:
    """What the records know of a replica.

    Args:
        arm: label.
        phase: search, confirm or verdict.
        status: status of its longest record.
        epochs: trained so far.
        reason: reason of a failure or divergence; else empty.
        part: stem of the part that holds the longest record; its checkpoint has the same stem.
    """

    arm: str
    phase: str
    status: str
    epochs: int
    reason: str
    part: str

    @property
    def rank(self) -> tuple[int, int]:
        """Order of the records of one replica: the longer counts, of two equally long ones the more final."""
        return self.epochs, FINALITY.index(self.status)


class Archive:
    """The parts under ``directory``, read once and kept up to date by :meth:`add`.

    A part that cannot be read is set aside (``*.damaged``), and its replicas count as missing.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.entries: dict[str, Entry] = {}
        self.damaged: list[str] = []
        self._tables: dict[str, pa.Table] = {}
        for name in (RECORDS, SCORED, CHECKPOINTS, MODELS, PROBED):
            (directory / name).mkdir(parents=True, exist_ok=True)
            sweep(directory / name)
        for path in sorted((directory / RECORDS).glob("*.parquet")):
            self.add(path.stem)
        self._scored: set[str] = set()
        for path in sorted((directory / SCORED).glob("*.parquet")):
            self.add_scores(path.stem)
        for path in sorted((directory / PROBED).glob("*.parquet")):
            self._read(path, CONFLICT)

    def add(self, part: str) -> bool:
        """Read a part that was just written; ``False`` when it is not there or cannot be read."""
        path = self.directory / RECORDS / f"{part}.parquet"
        table = self._read(path, TRAINING)
        if table is None:
            return False
        self._tables[part] = table
        for row in table.select(["replica", "arm", "phase", "status", "epochs", "reason"]).to_pylist():
            entry = Entry(row["arm"], row["phase"], row["status"], row["epochs"], row["reason"], part)
            earlier = self.entries.get(row["replica"])
            if earlier is None or entry.rank >= earlier.rank:
                self.entries[row["replica"]] = entry
        return True

    def devices(self) -> set[str]:
        """Return the types of the devices that recorded replicas were trained on."""
        found = {device for table in self._tables.values() for device in table["device"].to_pylist()}
        return found - {None}

    def add_scores(self, part: str) -> bool:
        """Read a part of test scores; ``False`` when it is not there or cannot be read."""
        table = self._read(self.directory / SCORED / f"{part}.parquet", SCORES)
        if table is not None:
            self._scored.update(table["replica"].to_pylist())
        return table is not None

    def is_scored(self, replica: str) -> bool:
        """Return whether the replica has test scores."""
        return replica in self._scored

    def has_model(self, replica: str) -> bool:
        """Return whether the replica's selected parameters are kept, or were never to be: it did not finish."""
        entry = self.entries[replica]
        return entry.status != "finished" or self.model_of(replica).exists()

    def has_probes(self, replica: str) -> bool:
        """Return whether measurements of the replica's gradients are kept, or were never to be: it did not finish."""
        entry = self.entries[replica]
        return entry.status != "finished" or (self.directory / PROBED / f"{entry.part}.parquet").exists()

    def model_of(self, replica: str) -> Path:
        """Return the path of the file with the replica's selected parameters."""
        return self.directory / MODELS / f"{self.entries[replica].part}.safetensors"

    def write(self, part: str, rows: Sequence[dict[str, Any]]) -> None:
        """Write a part in the driver, for replicas that halving has stopped, or whose worker died."""
        write_durably(self.directory / RECORDS / f"{part}.parquet", encode(rows, TRAINING))
        self.add(part)

    def forget(self, part: str) -> None:
        """Remove a part, so that its replicas are trained anew."""
        (self.directory / RECORDS / f"{part}.parquet").unlink(missing_ok=True)
        self._tables.pop(part, None)
        self.entries = {}
        for other in list(self._tables):
            self.add(other)

    def done(self, replica: str, epochs: int) -> bool:
        """Return whether the replica needs no training up to ``epochs``."""
        entry = self.entries.get(replica)
        return entry is not None and (entry.status in TERMINAL or entry.epochs >= epochs)

    def rows(self, replicas: Iterable[str]) -> pd.DataFrame:
        """Return the longest records of ``replicas``, one row per replica × task, columns of ``TRAINING``."""
        return self._longest(replicas).to_pandas()

    def stop(self, part: str, replicas: Sequence[str]) -> None:
        """Write a part that says of ``replicas`` that halving stopped them where they are."""
        self.write(part, [row | {"status": "stopped"} for row in self._longest(replicas).to_pylist()])

    def _longest(self, replicas: Iterable[str]) -> pa.Table:
        parts: dict[str, list[str]] = {}
        for replica in replicas:
            if replica in self.entries:
                parts.setdefault(self.entries[replica].part, []).append(replica)
        tables = [schema(TRAINING).empty_table()]
        for part, wanted in sorted(parts.items()):
            table = self._tables[part]
            tables.append(table.filter(pc.field("replica").isin(wanted)))
        return pa.concat_tables(tables)

    def of_phase(self, phase: str) -> pd.DataFrame:
        """Return the longest records of all replicas of ``phase``."""
        return self.rows(replica for replica, entry in self.entries.items() if entry.phase == phase)

    def _read(self, path: Path, columns: Columns) -> pa.Table | None:
        if not path.exists():
            return None
        try:
            return conformed(read_part(path), columns)
        except (pa.ArrowException, OSError, KeyError, ValueError):
            path.rename(path.with_suffix(".damaged"))
            self.damaged.append(str(path.relative_to(self.directory)))
            return None
