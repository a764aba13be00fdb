"""Wrong addresses of a cluster: nobody there, or something else than Ray; each is refused in words, and soon."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from mtl_core.errors import UserError
from study.execution import ray_address
from study.execution.ray_address import GREETING, refuse_what_is_no_cluster

Answer = Callable[[socket.socket], None]


@contextmanager
def listening(answer: Answer) -> Iterator[str]:
    """The address of a server that answers one client; the connection stays open until the client closes it."""

    def serve() -> None:
        with server.accept()[0] as client, suppress(ConnectionError):  # the client may go with an answer unread
            answer(client)
            while client.recv(1000):
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def settings(client: socket.socket) -> None:
    """As gRPC answers, in two pieces."""
    assert client.recv(len(GREETING), socket.MSG_WAITALL) == GREETING
    frame = struct.pack(">HBBBI", 0, 0, 4, 0, 0)
    client.sendall(frame[:2])
    client.sendall(frame[2:])


def http(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def silent(client: socket.socket) -> None: ...


def rude(client: socket.socket) -> None:
    client.shutdown(socket.SHUT_RDWR)


def test_a_server_that_answers_as_ray_does_is_left_to_ray() -> None:
    for prefix in ("", "ray://"):
        with listening(settings) as address:
            refuse_what_is_no_cluster(prefix + address)
    refuse_what_is_no_cluster("auto")


@pytest.mark.parametrize("answer", [http, silent, rude])
def test_something_else_is_refused(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    if answer is silent:
        monkeypatch.setattr(ray_address, "CONNECT_SECONDS", 0.3)
    with listening(answer) as address, pytest.raises(UserError, match="something else than Ray listens there") as error:
        refuse_what_is_no_cluster(address)
    assert error.value.where == f"--address {address}"
    assert "ray start --head" in error.value.remedy


def test_nobody_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(UserError, match="nobody answers there"):
        refuse_what_is_no_cluster(address)


def test_behind_tls_only_the_connection_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USE_TLS", "1")
    with listening(silent) as address:
        refuse_what_is_no_cluster(address)
