"""Settings that a study leaves to the size of the data: batch size, epochs, widths and weighting methods.

They follow from numbers of rows, and from no label and no result: so they are the same for all arms and baselines, may
be the same in all outer folds, and are known before anything trains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from study.config.field_types import is_auto
from study.config.spec import LEFT_TO_THE_DATA, Spec

if TYPE_CHECKING:
    from mtl_core.data.task_set import Development

STEPS = 600
"""Least number of steps.  On small tables networks were best after 150 to 300, and lost skill where they had 1,500."""
FEWEST_EPOCHS, MOST_EPOCHS = 30, 1_000
BATCHES_AN_EPOCH = 8
"""Batches that a small training split is cut into, so that an epoch is more than a few steps."""
SMALL_BATCH, BATCH, LARGEST_BATCH = 16, 64, 1_024
MANY_ROWS = 5_000
"""Number of training rows from which on wider networks are compared, and no pilot is needed."""
WIDTHS, WIDER = (16, 64), (32, 128)
WEIGHTING = ("equal", "uncertainty")


def settle_settings(spec: Spec, development: Development, stored: Spec | None = None) -> tuple[Spec, tuple[str, ...]]:
    """Return the study with a value for every setting that says ``auto``, and the reasons in words.

    Args:
        spec: the study as it was asked for.
        development: with outer folds, where the study has them.
        stored: the study that a run directory was begun with: it decides what ``auto`` means there.
    """
    rules: dict[str, Callable[[Spec], tuple[Any, str]]] = {
        "batch_size": lambda now: _batch_size(training_rows(now, development)),
        "epochs": lambda now: _epochs(now, development),
        "width": lambda now: _widths(training_rows(now, development)),
        "weighting": lambda now: (WEIGHTING, "whether tasks should weigh the same is part of the question"),
    }
    settled, reasons = spec, []
    for section, key in ((section, key) for section, keys in LEFT_TO_THE_DATA.items() for key in sorted(keys)):
        if is_auto(getattr(getattr(settled, section), key)):
            value, reason = rules[key](settled)
            begun = None if stored is None else getattr(getattr(stored, section), key)
            if begun is not None and not is_auto(begun) and not _may_have_been_cut(spec, key, begun, value):
                value, reason = begun, "as the study was begun"
            settled = with_setting(settled, section, key, value)
            reasons.append(f"{section}.{key}: {_text(value)} ({reason})")
    return settled, tuple(reasons)


def with_setting(spec: Spec, section: str, key: str, value: Any) -> Spec:
    """Return the study with another value of ``section.key``."""
    changed = getattr(spec, section).model_copy(update={key: value})
    return spec.model_copy(update={section: changed})


def with_begun_settings(spec: Spec, stored: Spec) -> Spec:
    """Return the study with the values of ``stored`` where it says ``auto``."""
    for section, keys in LEFT_TO_THE_DATA.items():
        for key in keys:
            if is_auto(getattr(getattr(spec, section), key)):
                spec = with_setting(spec, section, key, getattr(getattr(stored, section), key))
    return spec


def _may_have_been_cut(spec: Spec, key: str, begun: Any, value: Any) -> bool:
    """Whether the study was begun with fewer widths because of its budget, which is settled later."""
    return spec.budget is not None and key == "width" and set(begun) < set(value)


def training_rows(spec: Spec, development: Development) -> int:
    """Return the number of rows that a network trains on, of the arm with the smallest share of them."""
    return _steps_an_epoch(spec, development, batch_size=1)


def _steps_an_epoch(spec: Spec, development: Development, batch_size: int) -> int:
    from mtl_core.data.batch_sampler import steps_per_epoch
    from mtl_core.recipe import Recipe

    recipe = Recipe(batch_size=batch_size, tasks_per_step=spec.training.tasks_per_step)
    return steps_per_epoch(replace(recipe, train_fraction=min(spec.factors.train_fraction)), development)


def _batch_size(rows: int) -> tuple[int, str]:
    small = max(min(_power_of_two(rows / BATCHES_AN_EPOCH), BATCH), SMALL_BATCH)
    large = min(_power_of_two(rows / (2 * BATCH)), LARGEST_BATCH)
    return max(small, large), f"for {rows:,} training rows"


def _power_of_two(number: float) -> int:
    """The largest one that is not above ``number``."""
    return 1 << max(int(number).bit_length() - 1, 0)


def _epochs(spec: Spec, development: Development) -> tuple[int, str]:
    steps = _steps_an_epoch(spec, development, spec.training.batch_size)
    wanted = -(-STEPS // steps)
    epochs = max(min(wanted, MOST_EPOCHS), FEWEST_EPOCHS)
    an_epoch = f"{steps:,} {'step' if steps == 1 else 'steps'} of {spec.training.batch_size:,} rows an epoch"
    return epochs, f"{an_epoch}: {epochs * steps:,} steps in all"


def _widths(rows: int) -> tuple[tuple[int, ...], str]:
    small = rows < MANY_ROWS
    return WIDTHS if small else WIDER, f"{'fewer than' if small else 'at least'} {MANY_ROWS:,} training rows"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else f"{value:,}"
