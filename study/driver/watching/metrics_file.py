"""The progress of a study as a file of Prometheus metrics, for the textfile collector of node_exporter."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mtl_core.errors import UserError
from study.config.text import printable
from study.driver.watching.log_file import uncopied
from study.driver.watching.progress import StudyProgress
from study.driver.watching.screen import Screen

METRICS_SECONDS = 5.0
METRICS = {
    "replicas_done": "Replicas that have ended.",
    "replicas_planned": "Replicas at most.",
    "replicas_failed": "Replicas that failed.",
    "replicas_diverged": "Replicas that diverged.",
    "share_done": "Part of the work of the study that is done, from 0 to 1.",
    "workers": "Shards that may run at once.",
    "workers_busy": "Shards that run.",
    "replicas_per_minute": "Replicas that end per minute in this session.",
    "shards_out_of_memory": "Shards of this session that ran out of memory and were cut in two.",
    "device_memory_bytes": "Memory of a GPU.",
    "device_memory_peak_bytes": "Most memory of a GPU that the worker of one of the last shards held at once.",
    "device_memory_used_bytes": "Memory that all processes hold of a machine's fullest GPU.",
    "seconds_left": "Seconds left of the study, and the ends of their range.",
}
"""Gauges by name, without the prefix ``mtl_study_``, and what they hold."""

Sample = tuple[str, dict[str, str], float]
"""Name of a gauge, labels and value."""


class MetricsFile(Screen):
    """Keeps the progress in a file, which is replaced as a whole, so that no reader ever finds a part of it.

    A file that cannot be written any more is given up with one line on standard error.

    Args:
        path: of the file, in a folder that exists.

    Raises:
        UserError: when nothing can be written beside ``path``.
    """

    seconds = METRICS_SECONDS

    def __init__(self, path: Path) -> None:
        self.path, self._partial = path, path.with_name(f".{path.name}.tmp")  # no *.prom: the collector must not see it
        try:
            self._replace(b"")
        except OSError as error:
            remedy = "Name a file that you may write, in a folder that exists."
            raise UserError(f"--metrics-file {path}", f"it cannot be written: {error.strerror}.", remedy) from None
        self._given_up = False

    def show(self, progress: StudyProgress) -> None:
        """Replace the file."""
        if self._given_up:
            return
        try:
            self._replace(exposition(progress).encode())
        except OSError as error:
            self._given_up = True
            found = f"nothing more is written to {self.path}: {error.strerror}"
            print(printable(found), file=uncopied(sys.stderr), flush=True)

    def _replace(self, content: bytes) -> None:
        self._partial.write_bytes(content)
        os.replace(self._partial, self.path)


def exposition(progress: StudyProgress) -> str:
    """Return the progress in Prometheus' text format."""
    samples = list(_samples(progress))
    lines: list[str] = []
    for name, meaning in METRICS.items():
        lines += [f"# HELP mtl_study_{name} {meaning}", f"# TYPE mtl_study_{name} gauge"]
        lines += [
            f"mtl_study_{name}{_labels({'study': progress.study} | labels)} {value}"
            for sample, labels, value in samples
            if sample == name
        ]
    return "\n".join(lines) + "\n"


def _samples(progress: StudyProgress) -> Iterator[Sample]:
    counts = progress.counts
    for phase in counts.done:
        yield "replicas_done", {"phase": phase}, counts.done[phase]
        yield "replicas_planned", {"phase": phase}, counts.planned[phase]
    yield "replicas_failed", {}, sum(counts.failed.values())
    yield "replicas_diverged", {}, counts.diverged
    yield "share_done", {}, counts.share
    yield "workers", {"device": progress.use.device}, progress.workers
    yield "workers_busy", {"device": progress.use.device}, len(progress.running)
    yield "shards_out_of_memory", {}, progress.use.out_of_memory.times if progress.use.out_of_memory else 0
    for cards in progress.use.cards:
        labels = {"machine": cards.machine, "card": cards.card}
        yield "device_memory_bytes", labels, cards.memory_bytes
        yield "device_memory_peak_bytes", labels, cards.peak_bytes
        if cards.used_bytes is not None:
            yield "device_memory_used_bytes", labels, cards.used_bytes
    if progress.per_minute is not None:
        yield "replicas_per_minute", {}, progress.per_minute
    if progress.left is not None:
        ends = {"middle": progress.left.seconds, "low": progress.left.low, "high": progress.left.high}
        yield from (("seconds_left", {"end": end}, value) for end, value in ends.items() if value is not None)


def _labels(labels: dict[str, str]) -> str:
    """Labels in braces; backslashes, quotes and line ends are escaped as the format asks for."""
    escaped = {
        name: text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for name, text in labels.items()
    }
    return "{" + ",".join(f'{name}="{text}"' for name, text in escaped.items()) + "}"
