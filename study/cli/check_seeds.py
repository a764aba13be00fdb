"""Seeds of the phases, as ``check`` prints them: with outer folds they are rounded up to as many of each fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.records.phases import PHASES
from study.cli.console import say
from study.planning.phase_seeds import num_trained

if TYPE_CHECKING:
    from study.planning.plan import Plan


def facts_of_seeds(plan: Plan) -> dict[str, Any]:
    """Return the seeds that the study asks for, by phase, and the most that its verdict may go on to.

    How many train is in the plan's own ``seeds``.
    """
    return {
        "seeds_asked": {phase: getattr(plan.spec, phase).seeds for phase in PHASES},
        "max_verdict_seeds": _most(plan),
    }


def say_rounded_seeds(plan: Plan) -> None:
    """Print one line on the numbers of seeds that outer folds have raised; nothing where each is as it was asked."""
    numbers = {f"{phase}.seeds": (getattr(plan.spec, phase).seeds, len(plan.seeds(phase))) for phase in PHASES}
    if plan.spec.budget is None:  # under a budget a verdict does not go on
        numbers["verdict.max_seeds"] = plan.spec.verdict.max_seeds, _most(plan)
    raised = [f"{name} {trained} instead of {asked}" for name, (asked, trained) in numbers.items() if trained != asked]
    if raised:
        say(f"seeds: as many in each of the {plan.folds} outer folds, so {', '.join(raised)}")


def _most(plan: Plan) -> int:
    verdict = plan.spec.verdict
    if plan.spec.budget is not None:
        return len(plan.seeds("verdict"))
    return num_trained("verdict", max(verdict.seeds, verdict.max_seeds), plan.folds)
