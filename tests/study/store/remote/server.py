"""A real S3 server on 127.0.0.1, in a process of its own: its objects are gone when it ends."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

SERVERS = multiprocessing.get_context("spawn")
KEY, SECRET = "AKIAPLANTEDKEY", "planted/secret/of/the/store"


@contextmanager
def server(open_to: int | None = None) -> Iterator[str]:
    """Yield the address of a server, as ``AWS_ENDPOINT_URL`` takes it.

    Args:
        open_to: number of requests that it answers to anybody; then it knows no credentials.  ``None``: all.
    """
    here, there = SERVERS.Pipe()
    process = SERVERS.Process(target=_serve, args=(there, open_to), daemon=True)
    process.start()
    there.close()  # so that an end of the server's process is seen here
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def environment(endpoint: str) -> dict[str, str]:
    """Return the standard variables with which the server is reached."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def make_bucket(endpoint: str, name: str) -> None:
    """Make a bucket on the server."""
    from pyarrow.fs import S3FileSystem

    scheme, _, host = endpoint.partition("://")
    keys = {"access_key": KEY, "secret_key": SECRET, "region": "us-east-1"}
    S3FileSystem(scheme=scheme, endpoint_override=host, allow_bucket_creation=True, **keys).create_dir(name)


def _serve(ready: Connection, open_to: int | None) -> None:
    if open_to is not None:
        os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(open_to)
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    serving = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    serving.start()
    ready.send(serving.get_host_and_port()[1])
    serving._thread.join()
