"""The options of the first screen: what one could do, with mean gain, worst task, risk and cost of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.formatting import agree, arm_in_words, interval, number_of, points
from analysis.recommendation.costs import percentage
from analysis.recommendation.option import ALONE, ALONE_ELSEWHERE, BEST_ALONE, ROLES, Option
from analysis.recommendation.preference import RULES
from analysis.recommendation.recommend import Recommendation
from analysis.report.output.tables import Table, frame_of
from analysis.statistics.verdicts import ADDED, CANDIDATE, CHOSEN, REFERENCE

HEADER = ["option", "mean gain", "worst task", "risk", "cost"]
ORIGIN = {
    CHOSEN: "chosen on validation",
    REFERENCE: "reference",
    CANDIDATE: "checked candidate",
    ADDED: "added later",
    ALONE: "what the others are compared with",
    ALONE_ELSEWHERE: "what options of this width are compared with",
    BEST_ALONE: "each task at the width that is best for it",
}


@dataclass(frozen=True)
class OptionLine:
    """One option as text: what it is, where it comes from, and its numbers; ``taken`` by the preference or not."""

    name: str
    origin: str
    gain: str
    worst: str
    risk: str
    cost: str
    taken: bool


def option_lines(recommendation: Recommendation) -> list[OptionLine]:
    """Return the options as text, the one that is taken first; none before a verdict."""
    ordered = sorted(recommendation.options, key=lambda option: option is not recommendation.choice)
    width = _width_alone(recommendation.options)
    return [_line(option, option is recommendation.choice, width) for option in ordered]


def _width_alone(options: list[Option]) -> object:
    """Width of the single-task networks that costs are compared with; ``None`` where they were not trained."""
    return next((option.facts["width"] for option in options if option.kind == ALONE), None)


def option_cells(recommendation: Recommendation) -> list[list[str]]:
    """Return the options as the rows of a short table, its header first; empty before a verdict."""
    lines = option_lines(recommendation)
    rows = [[f"{'* ' if line.taken else ''}{line.name}", line.gain, line.worst, line.risk, line.cost] for line in lines]
    return [HEADER, *rows] if rows else []


def options_table(recommendation: Recommendation) -> Table | None:
    """Return the options with every digit, as a table that gets files; ``None`` before a verdict."""
    options = recommendation.options
    if not options:
        return None
    equal = [option.equal for option in options if option.equal is not None]
    alike = {
        f"{name}_all_tasks_alike": lambda option, place=place: option.equal[place] if option.equal else 0.0
        for place, name in enumerate(("mean_gain", "low", "high"))
    }
    frame = frame_of(
        options,
        option=name_of,
        origin=lambda option: option.kind,
        arm=lambda option: option.arm,
        taken=lambda option: option is recommendation.choice,
        mean_gain=lambda option: option.gain,
        low=lambda option: option.low,
        high=lambda option: option.high,
        gain_over_alone=lambda option: option.total,
        probability_mean_loses=lambda option: option.risks.loss,
        probability_mean_gains=lambda option: option.risks.benefit,
        worst_task=lambda option: option.risks.worst,
        worst_task_low=lambda option: option.risks.worst_low,
        worst_task_high=lambda option: option.risks.worst_high,
        probability_a_task_loses=lambda option: option.risks.some_loss,
        networks=lambda option: option.cost.networks,
        parameters_ratio=lambda option: option.ratios[0],
        multiply_adds_ratio=lambda option: option.ratios[1],
        training_seconds_ratio=lambda option: option.ratios[2],
        n=lambda option: option.n or None,
        **(alike if equal else {}),
    )
    return Table("options", caption(recommendation), frame)


def option_rows(recommendation: Recommendation) -> list[dict[str, Any]]:
    """Return the rows of :func:`options_table` for programs, the option that is taken first."""
    table = options_table(recommendation)
    if table is None:
        return []
    rows = [{str(name): _plain(value) for name, value in row.items()} for row in table.frame.to_dict("records")]
    return sorted(rows, key=lambda row: not row["taken"])


def _plain(value: Any) -> Any:
    """A value as JSON knows it: no NumPy scalar, no infinity."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def caption(recommendation: Recommendation) -> str:
    """Return what the columns are, and the rule by which an option is taken."""
    band = recommendation.options[0].band
    seeds = max(option.n for option in recommendation.options)
    width = _width_alone(recommendation.options)
    alone = "the single-task networks" if width is None else f"training each task alone at width {width}"
    by = " by their stated importance" if any(option.equal for option in recommendation.options) else ""
    lost = f"{band:g} {agree(band, 'point', 'points')}"
    return (
        f"Mean gain: over tasks{by}, in points of test skill against tuned single-task networks of the same width"
        f"{_elsewhere(recommendation.options)}, with {recommendation.level} interval, n = {seeds} paired verdict "
        "seeds. Worst task: gain of whichever task it is (posterior median and 95% interval; tasks partly pooled). "
        f"Risk: probability that at least one task loses more than {lost}; with many tasks, and no effect at all, it "
        "is high, too. Cost: networks, multiply-adds at prediction, parameters and seconds of one training, as shares "
        f"of those of {alone}. Taken (prefer: {recommendation.prefer}): {RULES[recommendation.prefer]}"
    )


def _elsewhere(options: list[Option]) -> str:
    """What a gain is over, where options have different widths."""
    if all(option.alone_gain == 0 for option in options):
        return ""
    return " (which is named where it is not the chosen arm's; what the networks of that width gain is another option)"


def name_of(option: Option) -> str:
    """Return what an option does, in words."""
    if option.kind in (ALONE, ALONE_ELSEWHERE, BEST_ALONE):
        width = "at its best width" if option.kind == BEST_ALONE else f"at width {option.facts['width']}"
        return f"Train each task alone {width}"
    name = arm_in_words(option.facts, option.alone, limit=len(option.alone))
    return f"{name[:1].upper()}{name[1:]}"


def _line(option: Option, taken: bool, width: object) -> OptionLine:
    """The option as text, where costs are compared with single-task networks of ``width``."""
    plain = option.kind == ALONE
    own = option.facts["width"]
    over = f" over width {own} alone" if option.kind in ROLES and width is not None and own != width else ""
    risks = option.risks
    worst = f"{points(risks.worst)} {interval(risks.worst_low, risks.worst_high)}".strip()
    return OptionLine(
        name=name_of(option),
        origin=ORIGIN[option.kind],
        gain="0" if plain else f"{points(option.gain)} {interval(option.low, option.high)}".strip() + over,
        worst="0" if plain else worst,
        risk="0%" if plain else _percent(risks.some_loss),
        cost=_cost(option),
        taken=taken,
    )


def _percent(probability: float) -> str:
    if not math.isfinite(probability):
        return "–"
    return "<1%" if 0 < probability < 0.01 else ">99%" if 0.99 < probability < 1 else f"{probability:.0%}"


def _cost(option: Option) -> str:
    networks = option.cost.networks
    parts = [number_of(networks, "network")] if networks else []
    names = ("parameters", "multiply-adds", "training time")
    shown = [f"{percentage(ratio)} {name}" for name, ratio in zip(names, option.ratios, strict=True) if ratio > 0]
    return ", ".join(parts + (shown if option.kind != ALONE else ["all costs 100%"]))
