"""Which draws of an arm train, and for which of its tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from study.planning.arm import Arm

DrawNumbers = Sequence[int] | Mapping[str, int | Sequence[int]]
"""Numbers of draws: the same for all tasks, or one or several for each."""


def draws_by_task(arm: Arm, tasks: Sequence[str], draws: DrawNumbers) -> Iterator[tuple[str | None, int]]:
    """Yield every task with a draw that trains it; ``None`` stands for all tasks of an arm that trains them together.

    Args:
        arm: what is trained.
        tasks: of the study, in order.
        draws: numbers of draws.
    """
    of_task = draws if isinstance(draws, Mapping) else dict.fromkeys(tasks, draws)
    several = {task: [own] if isinstance(own, int) else own for task, own in of_task.items()}
    if arm.is_single_task:
        yield from ((task, draw) for task in tasks if task in several for draw in several[task])
    elif isinstance(draws, Mapping):
        yield from ((None, draw) for draw in sorted({draw for own in several.values() for draw in own}))
    else:
        yield from ((None, draw) for draw in draws)
