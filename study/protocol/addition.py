"""An addition to a finished study: what is asked for, whether it can be, and the fresh seeds that judge it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from analysis.statistics.looks import num_looks, share_of_level
from mtl_core.errors import UserError
from study.planning.plan import Plan
from study.protocol.addition_checks import check_arms, refuse_unfinished
from study.protocol.verdict_seeds import Events, next_seed, num_seeds


@dataclass(frozen=True)
class Asked:
    """What a user asks to add: exactly one of the three is given.

    Args:
        seeds: number of verdict seeds that there shall be in all.
        without: tasks that the chosen arm shall leave out and that are to be trained alone.
        arms: labels of planned arms that are to be judged, too.
    """

    seeds: int | None = None
    without: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Asked:
        """Return what was asked from what the ledger holds of it."""
        return cls(facts["seeds"], tuple(facts["without"]), tuple(facts["arms"]))

    def in_order(self, tasks: Sequence[str]) -> Asked:
        """Return the same request with its tasks in the order of ``tasks`` and its arms sorted.

        In which order a user names them is no difference, and a network is known by the tasks that it leaves out.
        """
        place = {task: number for number, task in enumerate(tasks)}
        without = sorted(self.without, key=lambda task: (place.get(task, len(place)), task))
        return replace(self, without=tuple(without), arms=tuple(sorted(self.arms)))

    def facts(self) -> dict[str, Any]:
        """Return what is asked as the ledger holds it."""
        return {"seeds": self.seeds, "without": list(self.without), "arms": list(self.arms)}


@dataclass(frozen=True)
class Addition:
    """An addition that can be made.

    Args:
        number: 1 for the first addition to the study.
        asked: what the user asked for, as :meth:`Asked.facts`.
        first: first of the fresh verdict seeds.
        seeds: their number.
        look: how often the study will have been judged with it.
    """

    number: int
    asked: dict[str, Any]
    first: int
    seeds: int
    look: int

    def event(self) -> dict[str, Any]:
        """Return the facts of the ledger's event ``addition``."""
        return {**asdict(self), "level_divisor": share_of_level(self.look)}

    def command(self, run: str) -> str:
        """Return the command that asks for the addition to the study in ``run``."""
        seeds = [] if self.asked["seeds"] is None else ["--seeds", str(self.asked["seeds"])]
        without = [part for task in self.asked["without"] for part in ("--without", task)]
        arms = [part for label in self.asked["arms"] for part in ("--arms", label)]
        return shlex.join(["mtl-study", "extend", run, *seeds, *without, *arms])


def open_addition(events: Iterable[Mapping[str, Any]]) -> Addition | None:
    """Return the addition that was begun and has not ended; ``None`` where there is none."""
    begun: Addition | None = None
    for event in events:
        if event["event"] == "addition":
            begun = Addition(**{name: event[name] for name in ("number", "asked", "first", "seeds", "look")})
        elif event["event"] == "added_to_verdict":
            begun = None
    return begun


def made_before(asked: Asked, events: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether the same was asked for and added before, so that to ask again adds nothing.

    An addition that came to nothing, since its networks diverged, was not made.
    """
    events = list(events)
    made = {event.get("number") for event in events if event["event"] == "added_to_verdict" and "reason" not in event}
    asked_before = (event["asked"] for event in events if event["event"] == "addition" and event["number"] in made)
    return any(Asked.of_facts(before).in_order(()) == asked.in_order(()) for before in asked_before)


def addition_of(asked: Asked, events: Events, plan: Plan, where: str) -> Addition:
    """Return the addition that ``asked`` amounts to: the one that was begun, where it was the same, or a new one.

    Args:
        asked: what the user asks for.
        events: of the study's ledger, in order.
        plan: of the study, without additions.
        where: the run directory, for messages.

    Raises:
        UserError: when the study has no answer yet, another addition has not ended, or there is nothing to add.
    """
    begun = open_addition(events)
    if begun is not None:
        if Asked.of_facts(begun.asked).in_order(plan.tasks) != asked.in_order(plan.tasks):
            found = "another addition was begun and has not ended."
            raise UserError(where, found, f"Finish it first: {begun.command(where)}")
        return begun
    refuse_unfinished(events, where)
    seeds = _seeds_to_add(asked, events, plan) if asked.seeds is not None else num_seeds(events, plan)
    block = plan.in_block(next_seed(events, plan), seeds).seeds("verdict")
    check_arms(asked.without, asked.arms, events, plan)
    numbers = [event["number"] for event in events if event["event"] == "addition"]
    facts = asked.in_order(plan.tasks).facts()
    return Addition(max(numbers, default=0) + 1, facts, block[0], len(block), num_looks(events) + 1)


def _seeds_to_add(asked: Asked, events: Events, plan: Plan) -> int:
    now, wanted = num_seeds(events, plan), asked.seeds or 0
    if wanted <= now:
        found = f"the study has {now} verdict seeds already, so there is nothing to add."
        raise UserError(f"--seeds {wanted}", found, f"Say how many there shall be in all, such as --seeds {2 * now}.")
    return wanted - now
