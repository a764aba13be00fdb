"""The pace of a study, and the range of what is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from study.driver.watching.pace import (
    FEWEST_SHARDS,
    Session,
    TimeLeft,
    last_session,
    range_facts,
    rate_text,
    replicas_per_minute,
    seconds_since,
    spread,
    time_left,
)

SESSION = Session(share=0.0, training=100.0, end=0.0)


def finished(*pairs: tuple[float, float]) -> list[dict[str, Any]]:
    return [{"event": "finished", "seconds": seconds, "forecast": forecast} for seconds, forecast in pairs]


def test_equal_ratios_leave_no_doubt_and_unequal_ones_do() -> None:
    assert spread(finished((2, 1), (4, 2), (6, 3)), 1.0) == pytest.approx(1.0)
    assert spread(finished((1, 1), (2, 1), (3, 1)), 1.0) > 1.2


def test_too_few_shards_give_no_range() -> None:
    few = finished(*[(1.0, 1.0)] * (FEWEST_SHARDS - 1), (1.0, 0.0))
    assert spread(few, 1.0) is None, "a shard without a forecast does not count"
    left = time_left(SESSION, 0.5, 60.0, few)
    assert left == TimeLeft(60.0)
    assert str(left) == "about 1m 00s"


def test_the_range_narrows_the_more_shards_have_ended_and_are_to_come() -> None:
    pairs = [(1.0, 1.0), (3.0, 1.0), (2.0, 1.0)]
    factors = [spread(finished(*pairs * times), 1.0) for times in (1, 4, 16)]
    assert factors == sorted(factors, reverse=True)
    assert spread(finished(*pairs), 10.0) < spread(finished(*pairs), 0.1)


@pytest.mark.parametrize("number", [4, 20])
def test_the_range_holds_four_times_in_five(number: int) -> None:
    numbers, held = np.random.default_rng(number), []
    for _ in range(1500):
        forecast = numbers.uniform(1, 3, 2 * number)
        seconds = 2 * forecast * numbers.normal(1.0, 0.2, 2 * number).clip(0.1)
        gone = forecast[:number].sum() / forecast.sum()
        ended = finished(*zip(seconds[:number], forecast[:number], strict=True))
        left = time_left(SESSION, gone, seconds[:number].sum(), ended)
        assert left is not None
        assert left.low is not None
        assert left.high is not None
        held.append(left.low <= seconds[number:].sum() <= left.high)
    assert 0.74 <= np.mean(held) <= 0.88


def test_phases_to_come_widen_the_range() -> None:
    pairs = finished((1, 1), (1.2, 1), (0.9, 1))
    assert spread(pairs, 1.0) < spread(pairs, 1.0, 0.5) < spread(pairs, 1.0, 1.0)
    assert spread(finished(*[(1, 1)] * 3), 1.0, 1.0) == pytest.approx(np.exp(1.2816 / 3))


def test_too_little_done_or_nothing_left_says_nothing() -> None:
    assert time_left(SESSION, 0.005, 60.0, []) is None
    assert time_left(SESSION, 1.0, 60.0, []) is None
    assert time_left(Session(0.4, 100.0, 0.0), 0.4, 60.0, []) is None, "an earlier session did that"


def test_the_end_is_as_much_slower_than_forecast_as_the_training() -> None:
    left = time_left(Session(0.0, 100.0, 10.0), 0.5, 100.0, [])
    assert left is not None
    assert left.seconds == pytest.approx(100 + 2 * 10)


def test_a_session_begins_with_what_the_ledger_says() -> None:
    forecast = {"search": 1.0, "confirm": 2.0, "verdict": 3.0, "score": 4.0, "report": 5.0}
    assert Session.of_event({"share": 0.25, "forecast": forecast}) == Session(0.25, 6.0, 9.0)
    assert Session.of_event({}) == Session(0.0, 0.0, 0.0)


def test_only_the_last_session_counts() -> None:
    events = [{"event": "planned", "n": 1}, {"event": "x"}, {"event": "planned", "n": 2}, {"event": "y"}]
    assert last_session(events) == events[2:]
    assert last_session([{"event": "x"}]) == [{"event": "x"}]
    assert last_session([]) == []


def test_a_range_in_words_and_for_programs() -> None:
    assert str(TimeLeft(120.0, 1.5)) == "1m 20s to 3m 00s"
    assert str(TimeLeft(120.0, 1.0)) == "about 2m 00s"
    assert range_facts("left", TimeLeft(120.0, 1.5)) == {"left": 120.0, "left_low": 80.0, "left_high": 180.0}
    assert range_facts("left", None) == {"left": None, "left_low": None, "left_high": None}
    assert TimeLeft(10.0, 2.0).longer_by(5.0) == TimeLeft(15.0, 2.0)


def test_replicas_are_counted_once_a_minute_since_the_first_shard_started() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    later = (start + timedelta(minutes=1)).isoformat()
    events = [
        {"event": "planned", "time": start.isoformat()},
        {"event": "started", "time": later},
        {"event": "finished", "replicas": ["a", "b"]},
        {"event": "finished", "replicas": ["a", "c"]},
        {"event": "cut", "replicas": ["d"]},
    ]
    now = start + timedelta(minutes=3)
    assert seconds_since(events, "planned", now) == 180
    assert replicas_per_minute(events, {"a", "c", "d"}.__contains__, now) == pytest.approx(1.0)
    assert replicas_per_minute(events, set[str]().__contains__, now) is None
    assert (rate_text(1.04), rate_text(1234.0)) == ("1.0 replicas a minute", "1,234 replicas a minute")
