"""GPUs as Ray hands them out, on a machine that has none: Ray assigns numbers, whatever they stand for."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.execution import ray_cards, ray_tune
from study.execution.backend import CardNotReached
from study.execution.cluster_token import MODE, TOKEN, TOKEN_PATH
from study.execution.local_ray import OBJECT_STORE_BYTES
from study.execution.ray_cards import MOST_ON_A_CARD
from study.execution.ray_tune import RayTune
from study.jobs.job import Data
from tests.study.conftest import small_task_set

ray = ray_tune.ray
pytestmark = pytest.mark.ray
DATA = Data(small_task_set().development)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Four cores and two GPUs that do not exist; Ray listens on 127.0.0.1 alone.

    A process of Ray keeps the first token that it has seen, so later starts in this process need the same one.
    """
    if not any(os.environ.get(name) for name in (MODE, TOKEN, TOKEN_PATH)):
        os.environ[TOKEN] = secrets.token_hex(32)
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as folder:
        ray.init(
            address="local", num_cpus=4, num_gpus=2, include_dashboard=False, log_to_driver=False,
            resources={"accelerator_type:H100": 1},
            _node_ip_address="127.0.0.1", object_store_memory=OBJECT_STORE_BYTES, _temp_dir=folder,
        )  # fmt: skip
        yield
        ray.shutdown()


def begun(monkeypatch: pytest.MonkeyPatch, device: str, workers: int | None) -> RayTune:
    """A back end that finds the cluster running."""
    backend = RayTune(Path(), address=None, workers=workers, device=device)
    begin(monkeypatch, backend)
    return backend


def begin(monkeypatch: pytest.MonkeyPatch, backend: RayTune) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(ray, "is_initialized", lambda: False)
        patch.setattr(backend, "_init", lambda data: None)
        backend.begin(DATA)


def here() -> tuple[int, str]:
    return os.getpid(), os.environ["CUDA_VISIBLE_DEVICES"]


def ends() -> None:
    os._exit(3)


def raises() -> None:
    raise ValueError("no driver")


@ray.remote
class Actor:
    """What a worker sees of the GPUs."""

    def numbers(self) -> tuple[int, str]:
        return os.getpid(), os.environ["CUDA_VISIBLE_DEVICES"]


def actors(resources: dict[str, float], number: int) -> list[Any]:
    options = {"num_cpus": resources["cpu"], "num_gpus": resources["gpu"]}
    return [Actor.options(**options).remote() for _ in range(number)]  # type: ignore[attr-defined]


def test_four_workers_at_half_a_card_see_their_own(cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = begun(monkeypatch, "cuda", 4)
    assert (backend.device, backend.workers) == ("cuda", 4)
    assert backend._resources() == {"cpu": 1, "gpu": 0.5}
    running = actors(backend._resources(), 4)
    seen = ray.get([actor.numbers.remote() for actor in running])
    assert len({process for process, _ in seen}) == 4
    assert Counter(number for _, number in seen) == {"0": 2, "1": 2}
    # one that is killed frees its half, and the next worker gets it
    ray.kill(running[0])
    (another,) = actors(backend._resources(), 1)
    assert ray.get(another.numbers.remote(), timeout=60)[1] == seen[0][1]
    for actor in [*running[1:], another]:
        ray.kill(actor)


@pytest.mark.parametrize(
    ("workers", "number", "share"), [(None, 4, 0.5), (1, 1, 1.0), (2, 2, 1.0), (3, 3, 0.5), (5, 4, 1 / 3)]
)
def test_workers_and_shares_fit_the_cluster(
    cluster: None, monkeypatch: pytest.MonkeyPatch, workers: int | None, number: int, share: float
) -> None:
    """Without a number there is a worker per core, at most MOST_ON_A_CARD a card, and with one no more than cores.

    A share never spans two cards.
    """
    backend = begun(monkeypatch, "cuda", workers)
    assert backend.workers == number <= MOST_ON_A_CARD * 2
    assert backend._resources()["gpu"] == pytest.approx(share)
    assert number <= 2 * int(1 / share + 1e-9)


def test_what_device_says_is_used_whatever_the_cluster_has(cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """``auto`` takes this machine's GPUs only where torch can use them; a cluster's it takes at its word."""
    assert begun(monkeypatch, "cpu", None)._resources() == {"cpu": 1}
    assert begun(monkeypatch, "auto", None).device == "cpu"
    assert ray_cards.device_of_cluster("auto", is_here=False) == "cuda"
    monkeypatch.setattr(ray_cards, "num_cards", lambda: 0)
    assert ray_cards.device_of_cluster("auto", is_here=False) == "cpu"
    with pytest.raises(UserError, match="the Ray cluster has no GPU"):
        begun(monkeypatch, "cuda", None)


@pytest.mark.parametrize(("sharing", "number", "share"), [(1, 2, 1.0), (2, 4, 0.5), (4, 4, 0.5)])
def test_as_many_workers_share_a_card_as_the_packing_says(
    cluster: None, monkeypatch: pytest.MonkeyPatch, sharing: int, number: int, share: float
) -> None:
    """Four cores hold four workers; whether Ray was begun before the packing was known or after it."""
    after = begun(monkeypatch, "cuda", None)
    assert after.most_on_a_card == 2
    after.share_card(sharing)
    before = RayTune(Path(), address=None, workers=None, device="cuda")
    before.share_card(sharing)
    assert before.device == "cuda", "a screen says so while Ray starts"
    begin(monkeypatch, before)
    for backend in (before, after):
        assert (backend.workers, backend.share) == (number, share)
        assert backend._resources() == {"cpu": 1, "gpu": share}
    running = actors(after._resources(), number)
    seen = Counter(numbers for _, numbers in ray.get([actor.numbers.remote() for actor in running]))
    assert seen == {"0": number // 2, "1": number // 2}
    for actor in running:
        ray.kill(actor)


def test_work_for_a_card_is_done_by_a_process_that_has_one_to_itself(
    cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = begun(monkeypatch, "cuda", None)
    assert backend.gpus(DATA) == {"H100": 2}
    process, number = backend.on_card(here, DATA, "")
    assert process != os.getpid()
    assert number in ("0", "1")
    assert begun(monkeypatch, "cpu", None).gpus(DATA) == {}
    assert begun(monkeypatch, "auto", None).gpus(DATA) == {}, "torch can use none of this machine"


def test_of_two_kinds_work_is_done_on_the_one_that_is_named(cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One machine here: where it is not of the kind that is asked for, work waits for one that is."""
    monkeypatch.setattr(ray_cards, "kinds_of_cards", lambda: {"": 1, "A100": 1, "H100": 2})
    monkeypatch.setattr(ray_cards, "CARD_SECONDS", 20.0)
    assert ray_cards.done_on_card(here, "H100")[0] != os.getpid()
    monkeypatch.setattr(ray_cards, "CARD_SECONDS", 2.0)
    with pytest.raises(CardNotReached):
        ray_cards.done_on_card(here, "A100")
    assert ray_cards._pinned_to("") == {}, "no machine has cards without a name"
    monkeypatch.setattr(ray_cards, "KIND", "another word for it:")
    monkeypatch.setattr(ray_cards, "CARD_SECONDS", 20.0)
    assert "scheduling_strategy" in ray_cards._pinned_to("")
    assert ray_cards.done_on_card(here, "")[0] != os.getpid()


def test_cards_are_counted_by_kind_on_machines_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def node(cards: int, kind: str = "", *, alive: bool = True) -> dict[str, Any]:
        named = {f"accelerator_type:{kind}": 1.0} if kind else {}
        return {
            "Alive": alive,
            "NodeID": kind,
            "Resources": {"CPU": 8.0, **({"GPU": float(cards)} if cards else {}), **named},
        }

    machines = [node(4, "H100"), node(0), node(2, "T4"), node(1), node(4, "H100"), node(8, "H100", alive=False)]
    monkeypatch.setattr(ray, "nodes", lambda: machines)
    assert ray_cards.kinds_of_cards() == {"": 1, "H100": 8, "T4": 2}
    assert ray_cards._pinned_to("T4") == {"accelerator_type": "T4"}
    monkeypatch.setattr(ray, "nodes", lambda: machines[:2])
    assert ray_cards._pinned_to("H100") == {}, "there are no others"


@pytest.mark.parametrize("ending", [ends, raises])
def test_work_for_a_card_that_does_not_come_to_its_end_is_told(
    cluster: None, monkeypatch: pytest.MonkeyPatch, ending: Callable[[], None]
) -> None:
    with pytest.raises(CardNotReached, match=r"."):
        begun(monkeypatch, "cuda", None).on_card(ending, DATA, "")


def test_a_card_that_does_not_get_free_is_not_waited_for_without_end(
    cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_cards, "CARD_SECONDS", 0.5)
    held = actors({"cpu": 1, "gpu": 1}, 2)
    ray.get([actor.numbers.remote() for actor in held])
    with pytest.raises(CardNotReached):
        begun(monkeypatch, "cuda", None).on_card(here, DATA, "")
    for actor in held:
        ray.kill(actor)
