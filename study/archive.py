"""The records of a running study: which replicas are trained, how far, and where their states lie.

Everything that the driver decides follows from here, so a driver that is killed and started again decides the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.reading import FINALITY
from analysis.records import SCORES, TRAINING, schema
from study.files import sweep, write_durably

RECORDS, SCORED, CHECKPOINTS, MODELS = "records", "scores", "checkpoints", "models"
TERMINAL = frozenset(FINALITY) - {"running"}


def encode(rows: Sequence[dict[str, Any]], columns: dict[str, pa.DataType]) -> bytes:
    """A part: rows of ``columns`` as parquet."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema(columns)), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


@dataclass(frozen=True)
class Entry:
    """What the records know of a replica.

    Args:
        status: of its longest record.
        epochs: trained so far.
        reason: of a failure or divergence.
        part: stem of the part that holds the longest record; its checkpoint has the same stem.
    """

    status: str
    epochs: int
    reason: str
    part: str

    @property
    def rank(self) -> tuple[int, int]:
        """Of two records the longer counts; of two equally long ones the more final."""
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
        for name in (RECORDS, SCORED, CHECKPOINTS, MODELS):
            (directory / name).mkdir(parents=True, exist_ok=True)
            sweep(directory / name)
        for path in sorted((directory / RECORDS).glob("*.parquet")):
            self.add(path.stem)
        self.scored = {path.stem for path in sorted((directory / SCORED).glob("*.parquet")) if self._sound(path)}

    def add(self, part: str) -> bool:
        """Take in a part that was just written; ``False`` when it is not there or cannot be read."""
        path = self.directory / RECORDS / f"{part}.parquet"
        table = self._read(path, TRAINING)
        if table is None:
            return False
        self._tables[part] = table
        for row in table.select(["replica", "status", "epochs", "reason"]).to_pylist():
            entry = Entry(row["status"], row["epochs"], row["reason"], part)
            known = self.entries.get(row["replica"])
            if known is None or entry.rank >= known.rank:
                self.entries[row["replica"]] = entry
        return True

    def write(self, part: str, rows: Sequence[dict[str, Any]]) -> None:
        """Write a part of the driver's own: replicas that halving stopped, or whose worker died."""
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
        """Whether the replica needs no training up to ``epochs``."""
        entry = self.entries.get(replica)
        return entry is not None and (entry.status in TERMINAL or entry.epochs >= epochs)

    def rows(self, replicas: Iterable[str]) -> pd.DataFrame:
        """The longest records of ``replicas``, one row per replica × task, columns of ``TRAINING``."""
        parts: dict[str, list[str]] = {}
        for replica in replicas:
            if replica in self.entries:
                parts.setdefault(self.entries[replica].part, []).append(replica)
        tables = [schema(TRAINING).empty_table()]
        for part, wanted in sorted(parts.items()):
            table = self._tables[part]
            tables.append(table.filter(pc.is_in(table["replica"], pa.array(wanted))))
        return pa.concat_tables(tables).to_pandas()

    def _sound(self, path: Path) -> bool:
        return self._read(path, SCORES) is not None

    def _read(self, path: Path, columns: dict[str, pa.DataType]) -> pa.Table | None:
        if not path.exists():
            return None
        try:
            return pq.ParquetFile(path).read().select(list(columns)).cast(schema(columns))
        except (pa.ArrowException, OSError, KeyError, ValueError):
            path.rename(path.with_suffix(".damaged"))
            self.damaged.append(str(path.relative_to(self.directory)))
            return None
