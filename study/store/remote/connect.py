"""How a store is reached: pyarrow's file system for an address, with the standard environment variables."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from mtl_core.errors import UserError
from study.store.remote.address import ENDPOINTS, Address, endpoint

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

ANSWER_SECONDS = 5
"""A request that brings nothing for so long has failed; :mod:`study.store.remote.object_storage` tries again."""


def file_system(address: Address) -> FileSystem:
    """Return the file system of an address; nothing is asked of the store yet.

    Credentials are those of the environment (``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, or
    ``GOOGLE_APPLICATION_CREDENTIALS``), of the store's own configuration files, or of the machine.

    Raises:
        UserError: when pyarrow was built without the store, or the endpoint is none.
    """
    try:
        from pyarrow.fs import AwsStandardS3RetryStrategy, GcsFileSystem, S3FileSystem
    except ImportError as error:
        remedy = "Install pyarrow from PyPI, whose packages know S3 and GCS."
        raise UserError(str(address), f"this pyarrow knows no such store ({error}).", remedy) from None
    if address.scheme == "gs":
        return GcsFileSystem(retry_time_limit=timedelta(seconds=ANSWER_SECONDS))
    options = {"request_timeout": ANSWER_SECONDS, "connect_timeout": ANSWER_SECONDS, "allow_delayed_open": True}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    once = AwsStandardS3RetryStrategy(max_attempts=1)
    return S3FileSystem(region=region, retry_strategy=once, **_server(), **options)


def _server() -> dict[str, str]:
    """Where an S3-compatible server is; nothing where it is AWS.  pyarrow itself reads this for URIs alone."""
    url = endpoint()
    if url is None:
        return {}
    match = re.fullmatch(r"(https?)://([^/@?#]+)/*", url)
    if match is None:
        name = next(name for name in ENDPOINTS if os.environ.get(name))
        raise UserError(name, "it holds no address of a server.", "Give http:// or https://, a host and a port.")
    return {"scheme": match[1], "endpoint_override": match[2]}
