"""The records of a running study: which replicas are trained, how far, and where their states lie.

Everything that the driver decides follows from here, so a driver that is killed and started again decides the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.records.load import FINALITY
from analysis.records.part_files import MERGED, part_files
from analysis.records.schema import CONFLICT, SCORES, TRAINING, Columns, schema
from study.store.atomic_files import sweep, write_durably
from study.store.merging import merge
from study.store.parts import ORIGIN, encode, has_rows, pieces_of

RECORDS, SCORED, CHECKPOINTS, MODELS, PROBED = "records", "scores", "checkpoints", "models", "conflict"
TERMINAL = frozenset(FINALITY) - {"running"}


@dataclass(frozen=True)
class Entry:
    """What the records know of a replica.

    Args:
        arm: label.
        phase: search, confirm or verdict.
        status: status of its longest record.
        epochs: trained so far.
        reason: reason of a failure or divergence; else empty.
        part: stem of the part in which a worker wrote the longest record; its checkpoint and model have the same stem,
            also after the part was merged with others.
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
        self._file_of: dict[str, str] = {}
        for name in (RECORDS, SCORED, CHECKPOINTS, MODELS, PROBED):
            (directory / name).mkdir(parents=True, exist_ok=True)
            sweep(directory / name)
        for file in self._files(RECORDS):
            self.add(file)
        self._scored: set[str] = set()
        for file in self._files(SCORED):
            self.add_scores(file)
        found = (self._values(PROBED, file, CONFLICT, ORIGIN) or () for file in self._files(PROBED))
        self._probed = {part for parts in found for part in parts}

    def add(self, part: str) -> bool:
        """Read a part that was just written; ``False`` when it is not there or cannot be read."""
        pieces = self._pieces(RECORDS, part, TRAINING)
        if pieces is None:
            return False
        self._tables[part] = pa.concat_tables([_nothing(), *pieces])
        self._index(part)
        return True

    def _index(self, file: str) -> None:
        """Enter what a file knows of its replicas, where it is the longest record."""
        table = self._tables[file]
        columns = (table[name].to_pylist() for name in ("arm", "phase", "status", "epochs", "reason", ORIGIN))
        for replica, *facts in zip(table["replica"].to_pylist(), *columns, strict=True):
            entry = Entry(*facts)
            earlier = self.entries.get(replica)
            if earlier is None or entry.rank >= earlier.rank:
                self.entries[replica] = entry
                self._file_of[replica] = file

    def devices(self) -> set[str]:
        """Return the types of the devices that recorded replicas were trained on."""
        found = {device for table in self._tables.values() for device in table["device"].unique().to_pylist()}
        return found - {None}

    def add_scores(self, part: str) -> bool:
        """Read a part of test scores; ``False`` when it is not there or cannot be read."""
        replicas = self._values(SCORED, part, SCORES, "replica")
        self._scored |= replicas or set()
        return replicas is not None

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
        kept = entry.part in self._probed or (self.directory / PROBED / f"{entry.part}.parquet").exists()
        return entry.status != "finished" or kept

    def model_of(self, replica: str) -> Path:
        """Return the path of the file with the replica's selected parameters."""
        return self.directory / MODELS / f"{self.entries[replica].part}.safetensors"

    def write(self, part: str, rows: Sequence[dict[str, Any]]) -> None:
        """Write a part in the driver, for replicas that halving has stopped, or whose worker died."""
        write_durably(self.directory / RECORDS / f"{part}.parquet", encode(rows, TRAINING))
        self.add(part)

    def forget(self, parts: Collection[str]) -> None:
        """Remove what ``parts`` recorded, so that their replicas are trained anew."""
        kept = ~pc.field(ORIGIN).isin(list(parts))
        for file, table in list(self._tables.items()):
            left = table.filter(kept)
            if len(left) == len(table):
                continue
            if len(left):
                merge(self.directory / RECORDS, file, (), [left])
                self._tables[file] = left
            else:
                (self.directory / RECORDS / f"{file}.parquet").unlink(missing_ok=True)
                del self._tables[file]
        self.entries, self._file_of = {}, {}
        for file in self._tables:
            self._index(file)

    def done(self, replica: str, epochs: int) -> bool:
        """Return whether the replica needs no training up to ``epochs``."""
        entry = self.entries.get(replica)
        return entry is not None and (entry.status in TERMINAL or entry.epochs >= epochs)

    def rows(self, replicas: Iterable[str]) -> pd.DataFrame:
        """Return the longest records of ``replicas``, one row per replica × task, columns of ``TRAINING``."""
        return self._longest(replicas).drop_columns([ORIGIN]).to_pandas()

    def stop(self, part: str, replicas: Sequence[str]) -> None:
        """Write a part that says of ``replicas`` that halving stopped them where they are."""
        rows = self._longest(replicas).drop_columns([ORIGIN]).to_pylist()
        self.write(part, [row | {"status": "stopped"} for row in rows])

    def _longest(self, replicas: Iterable[str]) -> pa.Table:
        files: dict[str, list[str]] = {}
        for replica in replicas:
            if replica in self._file_of:
                files.setdefault(self._file_of[replica], []).append(replica)
        found = [self._tables[file].filter(pc.field("replica").isin(wanted)) for file, wanted in sorted(files.items())]
        return pa.concat_tables([_nothing(), *found])

    def of_phase(self, phase: str) -> pd.DataFrame:
        """Return the longest records of all replicas of ``phase``."""
        return self.rows(replica for replica, entry in self.entries.items() if entry.phase == phase)

    def merge_phase(self, phase: str) -> None:
        """Put the parts of ``phase``, which has ended, into one, and those of its probes into that of all probes.

        Parts with replicas that are to train on stay as they are: workers look for those.
        """
        going_on = {self._file_of[key] for key, entry in self.entries.items() if entry.status == "running"}
        ended = {file for file, table in self._tables.items() if file not in going_on and _phase(table) == phase}
        if len(ended) > 1:
            replicas = [key for key, file in self._file_of.items() if file in ended]
            name, table = f"{MERGED}-{phase}", self._longest(replicas)
            merge(self.directory / RECORDS, name, ended, [table])
            self._tables = {file: kept for file, kept in self._tables.items() if file not in ended} | {name: table}
            self._file_of |= dict.fromkeys(replicas, name)
        self._probed |= self._merge_whole(PROBED, CONFLICT)

    def merge_scores(self) -> None:
        """Put all parts of test scores into one."""
        self._merge_whole(SCORED, SCORES)

    def _merge_whole(self, folder: str, columns: Columns) -> set[str]:
        """Merge the parts of a folder, and return their stems.  A part without rows would leave no trace, and stays."""
        seen: set[str] = set()

        def once(files: Sequence[str]) -> Iterator[pa.Table]:
            for file in files:
                if file in seen:
                    continue  # a driver that was killed while it merged has left it: the merged part holds it already
                for piece in pieces_of(self.directory / folder / f"{file}.parquet", columns):
                    seen.update(piece[ORIGIN].unique().to_pylist())
                    yield piece

        files = [file.stem for file in part_files(self.directory / folder) if has_rows(file)]
        if len(files) > 1:
            merge(self.directory / folder, MERGED, files, once(files))
        return seen

    def _files(self, folder: str) -> list[str]:
        return [path.stem for path in part_files(self.directory / folder)]

    def _values(self, folder: str, file: str, columns: Columns, column: str) -> set[str] | None:
        """The values of a column of a part; ``None`` when it is not there or cannot be read."""
        pieces = self._pieces(folder, file, columns, column)
        return None if pieces is None else {value for piece in pieces for value in piece[column].to_pylist()}

    def _pieces(self, folder: str, file: str, columns: Columns, *kept: str) -> list[pa.Table] | None:
        """A part in pieces, of which only the columns ``kept`` stay in memory, or all; ``None``: no sound part."""
        path = self.directory / folder / f"{file}.parquet"
        if not path.exists():
            return None
        try:
            return [piece.select(list(kept) or piece.column_names) for piece in pieces_of(path, columns)]
        except (pa.ArrowException, OSError, KeyError, ValueError):
            path.rename(path.with_suffix(".damaged"))
            self.damaged.append(str(path.relative_to(self.directory)))
            return None


def _nothing() -> pa.Table:
    """A table of training records without rows."""
    return schema(TRAINING).append(pa.field(ORIGIN, pa.string())).empty_table()


def _phase(table: pa.Table) -> str | None:
    """The phase of a part's replicas, which is one."""
    return table["phase"][0].as_py() if len(table) else None
