"""What training a small network promises: losses fall, and a row's bits and the order of the tasks matter to nobody."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mtl_core.testing.cases import Case
from mtl_core.testing.replicas import differences, varied_replicas
from mtl_core.training import checkpoint
from mtl_core.training.trainer import Outcome, fit


def check_training(case: Case) -> None:
    """Check that losses fall and that a row's bits depend neither on its array nor on being stored and resumed."""
    recipe = case.recipe
    everyone = varied_replicas(recipe, len(case.data.tasks), 4)
    together = fit(recipe, case.data, everyone)
    for outcome in together:
        _check_learning(case, outcome)
    begun = _stored(fit(recipe, case.data, [everyone[place] for place in (3, 1)], until=recipe.epochs // 2))
    # another place, other neighbours, rows that are not in step, and a lane that is filled again
    elsewhere = fit(recipe, case.data, [everyone[place] for place in (3, 0, 1)], states=begun, max_rows=2)
    for place, outcome in zip((3, 0, 1), elsewhere, strict=True):
        changed = differences(outcome, together[place])
        resumed = "stored and resumed " if outcome.key in begun else ""
        assert not changed, f"{case}: {resumed}in another array {outcome.key} has other bits in {', '.join(changed)}"


def _check_learning(case: Case, outcome: Outcome) -> None:
    assert outcome.status == "finished", f"{case}: {outcome.key} ended as {outcome.status}: {outcome.reason}"
    first, *_, last = outcome.curves["train_loss"].mean(axis=1)
    assert last < first or not case.learns, (
        f"{case}: the training loss of {outcome.key} rose from {first:.4f} to {last:.4f}"
    )


def _stored(paused: Sequence[Outcome]) -> Mapping[str, Any]:
    """States as they come back from a file."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save(Path(folder) / "states", {outcome.key: outcome.state for outcome in paused})
        return checkpoint.load(Path(folder) / "states")


def check_trained_task_order(case: Case) -> None:
    """Check in double precision that tasks in another order train to the same curves, in that order."""
    recipe = replace(case.recipe, epochs=2)
    names = [task.name for task in case.data.tasks]
    order = [names.index(name) for name in turned(names)]
    everyone = varied_replicas(recipe, len(names), 2)
    with double_precision():
        examples = case.data.examples
        examples = replace(examples, inputs=examples.inputs.double(), targets=examples.targets.double())
        data = replace(case.data, examples=examples)
        straight, permuted = fit(recipe, data, everyone), fit(recipe, data.only(*turned(names)), everyone)
    for one, other in zip(straight, permuted, strict=True):
        for curve, values in one.curves.items():
            found, expected = torch.as_tensor(other.curves[curve]), torch.as_tensor(values[:, order])
            message = f"{case}: {curve} of {one.key} depends on the order of the tasks"
            torch.testing.assert_close(
                found, expected, rtol=2e-5, atol=1e-9, equal_nan=True, msg=lambda details, m=message: f"{m}: {details}"
            )


@contextmanager
def double_precision() -> Iterator[None]:
    """Make new tensors float64 inside the block."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def turned(names: Sequence[str]) -> list[str]:
    """Return the names in an order that is not undone by doing it twice, if there are three."""
    return [*names[2:], *names[:2]] if len(names) > 2 else list(reversed(names))
