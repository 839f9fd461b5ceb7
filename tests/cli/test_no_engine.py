"""Where no engine answers: each verb says which one was asked, and the system's own word for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from toolkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "default.yaml").write_text("version: 1\nname: default\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "verb", [["tasks"], ["up"], ["up", "--refresh"], ["destroy", "--yes"], ["exec", "x", "--", "ls"]]
)
def test_the_socket_that_nobody_listens_on_is_named(
    verb: list[str], root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{root}/none.sock")
    assert main(verb) == 1
    err = capsys.readouterr().err
    assert f"error: no container engine answers at {root}/none.sock: No such file or directory\n" in err
    assert "hint: start Docker" in err
    assert "DOCKER_HOST names another engine" in err


@pytest.mark.parametrize(
    ("host", "cause"),
    [
        ("nonsense", "Invalid bind address format: port is required: nonsense"),
        ("unix://{}/none.sock", "No such file or directory"),
        ("ftp://127.0.0.1:1", "Invalid bind address protocol: ftp://127.0.0.1:1"),
    ],
)
def test_setup_says_it_in_one_short_line(
    host: str, cause: str, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host.format(root))
    assert main(["setup", "--check"]) == 1
    said = f"✗ engine: needs you: no container engine answers at {host.format(root)}: {cause}\n"
    assert said in capsys.readouterr().out


def test_certificates_that_are_not_there_are_no_bug(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOST": "tcp://127.0.0.1:2376", "TLS_VERIFY": "1", "CERT_PATH": str(root)}.items():
        monkeypatch.setenv(f"DOCKER_{name}", value)
    assert main(["tasks"]) == 1
    assert "no container engine answers at tcp://127.0.0.1:2376: Path to a certificate" in capsys.readouterr().err
