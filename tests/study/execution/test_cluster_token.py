"""A cluster's token: what joins, what is refused before anything is asked of the cluster, and what mends it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtl_core.errors import UserError
from study.cli.app import app
from study.execution import cluster_token
from study.execution.cluster_token import (
    MODE,
    TOKEN,
    TOKEN_PATH,
    keep_local_token_private,
    refuse_open_token,
    refuse_unprotected,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory without a token, and an environment without one."""
    for name in (MODE, TOKEN, TOKEN_PATH):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def token(path: Path, mode: int = 0o600, content: str = "ab" * 32) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(mode)
    return path


def test_without_an_address_nothing_is_asked_and_with_insecure_only_ray_client_is_refused() -> None:
    refuse_unprotected(None, insecure=False)
    refuse_unprotected("head:6379", insecure=True)
    with pytest.raises(UserError, match="ray job submit"):
        refuse_unprotected("ray://head:10001", insecure=True)


@pytest.mark.parametrize("mode", [None, "disabled", "k8s"])
def test_token_authentication_has_to_be_on(mode: str | None, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token(home / ".ray" / "auth_token")
    if mode is not None:
        monkeypatch.setenv(MODE, mode)
    with pytest.raises(UserError, match=r"without a token.* Set RAY_AUTH_MODE=token .*--insecure"):
        refuse_unprotected("auto", insecure=False)


@pytest.mark.parametrize("place", ["home", "named", "variable"])
def test_a_token_that_its_owner_alone_reads_is_enough(place: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODE, "token")
    with pytest.raises(UserError, match="cannot be read"):
        refuse_unprotected("auto", insecure=False)
    if place == "home":
        token(home / ".ray" / "auth_token")
    elif place == "named":
        monkeypatch.setenv(TOKEN_PATH, str(token(home / "elsewhere")))
    else:
        monkeypatch.setenv(TOKEN, "ab" * 32)
    refuse_unprotected("auto", insecure=False)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_token_that_others_may_read_or_write_is_refused_with_the_command_that_mends_it(home: Path, mode: int) -> None:
    path = token(home / "t", mode)
    with pytest.raises(UserError) as refused:
        refuse_open_token(path)
    assert f"{mode:04o}" in refused.value.found
    os.system(refused.value.remedy)
    refuse_open_token(path)


def test_a_missing_or_an_empty_token_is_refused_with_the_command_that_makes_one(home: Path) -> None:
    for path in (home / "missing", token(home / "empty", content="\n")):
        with pytest.raises(UserError) as refused:
            refuse_open_token(path)
        os.system("(umask" + refused.value.remedy.split("(umask")[1])
        refuse_open_token(path)
        assert len(path.read_text()) == 64


def test_another_users_token_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = token(home / "t")
    monkeypatch.setattr(cluster_token.os, "getuid", lambda: 4242)
    os.chown(path, 4243, -1)
    with pytest.raises(UserError, match="another user"):
        refuse_open_token(path)


def test_the_command_refuses_before_it_reads_or_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["run", "smoke"], ["extend", "nowhere", "--seeds", "3"]):
        done = CliRunner().invoke(app, [*command, "--address", "10.0.0.1:6379"])
        assert done.exit_code == 2
        assert "without a token" in done.stderr
    assert not list(tmp_path.iterdir())


def test_ray_on_this_machine_gets_a_token_that_is_written_nowhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "")
    keep_local_token_private()
    assert len(os.environ[TOKEN]) == 64
    assert not (home / ".ray").exists()
    given = os.environ[TOKEN]
    keep_local_token_private()
    assert os.environ[TOKEN] == given


@pytest.mark.parametrize("name", [MODE, TOKEN_PATH])
def test_a_users_own_choice_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "chosen")
    monkeypatch.setenv(TOKEN, "")
    keep_local_token_private()
    assert os.environ[TOKEN] == ""


def test_a_process_that_has_had_a_ray_of_its_own_joins_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "")
    keep_local_token_private()
    monkeypatch.setenv(MODE, "token")
    with pytest.raises(UserError, match=r"whose token Ray keeps until .* Join the cluster from a new Python process"):
        refuse_unprotected("head:6379", insecure=False)
    monkeypatch.setenv(TOKEN, "ab" * 32)  # the user's own
    refuse_unprotected("head:6379", insecure=False)
