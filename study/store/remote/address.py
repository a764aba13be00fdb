"""Addresses in object stores, as in ``s3://bucket/prefix``: recognised, checked, and named on the local disk."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from mtl_core.errors import UserError

SCHEMES = ("s3", "gs", "gcs")
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""Environment variables with the address of an S3-compatible server, the first that is set counts."""
_SHAPE = re.compile(r"(?P<scheme>[a-z0-9]+)://(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]{1,221})(?P<prefix>(/[^/]+)*)/*")
_PREFIX = re.compile(r"[A-Za-z0-9 ._=+-]+")


@dataclass(frozen=True)
class Address:
    """An address in an object store.

    Args:
        scheme: ``s3`` or ``gs``.
        bucket: name of the bucket.
        prefix: of all keys, without slashes at its ends; may be empty.
    """

    scheme: str
    bucket: str
    prefix: str

    def __str__(self) -> str:
        """Return the address as a user writes it."""
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    def below(self, name: str) -> Address:
        """Return the address of ``name`` below this one."""
        return Address(self.scheme, self.bucket, "/".join(filter(None, (self.prefix, name))))

    @property
    def folder_name(self) -> str:
        """A name for the folder of the working copy; stores at different endpoints have different ones."""
        whole = f"{endpoint() if self.scheme == 's3' else ''} {self}"
        readable = re.sub("[^A-Za-z0-9]+", "-", f"{self.bucket}-{self.prefix}").strip("-").lower()[-48:]
        return f"{readable}-{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def endpoint() -> str | None:
    """Return the address of the S3-compatible server that the environment names; ``None``: that of AWS."""
    return next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None)


def name_of(place: str | Path) -> str:
    """Return a path or an address as a user writes it."""
    return str(address_of(place)) if is_address(place) else str(place)


def is_address(place: str | Path) -> bool:
    """Return whether ``place`` is an address rather than a path; a path may have lost one of the two slashes."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", str(place)) is not None


def address_of(place: str | Path) -> Address:
    """Return the address that ``place`` spells.

    Raises:
        UserError: when it names another kind of store, no bucket, or holds credentials.
    """
    text = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:)/+", r"\1//", str(place))
    scheme = text.split(":")[0]
    if scheme not in SCHEMES:
        found = f"{scheme}:// is no kind of store that is known."
        raise UserError(f"{scheme}://…", found, "Give s3://bucket/prefix, gs://bucket/prefix, or a path.")
    if "@" in text or "?" in text:
        found = "an address holds no user, no password and no options."
        remedy = "Put credentials into the environment or the store's own configuration file, and give the rest."
        raise UserError(f"{scheme}://…", found, remedy)
    match = _SHAPE.fullmatch(text)
    parts = [] if match is None else [part for part in match["prefix"].split("/") if part]
    if match is None or any(part in (".", "..") or not _PREFIX.fullmatch(part) for part in parts):
        found = "this is no address of a bucket and a prefix in plain characters."
        raise UserError(text, found, f"Give one such as {scheme}://bucket/studies/shop.")
    return Address("gs" if scheme == "gcs" else scheme, match["bucket"], "/".join(parts))
