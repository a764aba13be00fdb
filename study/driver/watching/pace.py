"""At which pace a study goes, and when it will be over: a range, from how the pace of its shards differs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from analysis.records.phases import PHASES
from study.config.durations import duration

FEWEST_SHARDS = 3
"""Shards that must have ended before their spread tells something."""
FEWEST_GAINED = 0.01
"""Part of the study that must be done in this session before its pace tells something."""
Z = 1.2816
"""The 90% point of the normal distribution: the range holds four times in five, if later shards are like earlier."""

FORECAST_ERROR = 1 / 3
"""What the forecast of a phase errs against that of another, as far as it was measured: one standard deviation."""

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Session:
    """What a session began with.

    Args:
        share: of the study's work that was done before.
        training: forecast seconds of all phases.
        end: forecast seconds of scoring and report.
    """

    share: float
    training: float
    end: float

    def scaled(self, factor: float) -> Session:
        """Return the same session, where all work turns out to be so many times as much."""
        return replace(self, share=self.share / factor, training=self.training * factor) if factor > 0 else self

    @classmethod
    def of_event(cls, event: Event) -> Session:
        """Return what the ledger's event ``planned`` says of its session."""
        forecast = event.get("forecast", {})
        training = sum(forecast.get(phase, 0.0) for phase in PHASES)
        training = sum(one["seconds"] for one in event["work"].values()) if "work" in event else training
        return cls(event.get("share", 0.0), training, forecast.get("score", 0.0) + forecast.get("report", 0.0))


@dataclass(frozen=True)
class TimeLeft:
    """Seconds that a study still takes.

    Args:
        seconds: at the pace of the session so far.
        factor: by which it may be longer or shorter, four times in five as far as shards differ; ``None``: too early
            to say.
    """

    seconds: float
    factor: float | None = None

    @property
    def low(self) -> float | None:
        """The lower end of the range."""
        return None if self.factor is None else self.seconds / self.factor

    @property
    def high(self) -> float | None:
        """The upper end of the range."""
        return None if self.factor is None else self.seconds * self.factor

    def longer_by(self, seconds: float) -> TimeLeft:
        """Return the time left with ``seconds`` more of the same kind."""
        return replace(self, seconds=self.seconds + seconds)

    def __str__(self) -> str:
        """Return the range in words, or the seconds where there is none."""
        if self.low is None or self.high is None or duration(self.low) == duration(self.high):
            return f"about {duration(self.seconds)}"
        return f"{duration(self.low)} to {duration(self.high)}"


def range_facts(name: str, left: TimeLeft | None) -> dict[str, float | None]:
    """Return a time left and its range as JSON can hold them, under ``name``, ``name_low`` and ``name_high``."""
    facts = (left.seconds, left.low, left.high) if left is not None else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), facts, strict=True))


def last_session(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events of the last session, which begins with ``planned``."""
    start = next((place for place in reversed(range(len(events))) if events[place]["event"] == "planned"), 0)
    return events[start:]


def time_left(
    session: Session, share: float, seconds: float, events: Sequence[Event], untried: float = 0.0
) -> TimeLeft | None:
    """Return the time left of a study; ``None``: too early to say, or nothing is left to train.

    Args:
        session: what the session began with.
        share: part of the study's work that is done.
        seconds: since the first shard of the session started: the start of workers is over by then.
        events: of the session.
        untried: part of the work left of which it is open how long it takes.
    """
    gained = share - session.share
    if gained <= FEWEST_GAINED or share >= 1:
        return None
    # scoring and report are taken to be as much slower than forecast as the training so far
    slower = seconds / (gained * session.training) if session.training else 1.0
    middle = (1 - share) * seconds / gained + slower * session.end
    factor = spread([event for event in events if event["event"] == "finished"], (1 - share) / gained, untried)
    return TimeLeft(middle, factor)


def spread(finished: Sequence[Event], left: float, untried: float = 0.0) -> float | None:
    """Return the factor by which the time left may be longer or shorter; ``None``: too few shards have ended.

    Each shard took its seconds against its forecast.  How much the ratios differ gives the error of the pace so far
    and that of the shards to come; the second shrinks with their number, the first with the number of those that ended.
    Nothing that ended tells how long phases to come take against their forecast, or whether seeds are added.

    Args:
        finished: events of shards that ended, with ``seconds`` and ``forecast``.
        left: work that is left, as a multiple of what these did.
        untried: part of it of which it is open how long it takes.
    """
    pairs = [(event.get("seconds", 0.0), event.get("forecast", 0.0)) for event in finished]
    pairs = [(seconds, forecast) for seconds, forecast in pairs if seconds > 0 and forecast > 0]
    number = len(pairs)
    if number < FEWEST_SHARDS:
        return None
    taken, expected = sum(seconds for seconds, _ in pairs), sum(forecast for _, forecast in pairs)
    variance = sum((seconds - taken / expected * forecast) ** 2 for seconds, forecast in pairs) / (number - 1)
    relative = math.sqrt(variance) / (taken / number)
    to_come = max(left * number, 1.0)
    of_shards = _quantile(number - 1) * relative * math.sqrt(1 / to_come + 1 / number)
    return math.exp(math.hypot(of_shards, Z * FORECAST_ERROR * untried))


def _quantile(freedom: int) -> float:
    """The 90% point of Student's distribution, to about 2%: its expansion about the normal one."""
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)
    return Z + (Z**3 + Z) / (4 * freedom) + second


def seconds_since(events: Sequence[Event], kind: str, now: datetime) -> float:
    """Return the seconds from the first event of that kind to ``now``; 0 where there is none."""
    first = next((event for event in events if event["event"] == kind), None)
    return 0.0 if first is None else (now - datetime.fromisoformat(first["time"])).total_seconds()


def replicas_per_minute(events: Sequence[Event], ended: Callable[[str], bool], now: datetime) -> float | None:
    """Return how many replicas ended per minute of a session since its first shard started; ``None``: none did.

    Args:
        events: of the session.
        ended: says of the content hash of a replica whether it has ended.
        now: the time.
    """
    seen = {key for event in events if event["event"] in ("finished", "failed") for key in event.get("replicas", ())}
    number, seconds = sum(map(ended, seen)), seconds_since(events, "started", now)
    return 60 * number / seconds if number and seconds > 0 else None


def rate_text(per_minute: float) -> str:
    """Return a rate as text, such as ``12 replicas a minute``."""
    return f"{per_minute:,.0f} replicas a minute" if per_minute >= 10 else f"{per_minute:.1f} replicas a minute"
