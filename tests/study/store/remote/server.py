"""A real S3 server on 127.0.0.1, in a process of its own: its objects are gone when it ends."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

SERVERS = multiprocessing.get_context("spawn")
KEY, SECRET = "AKIAPLANTEDKEY", "planted/secret/of/the/store"


@contextmanager
def server() -> Iterator[str]:
    """Yield the address of a server, as ``AWS_ENDPOINT_URL`` takes it."""
    here, there = SERVERS.Pipe()
    process = SERVERS.Process(target=_serve, args=(there,), daemon=True)
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


def _serve(ready: Connection) -> None:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    serving = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    serving.start()
    ready.send(serving.get_host_and_port()[1])
    serving._thread.join()
