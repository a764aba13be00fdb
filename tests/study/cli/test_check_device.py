"""The line of ``check`` on the device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.errors import UserError
from study.cli.check_device import device_in_words, facts_of_device
from study.planning.cards.facts import packing_facts
from study.planning.prepare import Prepared, prepare
from tests.study.conftest import tiny
from tests.study.planning.cards.test_card_packing import WIDE, alone, packing


@pytest.fixture
def prepared(fake: Path, tmp_path: Path) -> Prepared:
    return prepare(tiny(), out=tmp_path)


def test_the_cpu_of_this_machine(monkeypatch: pytest.MonkeyPatch, prepared: Prepared) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    facts = facts_of_device(prepared)
    assert (facts["asked"], facts["device"], facts["replicas_at_once"]) == ("auto", "cpu", 32)
    assert facts["packing"] is None
    words = device_in_words(facts)
    assert words == f"device: cpu, up to 32 replicas at once in a worker; asked for auto; torch {torch.__version__}"
    assert facts["precision"] == "float32"
    prepared.plan.spec.__dict__["device"] = "cuda"
    with pytest.raises(UserError, match="there is no GPU"):
        facts_of_device(prepared)


CARD: dict[str, Any] = {
    "asked": "auto",
    "device": "cuda",
    "card": "H200",
    "memory_bytes": 140 * 2**30,
    "torch": "2.13.0+cu130",
    "precision": "float32",
    "replicas_at_once": 65,
}


def test_a_card_is_named_and_how_it_is_packed_and_why() -> None:
    found = packing(arrays=2)
    words = device_in_words(CARD | {"packing": packing_facts(*alone(found))})
    assert words == (
        "device: cuda (H200, 140 GiB), 2 shards a card, 64 to 65 replicas a shard, measured (of 1 network twice as"
        " many would hardly be faster, of 1 network more would not fit into its share of the memory); asked for auto;"
        " torch 2.13.0+cu130"
    )
    one = packing_facts(*alone(found), [one for one in found.known if found.rows_of(one).limit == "memory"])
    said = device_in_words(CARD | {"packing": one | {"shards_a_card": 1}})
    assert "1 shard a card, 65 replicas a shard, measured (more would not fit into its share of the memory);" in said
    rounded = device_in_words(CARD | {"packing": one, "precision": "bf16"})
    assert rounded.startswith("device: cuda (H200, 140 GiB), products in bf16, ")


def test_the_facts_of_a_card_are_those_of_its_packing(monkeypatch: pytest.MonkeyPatch, prepared: Prepared) -> None:
    found = packing()
    found.lower(WIDE, ("price", "bonus", "sold"), 100)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    facts = facts_of_device(replace(prepared, cards=alone(found)[0]))
    assert facts["packing"]["shards_a_card"] == 1
    assert facts["replicas_at_once"] == 100
