"""Arms that were explored are told apart from candidates."""

from __future__ import annotations

from dataclasses import replace

from analysis.recommendation.caveats import winners_curse
from analysis.records.explored import EXPLORED, explored, explored_arms
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN


def test_equal_weights_are_a_candidate_and_the_others_are_not(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    assert explored(records) == {}
    assert explored_arms(records) == set()
    value = {"arms": {"equal": "a", "scheduled": "b", "fixed": "c"}, "members": 12}
    records = replace(records, ledger=[*records.ledger, {"event": "frozen", "choice": EXPLORED, "value": value}])
    assert explored(records) == value
    assert explored_arms(records) == {"b", "c"}


def test_draws_of_a_population_do_not_count_among_those_that_an_arm_was_picked_from(records_of: StudyOf) -> None:
    records, label = records_of(PLAIN), "hard d2 w16 l2 scheduled adamw"
    own = records.replicas[(records.replicas["phase"] == "search") & (records.replicas["sharing"] == "hard")]
    more = own.assign(arm=label, draw=own["draw"] + 100, replica=own["replica"] + "of a population")
    event = {"event": "frozen", "choice": EXPLORED, "value": {"arms": {"scheduled": label}}}
    grown = replace(records, replicas=type(own)(list(own.to_dict("records")) + list(more.to_dict("records"))))
    chosen = str(records.chosen_arm)
    assert "pick of 4 draws" in winners_curse(grown, chosen)
    assert "pick of 2 draws" in winners_curse(replace(grown, ledger=[*grown.ledger, event]), chosen)
