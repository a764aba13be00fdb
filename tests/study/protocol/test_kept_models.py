"""Which models a finished study keeps: those of every option, and no others."""

from __future__ import annotations

from study.protocol.score import score
from study.store.archive import Archive
from tests.study.protocol.conftest import Opener
from tests.study.protocol.test_search import jobs


def test_models_of_every_option_are_kept_and_no_others(opened: Opener) -> None:
    context = opened()
    (context.directory / "models" / "other.safetensors").touch()
    assert jobs(score(context)) == []
    judged = context.ledger.frozen("judged")
    options = {*judged["arms"], *(found["each"] for found in judged["baselines"].values())}
    records = context.archive.of_phase("verdict")
    best = {(label, task) for found in judged["baselines"].values() for task, label in found["best"].items()}
    pairs = zip(records["arm"], records["task"], strict=True)
    wanted = [arm in options or (arm, task) in best for arm, task in pairs]
    kept = {context.archive.model_of(key) for key in records[wanted]["replica"]}
    assert set((context.directory / "models").iterdir()) == kept
    assert {context.ledger.frozen("arm")["arm"], judged["baselines"][judged["arms"][0]]["each"]} <= options
    others = set(records["arm"]) - options - {label for label, _ in best}
    assert others, "the baselines loop and total are no options"


def test_models_of_an_addition_are_kept_before_it_joins_what_is_judged(opened: Opener) -> None:
    context = opened()
    judged = context.ledger.frozen("judged")
    loop = judged["baselines"][judged["arms"][0]]["loop"]
    records = context.archive.of_phase("verdict")
    key = records.loc[records["arm"] == loop, "replica"].iloc[0]
    path = context.archive.model_of(key)
    path.touch()
    added = {"arms": [loop], "roles": {"added 1.0": loop}, "alone": {}, "baselines": {}}
    context.ledger.append("frozen", choice="addition 1", value=added)
    jobs(score(context))
    assert path.exists()
    assert Archive(context.directory).has_model(key)
