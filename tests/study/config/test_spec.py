"""The study file's model: levels, sections, what counts as another study."""

from __future__ import annotations

import pytest

from mtl_core.errors import UserError
from study.config.load import load_spec


def test_the_digest_knows_what_changes_results() -> None:
    def digest(*overrides: str) -> str:
        return load_spec("digits3", overrides=overrides).digest()

    assert digest() == digest("name=other", "workers=3", "backend=inline", "budget=2h", "prefer=cost")
    others = [digest("training.epochs=31"), digest("tasks.seed=1"), digest("band=2"), digest("tuning.dropout=0")]
    others += [digest("factors.norm=[none,batch]"), digest("training.clip_norm=1")]
    others += [digest("training.precision=tf32"), digest("training.precision=bf16")]
    assert len({digest(), *others}) == 9
    assert digest("training.precision=float32") == digest()


def test_a_study_of_an_earlier_version_keeps_its_digest() -> None:
    """Else a run directory that was begun could not be resumed; metrics and defaults that are new must not enter."""
    assert load_spec("smoke").digest() == "9c3c9f678d546510"


def test_the_digest_knows_of_an_earlier_run_but_not_where_it_lies() -> None:
    def digest(*overrides: str) -> str:
        return load_spec("digits3", overrides=["search.strategy=joint", *overrides]).digest()

    assert digest("search.warm_start=/home/x/old") == digest("search.warm_start=/home/y/old") != digest()


def test_importance_is_part_of_the_digest_only_where_it_is_stated() -> None:
    plain = load_spec("digits3")
    assert plain.importance == {}
    assert load_spec("digits3", overrides=["importance={}"]).digest() == plain.digest()
    assert load_spec("digits3", overrides=["importance.left=3"]).digest() != plain.digest()


@pytest.mark.parametrize("value", ["3", "{a: 0}", "{a: -1}", "{a: .nan}", "{a: .inf}", "{a: 1e9}", "{a: no}", "[1]"])
def test_importance_that_is_no_positive_number_is_refused(value: str) -> None:
    with pytest.raises(UserError, match="importance") as refused:
        load_spec("digits3", overrides=[f"importance={value}"])
    assert refused.value.remedy
