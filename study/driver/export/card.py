"""The card of an exported model: what it is, what was measured of it, and how to use it; as JSON and as README.md."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from analysis.recommendation.option import Option
from analysis.recommendation.recommend import Recommendation
from analysis.records.schema import Records
from analysis.report.sections.options import name_of
from mtl_core import ENGINE_VERSION
from study.config.text import printable
from study.driver.export.option import TrainedNetwork

MEASURED = (
    "Measured was every network alone, on rows that neither it nor what chose it had seen: the numbers are means over "
    "the networks. The ensemble, whose answer is the mean of their answers, was not measured itself. Its squared error "
    "and its log loss on the same rows cannot be larger than the means of theirs."
)
FOLDS = (
    "The study had {folds} outer folds. Each network was judged on the fold that it had not seen, and all together "
    "have seen every row. On a new row all of them answer; nothing was trained again for this folder."
)
SEVERAL_ARMS = (
    "Every outer fold has chosen an arm of its own, so the networks are not all alike, here {arms}. What was measured "
    "is what they all reach together, not one of these arms."
)
CALIBRATED = (
    "Probabilities are calibrated: logits are divided by a temperature for each task, fitted on the validation rows, "
    "which also chose the epoch that each network stopped at. What was measured is without it; no network's ranking of "
    "its classes changes."
)
MEDIANS = "The median class of an ordinal target can be another with the temperature than without it."
ROUNDED = "The networks were trained with products of {factors}. They were measured, and compute here, in float32."
FACTORS = {"tf32": "TF32 numbers", "bf16": "bfloat16 numbers"}
WEIGHED = (
    "Classes of {tasks} had weights in the loss. Probabilities are those of rows that weigh so: a class that weighs "
    "more has a larger one than its share of the rows. Do not read them as frequencies."
)


def card(
    records: Records,
    recommendation: Recommendation,
    option: Option,
    networks: Sequence[TrainedNetwork],
    tasks: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the card as JSON has it.

    Args:
        records: of the study.
        recommendation: what the report recommends.
        option: what is exported.
        networks: those that are exported.
        tasks: as in model.json.
    """
    taken = recommendation.choice is option
    return {
        "study": records.spec.get("name", ""),
        "fingerprint": records.manifest.get("fingerprint"),
        "state": state_of_run(records.path),
        "engine_version": ENGINE_VERSION,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "torch": torch.__version__,
        "option": {
            "kind": option.kind,
            "arm": option.arm,
            "what": name_of(option),
            "recommended": taken,
            "mean_gain": _finite(option.gain),
            "low": _finite(option.low),
            "high": _finite(option.high),
        },
        "headline": recommendation.headline,
        "tasks": [_measured(records, networks, task) for task in tasks],
        "networks": len(networks),
        "seeds": sorted({network.seed for network in networks}),
        "folds": records.num_folds,
        "parameters": _parameters(records, networks),
        "notes": list(_notes(records, networks, tasks)),
    }


def state_of_run(run: Path) -> str:
    """Return a hash of what a run directory has decided; it changes when something is added to the study."""
    return hashlib.sha256((run / "ledger.jsonl").read_bytes() + (run / "study.yaml").read_bytes()).hexdigest()[:16]


def _measured(records: Records, networks: Sequence[TrainedNetwork], task: Mapping[str, Any]) -> dict[str, Any]:
    keys = [network.replica for network in networks if task["name"] in network.tasks]
    scores = records.scores[records.scores["replica"].isin(keys) & (records.scores["task"] == task["name"])]
    measured, constant = scores["test_metric"].mean(), scores["trivial_metric"].mean()
    room = scores["perfect_metric"].mean() - constant
    return {
        "task": task["name"],
        "kind": task["kind"],
        "classes": list(task["classes"]),
        "temperature": task["temperature"],
        "metric": str(scores["metric"].iloc[0]) if len(scores) else "",
        "test_metric": _finite(float(measured)),
        "spread_between_networks": _finite(float(scores["test_metric"].std())),
        "constant_prediction": _finite(float(constant)),
        # of the two above: in a small outer fold a constant may be all but perfect, and its own skill a wild ratio
        "test_skill_points": _finite(float(100 * (measured - constant) / room)) if room else None,
        "networks": len(keys),
        "rows_per_network": int(scores["num_test"].median()) if len(scores) else 0,
    }


def _parameters(records: Records, networks: Sequence[TrainedNetwork]) -> int:
    rows = records.replicas.drop_duplicates("replica").set_index("replica")["parameters_total"]
    return int(rows.loc[[network.replica for network in networks]].sum())


def _notes(records: Records, networks: Sequence[TrainedNetwork], tasks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield MEASURED if len(networks) > 1 else MEASURED.split(":")[0] + "."
    if records.num_folds > 1:
        yield FOLDS.format(folds=records.num_folds)
    arms = Counter(network.arm for network in networks if len(network.tasks) > 1)
    if len(arms) > 1:
        yield SEVERAL_ARMS.format(arms="; ".join(f"{arm} ({number})" for arm, number in arms.most_common()))
    if factors := FACTORS.get((records.spec.get("training") or {}).get("precision", "")):
        yield ROUNDED.format(factors=factors)
    if any(task["classes"] for task in tasks):
        yield CALIBRATED
    if any(task["kind"] == "ordinal" for task in tasks):
        yield MEDIANS
    if weighed := [task["name"] for task in tasks if task.get("classes_weigh")]:
        yield WEIGHED.format(tasks=", ".join(weighed))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def readme(facts: Mapping[str, Any], columns: Sequence[str] | None, shape: Sequence[int]) -> str:
    """Return the card as README.md.

    Args:
        facts: the card.
        columns: that a table needs; ``None``: inputs are arrays.
        shape: of an example.
    """
    option = facts["option"]
    which = "the recommended option" if option["recommended"] else "an option that the report does not recommend"
    lines = [f"# {_text(facts['study'])}", "", f"{_text(option['what'])}: {which} of the study.", ""]
    start = ["from model import Predictor", "", 'model = Predictor.load(".")']
    if columns is None:
        wanted = " x ".join(map(str, shape))
        lines += ["```python", *start, f"print(model.predict(examples))  # an array of examples, {wanted} numbers each"]
        lines += ["```"]
    else:
        lines += [
            "```python",
            "import csv",
            *start,
            'print(model.predict(list(csv.DictReader(open("new.csv")))))  # or a data frame',
            "```",
            "",
        ]
        lines += ["Columns that it needs: " + ", ".join(f"`{_text(name)}`" for name in columns) + "."]
    lines += [
        "",
        "PyTorch is all that `model.py` needs. Of a classification `NAME` is the most probable class, of an ordinal "
        "target the median one; `NAME spread` is the standard deviation over the networks.",
        "",
    ]
    lines += ["| task | kind | metric | measured | constant prediction | points of skill | networks | rows each |"]
    lines += ["|---|---|---|---|---|---|---|---|", *map(_row, facts["tasks"]), ""]
    lines += [f"{_text(note)}\n" for note in facts["notes"]]
    return "\n".join([*lines, f"The study's headline: {_text(facts['headline'])}", ""])


def _row(task: Mapping[str, Any]) -> str:
    numbers = [task["test_metric"], task["constant_prediction"], task["test_skill_points"]]
    shown = ["–" if number is None else f"{number:.4g}" for number in numbers]
    cells = [_text(task["task"]), task["kind"], task["metric"], *shown, task["networks"], task["rows_per_network"]]
    return f"| {' | '.join(map(str, cells))} |"


def _text(text: str) -> str:
    """A user's words for Markdown."""
    return printable(text).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
