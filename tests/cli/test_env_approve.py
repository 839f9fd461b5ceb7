"""`toolkit env approve`, by its command line."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from toolkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

_WEB = """\
version: 1
name: web
network:
  access: custom
  allow: [api.example.com]
  secrets:
    - name: vault
      hosts: [vault.example.com]
      header: X-Vault-Token
      from: {command: [pass, show, "a\\u202e\\u001b[2J b"]}
    - name: billing
      hosts: [billing.example.com]
      header: Authorization
      prefix: "Bearer "
      from: {env: BILLING_TOKEN}
    - name: packages
      hosts: [packages.example.com, packages.example.org]
      header: X-Api-Key
      from: {file: ~/.config/key}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "envs").mkdir(parents=True)
    (folder / "envs/web.yaml").write_text(_WEB, encoding="utf-8")
    (folder / "envs/plain.yaml").write_text("version: 1\nname: plain\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document.pop("version") == 1
    return document


def _shown(root: Path) -> str:
    key = root.parent / "home/.config/key"
    return f"""\
web (envs/web.yaml) takes from this host:

billing
  from      the variable BILLING_TOKEN
  to        billing.example.com
  header    Authorization
  prefix    "Bearer "

packages
  from      the file ~/.config/key
            which is {key}
  to        packages.example.com, packages.example.org
  header    X-Api-Key

vault
  from      the output of the command pass show "a\\u202e\\u001b[2J b"
  to        vault.example.com
  header    X-Vault-Token
"""


def test_without_a_terminal_it_shows_all_and_needs_a_yes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "approve", "web"]) == 1
    said = capsys.readouterr()
    assert said.out == _shown(root)
    assert "hint: look at it, then: toolkit env approve web --yes" in said.err

    assert main(["env", "approve", "web", "--yes"]) == 0
    said = capsys.readouterr()
    assert said.out == _shown(root)
    assert said.err.startswith("approved for this repository")

    assert main(["env", "approve", "web"]) == 0
    said = capsys.readouterr()
    assert said.out == _shown(root)
    assert said.err.startswith("approved already")


def test_a_change_asks_again(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "approve", "web", "--yes"]) == 0
    (root / "envs/web.yaml").write_text(_WEB.replace("billing.example.com", "evil.example.net"), encoding="utf-8")
    capsys.readouterr()

    assert main(["env", "approve", "web"]) == 1
    assert "  to        evil.example.net\n" in capsys.readouterr().out


def test_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "approve", "web", "--json"]) == 1
    error = _json(capsys)["error"]
    assert (error["code"], error["hint"]) == ("not-confirmed", "look at it, then: toolkit env approve web --yes")

    assert main(["env", "approve", "web", "--yes", "--json"]) == 0
    done = _json(capsys)
    assert len(done.pop("digest")) == 64
    assert done == {
        "environment": "web",
        "takes": [
            {
                "name": "billing",
                "from": {"env": "BILLING_TOKEN"},
                "hosts": ["billing.example.com"],
                "header": "Authorization",
                "prefix": "Bearer ",
            },
            {
                "name": "packages",
                "from": {"file": "~/.config/key"},
                "real_file": str(root.parent / "home/.config/key"),
                "hosts": ["packages.example.com", "packages.example.org"],
                "header": "X-Api-Key",
                "prefix": "",
            },
            {
                "name": "vault",
                "from": {"command": ["pass", "show", "a\u202e\x1b[2J b"]},
                "own_files": [],
                "hosts": ["vault.example.com"],
                "header": "X-Vault-Token",
                "prefix": "",
            },
        ],
        "approved": True,
    }


def test_an_environment_that_takes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "approve", "plain"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "'plain' takes nothing from this host: there is nothing to approve\n")

    assert main(["env", "approve", "plain", "--json"]) == 0
    assert _json(capsys) == {"environment": "plain", "takes": [], "digest": "", "approved": True}
    assert root.is_dir()


def test_a_name_that_does_not_exist(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "approve", "wbe"]) == 1
    assert "environment 'wbe' does not exist" in capsys.readouterr().err
    assert root.is_dir()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_on_a_terminal_it_asks(root: Path, answer: str, code: int) -> None:
    arguments = ["-m", "toolkit", "--root", str(root), "env", "approve", "web"]
    with pexpect.spawn(sys.executable, arguments, env=dict(os.environ), timeout=60, encoding="utf-8") as child:
        child.expect_exact("billing.example.com")
        child.expect_exact("Approve this? [y/N]")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.wait()

    assert child.exitstatus == code
    assert main(["env", "approve", "web"]) == code
