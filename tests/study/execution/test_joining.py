"""Joining a cluster of Ray: who is let in, what is refused, and that the project travels.

The cluster is one head on this machine, which listens on 127.0.0.1 alone and asks for a token.  Drivers are other
processes, since Ray reads the token once; they are started in a folder without the project.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.execution import joining
from study.execution.joining import join, refusal_here
from study.execution.node_facts import NodeFacts, node_facts
from tests.import_graph import ROOT

LONGEST = 900
LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "OMP_NUM_THREADS": "1",
    "RAY_AUTH_TOKEN": "",  # that of a Ray which an earlier test has started here would come before any file
}


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@dataclass(frozen=True)
class Head:
    """A running head, its token, and a folder for drivers."""

    address: str
    token: Path
    folder: Path

    def driver(self, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Python beside the cluster, with the cluster's token unless the environment says otherwise."""
        given = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.token),
            "PYTHONPATH": str(ROOT),
        } | environment
        command = [sys.executable, "-c", code, self.address]
        settings = {"cwd": self.folder, "env": os.environ | LOOPBACK | {"HOME": str(self.folder)} | given}
        return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False, **settings)


def token_in(folder: Path, name: str, letter: str) -> Path:
    path = folder / name
    path.write_text(letter * 64)
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    """Start a head; the path is short, since sockets have to fit into 107 characters."""
    with tempfile.TemporaryDirectory(prefix="j", dir="/tmp") as name:
        folder, port = Path(name), free_port()
        token = token_in(folder, "token", "a")
        command = [str(Path(sys.executable).parent / "ray"), "start", "--head", "--block", f"--port={port}"]
        command += ["--node-ip-address=127.0.0.1", "--include-dashboard=false", "--num-cpus=2"]
        command += ["--object-store-memory=100000000", f"--temp-dir={folder / 'ray'}"]
        given = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "HOME": name}
        with open(folder / "head.log", "w") as log:
            running = subprocess.Popen(command, env=os.environ | LOOPBACK | given, stdout=log, stderr=log, cwd=folder)
        try:
            while "Ray runtime started" not in (folder / "head.log").read_text():
                assert running.poll() is None, (folder / "head.log").read_text()
                threading.Event().wait(0.2)
            yield Head(f"127.0.0.1:{port}", token, folder)
        finally:
            running.terminate()
            running.wait(LONGEST)


JOIN = """
import sys
from pathlib import Path
from study.execution.joining import join, ray
from study.execution.shipment import runtime_environment
print(join(sys.argv[1], runtime_environment({"modules": ["my_nets:Stem"]}, Path("scratch")), insecure=False))
"""
WHERE = """
@ray.remote
def places():
    import analysis, mtl_core, my_nets, study
    from study.execution.shipment import unpack_entries
    unpack_entries()
    from mtl_core.registry import names
    return [module.__file__ for module in (analysis, mtl_core, my_nets, study)], "own_way" in names("weighting")
print(ray.get(places.remote()))
"""


@pytest.mark.ray
def test_the_project_and_the_users_own_code_travel_to_the_workers(head: Head, tmp_path: Path) -> None:
    (tmp_path / "my_nets.py").write_text("")
    (tmp_path / "ideas" / "weighting").mkdir(parents=True)
    (tmp_path / "ideas" / "weighting" / "own_way.py").write_text("")
    own = {"PYTHONPATH": f"{ROOT}:{tmp_path}", "MTL_STUDY_PATH": str(tmp_path / "ideas")}
    done = head.driver(JOIN + WHERE, **own)
    assert done.returncode == 0, done.stderr
    joined, places = done.stdout.splitlines()
    assert "'protected': True" in joined
    assert node_facts().source in joined
    assert places.count("/py_modules_files/") == 4, "all four were imported from where Ray has unpacked them"
    assert places.endswith(", True)")


@pytest.mark.ray
def test_who_has_not_the_token_is_refused_in_words(head: Head) -> None:
    """Both drivers ask at once: Ray makes each of them wait some twenty seconds."""
    command = "['mtl-study', 'run', 'smoke', '--insecure', '--address', sys.argv[1], '--out', 'run{}']"
    code = f"import sys; from study.cli.app import main; sys.argv = {command}; main()"
    wrong = {"RAY_AUTH_TOKEN_PATH": str(token_in(head.folder, "wrong", "b"))}
    cases = [
        (wrong, "the token here is not that of the cluster."),
        ({"RAY_AUTH_TOKEN_PATH": "", "RAY_AUTH_MODE": "disabled"}, "the cluster asks for a token, and none was sent."),
    ]
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(head.driver, code.format(place), **given) for place, (given, _) in enumerate(cases)]
        ends = [driver.result() for driver in asked]
    for done, (_, found) in zip(ends, cases, strict=True):
        assert done.returncode == 2, done.stderr
        assert f"found  {found}" in done.stderr
        assert "gcs_client" not in done.stderr, "what Ray's native code says is kept from the terminal"


@pytest.mark.ray
def test_a_machine_that_differs_is_named_before_anything_trains(head: Head) -> None:
    change = "import study.execution.node_facts as facts; facts.COMPARED = ('torch', 'ray', 'numpy', 'pandas')\n"
    done = head.driver(change + JOIN.replace('["my_nets:Stem"]', "[]"))
    assert done.returncode == 1
    assert f"({head.address.split(':')[0]}" in done.stderr
    assert "differs from this machine: pandas none there, " in done.stderr


def answering(content: bytes) -> Iterator[str]:
    """The address of a server that says ``content`` to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(content)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("content", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_another_server_is_told_from_a_head_at_once(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining.ray, "init", lambda **options: pytest.fail("Ray would wait for minutes"))
    for address in answering(content):
        with pytest.raises(UserError, match="something else than Ray"):
            join(address, {}, insecure=True)
    with pytest.raises(UserError, match="nobody answers there"):
        join(f"127.0.0.1:{free_port()}", {}, insecure=True)


@pytest.mark.parametrize(
    ("error", "said", "found"),
    [
        (joining.AuthenticationError("no"), "", "Ray finds no token"),
        (ConnectionError("Could not find any running Ray instance."), "", "no Ray runs on this machine"),
        (ConnectionError("Failed to connect"), "W 1 InvalidAuthToken", "asks for a token|not that of the cluster"),
        (ConnectionError("Failed to connect"), "timed out", "no Ray head that can be joined"),
        (RuntimeError("The cluster:\n  Ray: 2.1\nThis process:\n  Ray: 2.2"), "", "Ray: 2.1 This process"),
    ],
)
def test_every_error_of_ray_becomes_words(
    error: Exception, said: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(**options: object) -> None:
        os.write(2, said.encode())
        raise error

    monkeypatch.setattr(joining.ray, "init", init)
    with pytest.raises(UserError, match=found):
        join("auto", {}, insecure=True)


HERE = replace(node_facts(), protected=True)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"a": HERE, "b": replace(HERE, engine="0")}, "b differs from this machine: engine version 0"),
        ({"a": replace(HERE, missing=("torch",))}, "missing there: torch"),
        ({"a": replace(HERE, protected=False)}, "a takes part in the cluster without asking for a token"),
        ({"a": None, "b": None}, "no machine answered within"),
    ],
)
def test_what_machines_say_is_judged(
    answers: dict[str, NodeFacts | None], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "_answers", lambda address: answers)
    monkeypatch.setattr(joining.ray, "init", lambda **options: None)
    closed: list[bool] = []
    monkeypatch.setattr(joining.ray, "shutdown", lambda: closed.append(True))
    with pytest.raises(UserError, match=found):
        join("auto", {}, insecure=False)
    assert closed == [True]


def test_a_silent_machine_is_left_to_its_workers_and_insecure_needs_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining.ray, "init", lambda **options: None)
    monkeypatch.setattr(joining, "_answers", lambda address: {"a": replace(HERE, protected=False), "b": None})
    joined = join("auto", {}, insecure=True)
    assert joined["b"] is None
    assert joined["a"]["engine"] == HERE.engine
    monkeypatch.setattr(joining, "_answers", lambda address: {})
    assert join("auto", {}, insecure=False) == {}, "the autoscaler has not started a machine yet"


def test_a_worker_compares_for_itself() -> None:
    assert refusal_here(None) == ""
    assert refusal_here(HERE) == ""
    assert refusal_here(replace(HERE, python="3.9")).endswith(
        f"differs from the driver's machine: Python {HERE.python} there, 3.9 here"
    )
