"""Contests: which arms stand for a method, what each is compared with, and what the methods are called."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.records.schema import Records
from analysis.statistics.outcomes import outcomes
from analysis.suite.contests import names_of_ways, ways_to_share, weighting_methods
from tests.analysis.conftest import StudyOf
from tests.analysis.suite.conftest import FIRST, SMALL, WEIGHED, WEIGHTING, SuiteOf, ranking_of
from tests.analysis.synthetic import Truth


def test_the_scale_tells_two_methods_apart(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": WEIGHED, "second": replace(WEIGHED, seed=5)})
    renamed = {}
    for name, records in suite.begun.items():
        fixed = records.replicas["weighting"] == "fixed"
        rows = records.replicas.assign(
            weighting=records.replicas["weighting"].where(~fixed, "nash"),
            scale=records.replicas["scale"].where(~fixed, "native"),
        )
        renamed[name] = replace(records, replicas=rows)
    found = ranking_of(replace(suite, studies=renamed), WEIGHTING)
    assert set(found.means["method"]) == {"equal", "nash", "nash native"}


SINGLE = "single_task w16 l1 adamw"


def confirmed(records: Records) -> pd.DataFrame:
    scored = outcomes(records)
    return scored[scored["phase"] == "confirm"]


def against(entries: pd.DataFrame) -> dict[str, str]:
    return dict(zip(entries["arm"], entries["against"], strict=True))


def test_ways_to_share_are_compared_with_single_task_networks(records_of: StudyOf) -> None:
    records = records_of(FIRST)
    entries = ways_to_share(records, confirmed(records))
    ways = ("hard", "mmoe", "cross_stitch", "concat")
    arms = [f"{way} d1 w16 l1 equal adamw" for way in ways] + ["independent w16 l1 equal adamw"]
    assert against(entries) == dict.fromkeys(arms, SINGLE)
    assert set(entries["setting"]) == {""}
    scored = confirmed(records)
    assert ways_to_share(records, scored[scored["arm"] != SINGLE]).empty  # nothing to compare with


def test_one_way_to_share_is_no_contest(records_of: StudyOf) -> None:
    records = records_of(Truth(**SMALL))
    scored = confirmed(records)
    assert "independent" in set(scored["sharing"])  # which shares nothing, so that it makes no second way
    assert ways_to_share(records, scored).empty
    assert ways_to_share(records, scored[scored["sharing"] == "single_task"]).empty


def test_weighting_methods_are_compared_with_equal_in_their_own_setting(records_of: StudyOf) -> None:
    records = records_of(replace(WEIGHED, stages=2))
    scored = confirmed(records)
    entries = weighting_methods(records, scored)
    expected = {
        f"hard d{depth} w16 l2 {name} adamw": f"hard d{depth} w16 l2 equal adamw"
        for depth in (1, 2)
        for name in ("equal", "nash", "fixed")
    }
    assert against(entries) == expected
    assert entries.groupby("depth")["setting"].nunique().eq(1).all()
    assert entries["setting"].nunique() == 2
    lost = scored[scored["arm"] != "hard d1 w16 l2 equal adamw"]
    assert set(weighting_methods(records, lost)["depth"]) == {2}  # without a zero a setting takes no part
    assert weighting_methods(records, scored[scored["weighting"] != "equal"]).empty
    assert weighting_methods(records, scored[scored["weighting"] == "equal"]).empty


def test_the_zero_is_equal_at_its_own_scale_even_beside_equal_at_another(records_of: StudyOf) -> None:
    records = records_of(WEIGHED)
    scored = confirmed(records)
    matched = scored[scored["weighting"] == "equal"]
    native = matched.assign(scale="native", arm=matched["arm"] + " native")
    for order in ([native, scored], [scored, native]):
        entries = weighting_methods(records, pd.concat(order))
        assert set(entries["against"]) == {"hard d1 w16 l1 equal adamw"}
        assert "hard d1 w16 l1 equal adamw native" in set(entries["arm"])


def test_a_way_is_named_by_no_more_than_what_tells_it_from_another() -> None:
    entries = pd.DataFrame(
        [
            ("hard", 1, 2), ("hard", 2, 2), ("mmoe", np.nan, 2), ("cross_stitch", 2, 2), ("cross_stitch", 2, 3),
            ("concat", 1, 2), ("concat", 2, 3),
        ],
        columns=["sharing", "depth", "stages"],
    )  # fmt: skip
    assert names_of_ways(entries) == [
        "hard, 1 shared", "hard, 2 shared", "mmoe", "cross_stitch of 2", "cross_stitch of 3",
        "concat, 1 shared of 2", "concat, 2 shared of 3",
    ]  # fmt: skip
