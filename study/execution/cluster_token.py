"""The token of a Ray cluster: without one, whoever reaches a port of the cluster runs code on all of its machines."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from mtl_core.errors import UserError

MODE, TOKEN, TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
DEFAULT_PATH = Path(".ray") / "auth_token"
"""Where Ray looks for a token last, below the home directory."""

READ_BY_OTHERS = 0o077
"""Permissions of a token file that give it to others than its owner."""

_made_here: set[str] = set()
"""The token that this process has made for a Ray of its own, if any."""

WITHOUT = "or say --insecure if nobody else reaches the cluster's ports."


def refuse_unprotected(address: str | None, insecure: bool) -> None:
    """Refuse to join a cluster without a token that only its owner reads, unless the user wants that.

    Nothing is imported from Ray, and nothing asks the cluster: that it accepts the token is seen on joining.

    Args:
        address: address of the cluster; ``None``: Ray is started on this machine alone, and there is nothing to refuse.
        insecure: whether the user joins without a token knowingly.

    Raises:
        UserError: when token authentication is not on, there is no token, its file is open to others, this process has
            had a Ray of its own, or the address is one for Ray Client.
    """
    if address is None:
        return
    where = f"--address {address}"
    if address.startswith("ray://"):
        found = "through Ray Client Tune's loop would run on the cluster, where the run directory's ledger is not."
        remedy = "Run this on a machine of the cluster with --address auto, or send it there with ray job submit."
        raise UserError(where, found, remedy)
    if insecure:
        return
    mode = os.environ.get(MODE, "")
    if mode.lower() != "token":
        state = repr(mode) if mode else "not set"
        found = f"{MODE} is {state}, so the cluster would be joined without a token."
        raise UserError(where, found, f"Set {MODE}=token here and where ray start runs, {WITHOUT}")
    if os.environ.get(TOKEN) in _made_here:
        found = "this process has started Ray on this machine before, whose token Ray keeps until the process ends."
        raise UserError(where, found, "Join the cluster from a new Python process.")
    if not os.environ.get(TOKEN):
        refuse_open_token(token_path(os.environ, Path.home()))


def token_path(environment: Mapping[str, str], home: Path) -> Path:
    """Return the file in which Ray looks for the token."""
    named = environment.get(TOKEN_PATH)
    return Path(named).expanduser() if named else home / DEFAULT_PATH


def refuse_open_token(path: Path) -> None:
    """Refuse a token file that is missing, empty, another user's, or open to others.

    Raises:
        UserError: with the command that mends it.
    """
    make = f"(umask 077; python3 -c 'import secrets; print(secrets.token_hex(32), end=\"\")' > {path})"
    try:
        state, content = path.stat(), path.read_bytes().strip()
    except OSError as error:
        found = f"the token of the cluster cannot be read: {error.strerror}."
        raise UserError(str(path), found, f"Copy it from the head, or make one for all machines: {make}") from None
    if not content:
        raise UserError(str(path), "this file should hold the cluster's token and is empty.", f"Make one: {make}")
    if state.st_uid not in (os.getuid(), 0):
        raise UserError(str(path), "this token belongs to another user.", f"Use one of your own: {make}")
    if state.st_mode & READ_BY_OTHERS:
        found = f"others than its owner may read this token (mode {state.st_mode & 0o777:04o})."
        raise UserError(str(path), found, f"chmod 600 {path}")


def keep_local_token_private() -> None:
    """Give Ray on this machine a token for this process and its children, where there is none yet.

    Ray itself would write one that every user of the machine may read to the home directory.
    """
    named = any(os.environ.get(name) for name in (MODE, TOKEN, TOKEN_PATH))
    if not named and not token_path(os.environ, Path.home()).exists():
        os.environ[TOKEN] = secrets.token_hex(32)
        _made_here.add(os.environ[TOKEN])
