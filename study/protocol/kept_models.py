"""The models of a study that are kept: those of every option that the report names, so that it can be exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from study.protocol.context import StudyContext
from study.store.archive import MODELS


def keep_models_of_options(context: StudyContext) -> None:
    """Remove the files of selected parameters that belong to no option: of the confirm phase, ``loop`` and ``total``.

    Options are the judged arms, the single-task networks of their width, and those of each task's best width.
    """
    kept = {context.archive.model_of(key) for key in _replicas_of_options(context)}
    for path in (context.directory / MODELS).glob("*.safetensors"):
        if path not in kept:
            path.unlink(missing_ok=True)


def _replicas_of_options(context: StudyContext) -> Iterator[str]:
    """Keys of the verdict replicas whose networks an option is made of."""
    whole: set[str] = set()
    of_task: set[tuple[str, str]] = set()
    for judged in _judged(context):
        whole |= {*judged["arms"], *(found["each"] for found in judged["baselines"].values() if "each" in found)}
        of_task |= {(label, task) for found in judged["baselines"].values() for task, label in found["best"].items()}
    frame = context.archive.of_phase("verdict")
    for key, arm, task in zip(frame["replica"], frame["arm"], frame["task"], strict=True):
        if arm in whole or (arm, task) in of_task:
            yield key


def _judged(context: StudyContext) -> Iterator[Mapping[str, Any]]:
    """What is judged, in every outer fold and with every addition; an addition joins the rest after it is scored."""
    for event in context.ledger.of("frozen"):
        if event["choice"] == "judged" or event["choice"].startswith("addition "):
            yield event["value"]
