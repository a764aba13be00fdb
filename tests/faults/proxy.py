"""A way to a server on this machine that can be cut and mended."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Proxy:
    """Passes connections on to a port of this machine; while it is cut, new ones and old ones are closed.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self.target, self.is_cut = port, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close all connections, and every new one at once."""
        self.is_cut = True
        for one in list(self.open):
            _close(one)

    def mend(self) -> None:
        """Pass connections on again."""
        self.is_cut = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener is closed at the end
            while True:
                here, _ = self.listener.accept()
                if self.is_cut:
                    _close(here)
                    continue
                there = socket.create_connection(("127.0.0.1", self.target))
                self.open |= {here, there}
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):  # either side has gone
            while content := source.recv(1 << 16):
                target.sendall(content)
        for one in (source, target):
            self.open.discard(one)
            _close(one)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.listener.close()
        self.cut()


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already
        one.shutdown(socket.SHUT_RDWR)
    one.close()
