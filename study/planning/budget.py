"""A budget: it takes from a study first draws, then seeds, then arms, until it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from mtl_core.errors import UserError
from study.config.budgets import amount_text, limit_of
from study.config.spec import Spec
from study.planning.phase_seeds import num_trained

FEWEST_DRAWS = 4
FEWEST_TRIALS = 8
FEWEST_SEEDS = 5
"""Fewest seeds of confirm and verdict: fewer paired seeds give no interval."""
FEWEST_CONFIRMED = 3

Path = tuple[str, str]


def shrink(
    spec: Spec,
    amount_of: Callable[[Spec], float],
    least_of: Callable[[Spec], float] | None = None,
    *,
    folds: int = 1,
) -> tuple[Spec, tuple[str, ...]]:
    """Return the first smaller study that fits into ``spec.budget``, and what it lost, in words.

    What saves nothing is not taken.

    Args:
        spec: the study.
        amount_of: what a study is forecast to take, in the basic unit of its budget.
        least_of: what it takes at least, on a machine without other programs; ``None``: the same.  Other programs may
            end while a study runs, so they are no reason to refuse it.
        folds: number of outer folds, of which every phase trains the same number of seeds.

    Raises:
        UserError: when even the smallest one does not fit at best.
    """
    if spec.budget is None:
        return spec, ()
    smaller, amount, limit = spec, amount_of(spec), limit_of(spec.budget)
    for step in _reduction_steps(spec, folds):
        if amount <= limit:
            break
        if (less := amount_of(candidate := _with(smaller, step))) < amount:
            smaller, amount = candidate, less
    if amount > limit and (needed := (least_of or amount_of)(smaller)) > limit:
        found = f"even the smallest version of this study takes about {amount_text(needed, spec.budget)}."
        remedy = "Give it that much, or take levels out of factors."
        raise UserError(f"budget {amount_text(limit, spec.budget)}", found, remedy)
    for section, key in SHRINKABLE if smaller != spec else ():  # a later step may have made an earlier one needless
        restored = _with(smaller, {(section, key): getattr(getattr(spec, section), key)})
        smaller = restored if amount_of(restored) <= amount else smaller
    return smaller, reductions(spec, smaller, folds)


def settled_spec(requested: Spec, stored: Spec) -> Spec | None:
    """Return ``requested`` as small as an earlier run settled on, if it is what led to that; else ``None``.

    A budget is spent once: a forecast that comes out differently today must not change a study that has begun.
    """
    if requested.budget is None or requested.budget != stored.budget:
        return None
    as_requested = stored
    for section, key in SHRINKABLE:
        as_requested = _with(as_requested, {(section, key): getattr(getattr(requested, section), key)})
    if as_requested.digest() != requested.digest() or not _none_larger(requested, stored):
        return None
    return _with(requested, {(section, key): getattr(getattr(stored, section), key) for section, key in SHRINKABLE})


SHRINKABLE: tuple[Path, ...] = (
    ("tuning", "draws"), ("search", "seeds"), ("confirm", "seeds"), ("verdict", "seeds"),
    ("confirm", "arms"), ("search", "trials"), ("factors", "width"),
)  # fmt: skip


def _reduction_steps(spec: Spec, folds: int) -> Iterator[Mapping[Path, Any]]:
    for draws in range(spec.tuning.draws - 1, min(FEWEST_DRAWS, spec.tuning.draws) - 1, -1):
        yield {("tuning", "draws"): draws}
    for trials in range((spec.search.trials or 0) - 1, FEWEST_TRIALS - 1, -1):
        yield {("search", "trials"): trials}
    for seeds in range(spec.search.seeds - 1, 0, -1):
        yield {("search", "seeds"): _seeds(spec, "search", seeds, folds)}
    confirm, verdict = spec.confirm.seeds, spec.verdict.seeds
    while max(confirm, verdict) > FEWEST_SEEDS:
        confirm, verdict = (max(seeds - 1, min(seeds, FEWEST_SEEDS)) for seeds in (confirm, verdict))
        of_phase = {"confirm": confirm, "verdict": verdict}
        yield {(phase, "seeds"): _seeds(spec, phase, seeds, folds) for phase, seeds in of_phase.items()}
    if spec.confirm.arms == "all" or spec.confirm.arms > FEWEST_CONFIRMED:
        yield {("confirm", "arms"): FEWEST_CONFIRMED}
    widths = sorted(spec.factors.width)
    while len(widths) > 1:
        widths.pop()
        yield {("factors", "width"): tuple(widths)}


def _seeds(spec: Spec, phase: str, seeds: int, folds: int) -> int:
    """The number of seeds that ``phase`` trains instead of ``seeds``; as ``spec`` has it, where it trains as many."""
    asked = getattr(spec, phase).seeds
    trained = num_trained(phase, seeds, folds)
    return asked if trained == num_trained(phase, asked, folds) else trained


def _with(spec: Spec, values: Mapping[Path, Any]) -> Spec:
    changed: dict[str, BaseModel] = {}
    for (section, key), value in values.items():
        part: BaseModel = changed.get(section) or getattr(spec, section)
        changed[section] = part.model_copy(update={key: value})
    return spec.model_copy(update=changed)


def reductions(before: Spec, after: Spec, folds: int = 1) -> tuple[str, ...]:
    """Return what ``after`` has less of than ``before``, in words; of seeds how many are trained."""
    return tuple(_reductions(before, after, folds))


def _reductions(before: Spec, after: Spec, folds: int) -> Iterator[str]:
    for section, key in SHRINKABLE:
        old, new = (getattr(getattr(spec, section), key) for spec in (before, after))
        if key == "seeds":
            old, new = (num_trained(section, seeds, folds) for seeds in (old, new))
        if old != new:
            texts = [", ".join(map(str, value)) if isinstance(value, tuple) else str(value) for value in (old, new)]
            yield f"{section}.{key}: {texts[1]} instead of {texts[0]}"


def _none_larger(requested: Spec, stored: Spec) -> bool:
    for section, key in SHRINKABLE:
        old, new = (getattr(getattr(spec, section), key) for spec in (requested, stored))
        if isinstance(old, tuple):
            if not set(new) <= set(old):
                return False
        elif isinstance(old, int) and not (isinstance(new, int) and new <= old):
            return False
    return True
