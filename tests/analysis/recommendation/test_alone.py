"""Training every task alone as an option: what wider networks gain, and when there is nothing to say."""

from __future__ import annotations

from dataclasses import replace

from analysis.recommendation.alone import alone_options
from analysis.recommendation.option import ALONE, ALONE_ELSEWHERE, BEST_ALONE, CHOSEN, REFERENCE
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import GOOD, NOTHING
from tests.analysis.recommendation.test_options import found_in

MORE = {"search": 1, "confirm": 10, "verdict": 10}


def test_wider_single_task_networks_are_an_option_with_a_gain_of_their_own(records_of: StudyOf) -> None:
    found = found_in(records_of(replace(GOOD, widths=(16, 64), width_loss=5.0, seeds=MORE)))
    best = found[-1]
    assert (best.kind, best.arm, best.shares) == (BEST_ALONE, "", False)
    assert best.low < 5.0 < best.high
    assert best.ratios[1] > 3


def test_where_one_width_is_best_everywhere_there_is_no_other_option(records_of: StudyOf) -> None:
    (plain,) = alone_options(records_of(GOOD), [NOTHING], 1.0)
    assert (plain.kind, plain.gain, plain.ratios) == (ALONE, 0.0, (1.0, 1.0, 1.0))
    assert plain.cost.networks == 2


def test_arms_of_two_widths_have_one_zero(records_of: StudyOf) -> None:
    """The chosen arm has width 64 and the reference 16: costs of both are over the networks of width 64."""
    truth = replace(GOOD, widths=(16, 64), width_loss=5.0, seeds=MORE, reference_width=16)
    records = records_of(replace(truth, chosen="hard d2 w64 l2 equal adamw"))
    by_kind = {option.kind: option for option in found_in(records)}
    chosen, reference, other = (by_kind[kind] for kind in (CHOSEN, REFERENCE, ALONE_ELSEWHERE))
    assert (other.arm, by_kind[ALONE].arm) == ("single_task w16 l2 adamw", "single_task w64 l2 adamw")
    assert other.low < -5.0 < other.high
    assert reference.alone_gain == other.gain
    assert reference.total == reference.gain + other.gain
    assert chosen.alone_gain == 0.0
    assert reference.cost.parameters < other.cost.parameters < chosen.cost.parameters
    assert reference.ratios[0] == reference.cost.parameters / by_kind[ALONE].cost.parameters


def test_networks_that_were_never_trained_are_no_option(records_of: StudyOf) -> None:
    assert alone_options(records_of(GOOD), ["single_task w512"], 1.0) == []


def test_with_outer_folds_the_best_widths_are_those_of_the_ledger(records_of: StudyOf) -> None:
    records = records_of(replace(GOOD, widths=(16, 64), width_loss=5.0, seeds=MORE))
    wide = "single_task w64 l2 adamw"
    ledger = []
    for event in records.ledger:
        if event.get("choice") == "judged":
            best, baselines = {"left": wide, "right": wide}, event["value"]["baselines"]
            named = {arm: known | {"best": best} for arm, known in baselines.items()}
            event = event | {"value": event["value"] | {"baselines": named}}
        ledger.append(event)
        if event.get("event") == "frozen":  # every fold has frozen the same
            ledger += [event | {"fold": fold} for fold in range(2)]
    folded = replace(records, ledger=[event | {"folds": 2} for event in ledger])
    best = alone_options(folded, [NOTHING], 1.0)[-1]
    assert (folded.num_folds, best.kind) == (2, BEST_ALONE)
    assert best.low < 5.0 < best.high
