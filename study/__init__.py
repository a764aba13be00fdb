"""Studies: plan one, run it on Ray or in this process, and resume it whatever has stopped it.

``study.run(spec, out=…)`` trains what is missing and returns the run directory, whose report
``analysis.write_report(run)`` writes; ``study.load_spec(…)`` reads a study file, ``study.frame(…)`` takes a data frame
and ``study.dataset(…)`` a torch data set; ``run_suite`` and ``load_suite`` do so for several studies with one report.
``check(spec)`` plans a study without training it, and ``extend(run, …)`` adds seeds or arms to a finished one.
``export(run, folder)`` writes the model of a finished study, and ``Predictor.load(folder).predict(rows)`` uses it.
They are looked up on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "run": "study.driver.run", "frame": "study.driver.frame",
    "dataset": "study.driver.dataset", "load_spec": "study.config.load",
    "Spec": "study.config.spec",
    "check": "study.driver.check", "extend": "study.driver.extend",
    "export": "study.driver.export.write", "Predictor": "mtl_core.network.portable.model",
    "run_suite": "study.driver.run_suite", "load_suite": "study.config.load", "Suite": "study.config.suite",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'study' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
