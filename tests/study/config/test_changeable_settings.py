"""Settings that may change in a begun study: those that are given anew count, and what is left out changes nothing."""

from __future__ import annotations

from study.config.changeable_settings import changes, with_begun, with_changed
from tests.study.conftest import tiny

BEGUN = tiny(prefer="cost", verdict={"max_seeds": 5})


def test_what_is_left_to_the_defaults_stays_as_the_study_was_begun() -> None:
    assert changes(BEGUN, with_begun(tiny(), BEGUN)) == {}


def test_what_is_given_is_a_change_even_where_it_is_the_default() -> None:
    asked = with_begun(tiny(prefer="balanced", verdict={"max_seeds": 40}), BEGUN)
    assert changes(BEGUN, asked) == {("prefer",): "balanced", ("verdict", "max_seeds"): 40}
    assert with_changed(BEGUN, asked) == tiny(prefer="balanced", verdict={"max_seeds": 40})


def test_no_other_setting_is_taken_over() -> None:
    other = tiny(workers=3, training={"epochs": 9})
    assert with_changed(tiny(), other) == tiny()


def test_a_study_of_other_data_still_knows_what_was_given() -> None:
    tasks = {"set": "table", "path": "/t.csv", "targets": ["y"]}
    assert "prefer" not in tiny().with_tasks(tasks).model_fields_set
    assert tiny(prefer="cost").with_tasks(tasks).prefer == "cost"
    assert tiny().with_tasks(tasks).training == tiny().training
