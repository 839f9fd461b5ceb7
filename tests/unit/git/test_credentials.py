from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.git import git, repository
from toolkit.errors import ToolkitError
from toolkit.git.credentials import Access, resolve, variables

URL = "https://git.example.com/team/shop.git"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def test_no_remote_needs_nothing(top: Path) -> None:
    assert resolve("", top=top, local_engine=True) == Access()


def test_the_users_credential_helper_is_asked(top: Path) -> None:
    helper = '!f() { cat >"$HOME/asked"; echo username=me; echo password=hunter2; }; f'
    git(top, "config", "credential.helper", helper)
    found = resolve(URL, top=top, local_engine=False)
    assert found.login == "username=me\npassword=hunter2\n"
    assert found.address == found.shown == URL
    assert "hunter2" not in repr(found)
    with (Path(os.environ["HOME"]) / "asked").open(encoding="utf-8") as file:
        assert {"protocol=https", "host=git.example.com"} <= set(file.read().split())


def test_without_a_helper_nobody_is_asked(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_ASKPASS", "false")
    assert resolve(URL, top=top, local_engine=True).login == ""


def test_the_address_itself_may_hold_it(top: Path) -> None:
    found = resolve("https://me:p%40ss@git.example.com/team/shop.git", top=top, local_engine=True)
    assert found.login == "username=me\npassword=p@ss\n"
    assert found.address == URL


def test_a_token_file_for_an_address(top: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    git(top, "config", "toolkit.https://git.example.com.tokenFile", str(tmp_path / "token"))
    assert resolve(URL, top=top, local_engine=True).login == "username=x-access-token\npassword=t0ken\n"
    assert resolve("https://other.example.com/x.git", top=top, local_engine=True).login == ""
    (tmp_path / "token").unlink()
    with pytest.raises(ToolkitError, match=r"toolkit\.tokenFile"):
        resolve(URL, top=top, local_engine=True)


def test_headers_of_the_configuration(top: Path) -> None:
    git(top, "config", "credential.helper", "!echo password=never; echo username=asked")
    git(top, "config", "http.https://git.example.com/.extraHeader", "AUTHORIZATION: basic abc")
    found = resolve(URL, top=top, local_engine=True)
    assert found.headers == ("AUTHORIZATION: basic abc",)
    assert found.login == ""


def test_a_folder_is_lent_where_the_engine_is_here(top: Path, tmp_path: Path) -> None:
    found = resolve(str(top), top=top, local_engine=True)
    assert (found.address, found.folder, found.owner) == ("/upstream", str(top), top.stat().st_uid)
    elsewhere = resolve(str(top), top=top, local_engine=False)
    assert elsewhere.address == ""
    assert "stays in its git gateway" in elsewhere.trouble
    assert "does not exist" in resolve(str(tmp_path / "none.git"), top=top, local_engine=True).trouble


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An agent's socket, and a known host. (`-F` of ssh is not ours to choose, so aliases are not tested here.)"""
    plug = socket.socket(socket.AF_UNIX)
    path = tmp_path / "agent"
    plug.bind(str(path))
    plug.close()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    return path


def test_ssh_takes_the_agent_along(ssh: Path) -> None:
    found = resolve("git@git.example.com:team/shop.git", top=None, local_engine=True)
    assert found.address == "remote:team/shop.git"
    assert found.agent == str(ssh)
    assert found.owner == ssh.stat().st_uid
    assert dict(found.ssh)["hostname"] == "git.example.com"
    assert dict(found.ssh)["user"] == "git"
    long = resolve("ssh://git@git.example.com:2222/srv/shop.git", top=None, local_engine=True)
    assert (long.address, dict(long.ssh)["port"]) == ("ssh://remote/srv/shop.git", "2222")
    assert resolve("git@git.example.com:/srv/a.git", top=None, local_engine=True).address == "remote:/srv/a.git"


def test_ssh_without_an_agent_or_elsewhere_says_what_is_missing(ssh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "runs elsewhere" in resolve("git@git.example.com:a.git", top=None, local_engine=False).trouble
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert "no ssh agent" in resolve("git@git.example.com:a.git", top=None, local_engine=True).trouble


def test_ssh_keygen_is_there() -> None:
    """What known hosts are read with; `-F` exits 1 for a host that it does not know."""
    done = subprocess.run(["ssh-keygen", "-F", "git.example.com", "-f", "/dev/null"], capture_output=True, check=False)
    assert done.returncode == 1


def test_this_machine_itself_is_no_remote_for_a_gateway() -> None:
    for host in ("localhost:3000", "127.0.0.1", "[::1]:80", "git.localhost"):
        found = resolve(f"http://{host}/shop.git", top=None, local_engine=True)
        assert found.address == ""
        assert "this machine itself" in found.trouble


@pytest.mark.parametrize("line", ["ProxyJump door.example.com", "ProxyCommand nc -X 5 %h %p"])
def test_a_detour_of_ssh_is_named(ssh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """By a real ssh whose configuration is the test's own."""
    (tmp_path / "config").write_text(f"Host git.example.com\n\t{line}\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {tmp_path}/config "$@"\n')
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    found = resolve("git@git.example.com:team/shop.git", top=None, local_engine=True)
    assert found.address == ""
    assert line.split(maxsplit=1)[0] in found.trouble
    assert line.split()[1] in found.trouble
    assert resolve("git@other.example.com:team/shop.git", top=None, local_engine=True).trouble == ""


def test_a_git_of_this_host_may_use_the_token_file_too(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("t0ken\n")
    git(top, "config", "toolkit.https://git.example.com/.tokenFile", str(tmp_path / "token"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "credential.helper")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "!echo password=of-another-helper; false")
    for name, value in variables(URL, top=top).items():
        monkeypatch.setenv(name, value)
    question = "protocol=https\nhost=git.example.com\n\n"
    done = subprocess.run(
        ["git", "-C", str(top), "credential", "fill"], input=question, capture_output=True, text=True, check=True
    )
    assert "password=t0ken\n" in done.stdout
    assert variables("https://other.example.com/shop.git", top=top) == {}
    assert variables("git@git.example.com:team/shop.git", top=top) == {}
