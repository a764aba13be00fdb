"""Joining a running Ray cluster: refusals in words within a minute, and machines compared before anything trains."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

import ray  # noqa: E402
from ray.exceptions import (  # noqa: E402
    AuthenticationError,
    NodeDiedError,
    RayError,
    RuntimeEnvSetupError,
    TaskUnschedulableError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: E402

from mtl_core.errors import UserError  # noqa: E402
from study.execution.cluster_token import MODE, WITHOUT, token_path  # noqa: E402
from study.execution.node_facts import NodeFacts, node_facts  # noqa: E402
from study.execution.ray_address import refuse_what_is_no_cluster  # noqa: E402
from study.jobs.job import describe  # noqa: E402

ANSWER_SECONDS = 35.0
"""How long machines may take to say what they have, the start of a worker included."""

NAME_THE_HEAD = "Name host:port of the head; the port is 6379 unless ray start was told another."
SAME_VERSIONS = "Install the same versions there (pip install -c constraints.txt), or take the machine out."

QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}


def join(address: str, environment: Mapping[str, Any], *, insecure: bool) -> dict[str, Any]:
    """Connect to the cluster at ``address``, compare its machines with this one, and return what they have by name.

    A machine that does not answer in time is left to its workers, each of which compares for itself before it trains;
    so is one that joins later.

    Args:
        address: ``auto`` or ``host:port``.
        environment: Ray's description of what travels to the workers.
        insecure: whether machines may take part that ask for no token.

    Raises:
        UserError: when nobody answers, the token is not the cluster's, or a machine differs from this one.
    """
    refuse_what_is_no_cluster(address)
    said = ""
    try:
        with _standard_error() as said_by:
            try:
                ray.init(address=address, runtime_env=dict(environment), **QUIET)
            finally:
                said = said_by()
    except (AuthenticationError, ConnectionError) as error:
        raise _not_let_in(address, error, said) from error
    except RuntimeEnvSetupError as error:
        found = f"the project could not be sent there: {describe(error)}."
        raise UserError(f"--address {address}", found, "Take what is large out of your own modules.") from error
    except (RuntimeError, ValueError) as error:  # other versions of Ray and Python are RuntimeErrors of several lines
        found = " ".join(str(error).split())[:400]
        raise UserError(f"--address {address}", found, "Start this with the versions of the cluster.") from error
    try:
        return _compared(address, insecure=insecure)
    except BaseException:
        ray.shutdown()
        raise


@contextmanager
def _standard_error() -> Iterator[Callable[[], str]]:
    """Keep what Ray's native code says to the terminal, once a second and more, and yield what returns it."""
    with tempfile.TemporaryFile() as kept:
        before = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield lambda: os.pread(kept.fileno(), 2**20, 0).decode(errors="replace")
        finally:
            os.dup2(before, 2)
            os.close(before)


def _not_let_in(address: str, error: Exception, said: str) -> UserError:
    """The refusal of a process that Ray did not connect; ``said``: by its native code, which alone knows the reason."""
    where, place = f"--address {address}", token_path(os.environ, Path.home())
    if isinstance(error, AuthenticationError):
        return UserError(where, "Ray finds no token here.", f"Copy that of the head to {place}, and chmod 600 it.")
    if "InvalidAuthToken" in said and os.environ.get(MODE, "").lower() == "token":
        found = "the token here is not that of the cluster."
        return UserError(where, found, f"Copy that of the head to {place}, and chmod 600 it.")
    if "InvalidAuthToken" in said:
        found = "the cluster asks for a token, and none was sent."
        return UserError(where, found, f"Set {MODE}=token, copy the head's token to {place}, and chmod 600 it.")
    if "Could not find any running Ray instance" in str(error):
        return UserError(where, "no Ray runs on this machine.", "Start it, or name host:port of the head.")
    found = f"what answers there is no Ray head that can be joined ({describe(error)})."
    return UserError(where, found, NAME_THE_HEAD)


def _compared(address: str, *, insecure: bool) -> dict[str, Any]:
    """Ask every machine that can train what it has, and refuse what differs from here."""
    where, here, answers = f"--address {address}", node_facts(), _answers(address)
    for name, there in answers.items():
        if there is None:
            continue
        if differences := here.differences(there):
            raise UserError(where, f"{name} differs from this machine: {'; '.join(differences)}.", SAME_VERSIONS)
        if not (there.protected or insecure):
            found = f"{name} takes part in the cluster without asking for a token."
            raise UserError(where, found, f"Start Ray there with {MODE}=token, {WITHOUT}")
    if answers and not any(answers.values()):
        found = f"no machine answered within {ANSWER_SECONDS:.0f} s: {', '.join(answers)}."
        raise UserError(where, found, "Look at ray status, and whether the machines reach each other's ports.")
    return {name: there and there.event() for name, there in answers.items()}


def _answers(address: str) -> dict[str, NodeFacts | None]:
    """What each machine that can train has, by its name; ``None``: it did not answer in time."""
    nodes = {node["NodeID"]: node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")}
    asked = {_asked(number): _name(node) for number, node in nodes.items()}
    ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=ANSWER_SECONDS) if asked else ([], [])
    answers: dict[str, NodeFacts | None] = dict.fromkeys(asked.values())
    for reference in ready:
        try:
            answers[asked[reference]] = ray.get(reference)
        except (NodeDiedError, TaskUnschedulableError):
            del answers[asked[reference]]  # it has left the cluster meanwhile
        except RayError as error:
            found = f"{asked[reference]} cannot run the project: {_last_line(error)}."
            raise UserError(f"--address {address}", found, SAME_VERSIONS) from error
    return answers


def _name(node: Mapping[str, Any]) -> str:
    return f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']}, {node['NodeID'][:6]})"


def _asked(node: str) -> Any:
    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(node_facts).options(num_cpus=0, max_retries=0, scheduling_strategy=there).remote()


def _last_line(error: Exception) -> str:
    """The line of an error of Ray that says what happened: before it stands the traceback of another machine."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:300]


def refusal_here(expected: NodeFacts | None) -> str:
    """Return in words how this process, a worker's, differs from the driver's machine; empty: it does not.

    Args:
        expected: what the driver's machine has; ``None``: there is no other machine.
    """
    if expected is None or not (differences := expected.differences(node_facts())):
        return ""
    return f"{socket.gethostname()} differs from the driver's machine: {'; '.join(differences)}"
