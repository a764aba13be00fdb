"""The address of a Ray cluster, tried before Ray is, which waits for minutes at a wrong one and then ends the process.

Measured with Ray 2.60, at a server of another kind and at one that says nothing: 163 seconds, then ``SystemExit``.
"""

from __future__ import annotations

import os
import socket
import struct
import time

from mtl_core.errors import UserError
from study.jobs.job import describe

CONNECT_SECONDS = 20.0
"""How long a cluster's address may take to answer."""

GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + struct.pack(">HBBBI", 0, 0, 4, 0, 0)
"""What a client of Ray's servers, which speak gRPC, says first (RFC 9113, section 3.4): a preface, and no settings."""

SETTINGS = 4
"""Type of the frame with which such a server answers."""


def refuse_what_is_no_cluster(address: str) -> None:
    """Refuse an address where nobody listens, or something that is no server of Ray's.

    Raises:
        UserError: when ``host:port`` does not answer as it should; other forms (``auto``) are left to Ray, and with TLS
            nothing but the connection is tried.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS) as connection:
            speaks = os.environ.get("RAY_USE_TLS", "0") != "0" or _speaks_http2(connection)
    except (OSError, OverflowError) as error:
        found = f"nobody answers there ({describe(error)})."
        raise UserError(f"--address {address}", found, "Check that the cluster runs, and its address.") from error
    if not speaks:
        found = "something else than Ray listens there."
        remedy = "Take the address that `ray start --head` printed; the port is 6379 unless another was chosen."
        raise UserError(f"--address {address}", found, remedy)


def _speaks_http2(connection: socket.socket) -> bool:
    """Whether the first frame from the other side has the type that HTTP/2 prescribes."""
    over = time.monotonic() + CONNECT_SECONDS
    connection.sendall(GREETING)
    frame = b""
    while len(frame) < 4:  # three bytes of length, one of type
        connection.settimeout(max(over - time.monotonic(), 0.001))
        try:
            received = connection.recv(4 - len(frame))
        except (TimeoutError, ConnectionError):
            return False
        if not received:
            return False
        frame += received
    return frame[3] == SETTINGS
