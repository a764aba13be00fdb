"""The temporary folder of a driver is cleaned away, or full, while shards run."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.training import trainer
from study.store.scratch import NOTE
from tests.faults.acts import note
from tests.faults.lab import Lab
from tests.faults.trial import Trial
from tests.study import fake_engine

TRIALS = 4


@dataclass(frozen=True)
class Cleaned:
    """Every shard finds the temporary folder cleaned away in the middle of its training, or full."""

    out: Path
    full: bool

    def __call__(self) -> None:
        write, fit = Path.write_text, trainer.fit

        def on_full_disk(path: Path, *content: Any, **options: Any) -> int:
            if path.parent.name == "beats":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return write(path, *content, **options)

        def cleaned(*arguments: Any, **options: Any) -> Any:
            folder = (self.out / NOTE).read_text().splitlines()[1]
            shutil.rmtree(folder, ignore_errors=True)
            note(self.out, "temporary folder")
            return fake_engine.fit(*arguments, **options)

        if self.full:
            Path.write_text = on_full_disk
            note(self.out, "temporary folder")
        else:
            trainer.fit = cleaned
        assert fit is fake_engine.fit


def trial(lab: Lab) -> Trial:
    ended = lab.drive(Cleaned(lab.out, full=lab.number % 2 == 1))
    return lab.went_on(ended, came=bool(lab.came()))
