"""Heartbeats from another machine, without Ray: few of them, never two on their way, and only where they belong."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from study.execution import heartbeat_relay
from study.execution.heartbeat import Heartbeats
from study.execution.heartbeat_relay import LONGEST, SEND_SECONDS, HeartbeatRelay, store_heartbeat


def test_it_sends_now_and_then_and_nothing_while_one_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    now, arrived, sent = [0.0], [True], []
    monkeypatch.setattr(heartbeat_relay.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(heartbeat_relay.ray, "wait", lambda refs, timeout: (refs if arrived[0] else [], []))
    server = SimpleNamespace(beat=SimpleNamespace(remote=lambda name, content: sent.append(content) or "ref"))
    relay = HeartbeatRelay(server)
    relay("a", "first")
    relay("a", "too soon")
    now[0] += SEND_SECONDS
    arrived[0] = False
    relay("a", "behind the first")
    arrived[0] = True
    relay("a", "second")
    assert sent == ["first", "second"]


def test_the_screen_reads_what_came_from_another_machine(tmp_path: Path) -> None:
    far, near = tmp_path / "far", tmp_path / "near"
    job: Any = SimpleNamespace(name="0a1b")
    said = Heartbeats(far, node="node7", send=lambda name, content: store_heartbeat(near, name, content))
    with said.of(job, 0):
        assert Heartbeats(near).read("0a1b") == (0, 0, None)
        assert Heartbeats(near).node_of("0a1b") == "node7"


@pytest.mark.parametrize("name", ["../0a", "/etc/passwd", "", "0a\n", "0A", "a" * 65])
def test_no_other_file_is_written(tmp_path: Path, name: str) -> None:
    store_heartbeat(tmp_path / "beats", name, "[]")
    store_heartbeat(tmp_path / "beats", "0a", "x" * (LONGEST + 1))
    assert not list(tmp_path.rglob("*.json"))
