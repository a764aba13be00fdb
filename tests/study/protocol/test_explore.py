"""What a population finds: judged beside the grid, which does not notice it; the same whatever interrupts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import analysis
from analysis.questions import answers, schedule
from analysis.records.explored import explored, explored_arms
from analysis.records.schema import Records
from study.config.spec import Spec
from study.driver.run import run
from study.planning.strategies.population import fully_shared
from study.protocol import follow as following
from study.protocol.explore import EXPLORED, explore, network_of, replicas_of_explored
from tests.study.conftest import install, tiny
from tests.study.protocol.conftest import Opener
from tests.study.protocol.interrupted import run_interrupted
from tests.study.protocol.test_follow import table
from tests.study.protocol.test_search import jobs

SEARCH = {"strategy": "population", "seeds": 1, "trials": 6}
EQUAL, SCHEDULED, FIXED = (f"hard d2 w4 l2 {name} adamw" for name in ("equal", "scheduled", "fixed"))


def spec(strategy: str = "population", **changes: Any) -> Spec:
    search = SEARCH if strategy == "population" else {"strategy": strategy, "seeds": 1}
    return tiny(search=search, verdict={"seeds": 5, "max_seeds": 5}, **changes)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Records]:
    """The records of one study with both strategies, on the fake engine."""
    out = tmp_path_factory.mktemp("explored")
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        return {
            name: analysis.load(run(spec(name), out=out / name, backend="inline")) for name in ("grid", "population")
        }


def test_every_question_that_a_grid_answers_has_the_same_answer(pair: dict[str, Records]) -> None:
    grid, beside = ({found.question.stem: found for found in answers(pair[name])} for name in ("grid", "population"))
    assert beside.keys() - grid.keys() == {"schedule"}
    for stem, answer in grid.items():
        pd.testing.assert_frame_equal(answer.table, beside[stem].table)
        assert (answer.title, answer.caption) == (beside[stem].title, beside[stem].caption)


def test_the_grid_is_trained_as_without_it(pair: dict[str, Records]) -> None:
    grid, beside = (pair[name].replicas for name in ("grid", "population"))
    assert set(grid["replica"]) < set(beside["replica"])
    more = beside[~beside["replica"].isin(grid["replica"])]
    assert set(more["arm"]) == explored_arms(pair["population"]) == {SCHEDULED, FIXED}
    assert set(more["phase"]) == {"search", "verdict"}
    for choice in ("arm", "judged"):
        assert pair["grid"].frozen(choice) == pair["population"].frozen(choice)


def test_the_ledger_holds_what_was_found_and_the_schedule_is_trained_from_scratch(pair: dict[str, Records]) -> None:
    found, rows = explored(pair["population"]), pair["population"].replicas
    assert found["arms"] == {"equal": EQUAL, "scheduled": SCHEDULED, "fixed": FIXED}
    assert found["members"] == 6
    assert found["pieces"][0][0] == 0
    assert all(one[1:] != other[1:] for one, other in zip(found["pieces"], found["pieces"][1:], strict=False))
    judged = rows[(rows["phase"] == "verdict") & (rows["arm"] == SCHEDULED)]
    assert set(judged["seed"]) == set(range(2000, 2005))
    assert set(judged["status"]) == {"finished"}
    (draw,) = set(judged["draw"])
    ended = rows[(rows["phase"] == "search") & (rows["arm"] == SCHEDULED) & (rows["status"] == "finished")]
    skill = ended.assign(best=[max(curve) for curve in ended["validation_skill"]]).groupby("draw")["best"].mean()
    assert ended["draw"].nunique() == 6
    assert draw in set(skill.index)
    scored = pair["population"].scores["replica"]
    assert set(judged["replica"]) <= set(scored)


def test_what_it_found_is_compared_on_the_verdict_seeds(pair: dict[str, Records]) -> None:
    rows = schedule.table(schedule.score(pair["population"]))
    gains = rows[(rows["quantity"] == "gain") & (rows["scope"] == "mean")]
    assert list(zip(gains["arm"], gains["against"], strict=True)) == list(schedule.PAIRS)
    assert set(gains["n"]) == {5}


def test_interrupted_anywhere_it_trains_the_same_and_nothing_twice(fake: Path, tmp_path: Path) -> None:
    expected = table(run(spec(), out=tmp_path / "whole", backend="inline"))
    fake.unlink()
    events = (following.ANSWERED, "proposed", "finished", "frozen")
    interrupted = run_interrupted(spec(), tmp_path / "cut", events, between=7)
    assert interrupted >= 5
    assert table(tmp_path / "cut") == expected
    trained = fake.read_text().splitlines()
    assert len(trained) == len(set(trained))


def test_without_the_copies_of_states_all_records_are_the_same(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = table(run(spec(), out=tmp_path / "copied", backend="inline"))
    monkeypatch.setattr(following, "_twins", lambda *_: {})
    assert table(run(spec(), out=tmp_path / "anew", backend="inline")) == expected


def test_other_strategies_explore_nothing(opened: Opener) -> None:
    context = opened()
    assert jobs(explore(context)) == []
    assert context.frozen(EXPLORED) is None
    assert list(replicas_of_explored(context)) == []


def test_it_takes_the_fully_shared_network_of_the_chosen_arm_or_else_the_best(opened: Opener) -> None:
    context = opened(search=SEARCH, factors={"width": [3, 4], "scale": ["matched", "native"]})
    full = {arm.label: arm for arm in fully_shared(context.plan.space())}
    assert len(full) == 4
    context.ledger.append("frozen", choice="draws", value={label: {"rain": 0, "sun": 0} for label in full})
    narrow, best = "hard d1 w3 l2 equal adamw", "hard d2 w4 l2 equal native adamw"
    other = replace(full[best], optimiser="sgd", scale="matched")
    context.ledger.append("added", arm=other.label, levels=other.identity())
    for chosen, expected in ((narrow, "hard d2 w3 l2 equal adamw"), (other.label, best)):
        ranked = [{"arm": label} for label in (narrow, best, *full)]
        context.ledger.append("frozen", choice="arm", value={"arm": chosen, "table": ranked})
        found = network_of(context)
        assert found is not None
        assert found.label == expected


def test_where_no_fully_shared_network_is_left_nothing_is_explored(opened: Opener) -> None:
    context = opened(search=SEARCH)
    context.ledger.append("frozen", choice="draws", value={"hard d1 w4 l2 equal adamw": {"rain": 0, "sun": 0}})
    assert jobs(explore(context)) == []
    assert context.frozen(EXPLORED) == {}
    assert list(replicas_of_explored(context)) == []
