from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from toolkit.engines import address
from toolkit.engines.address import Address

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    return folder


def context(config: Path, host: object) -> Path:
    """Make `away` the current context; returns where its TLS files would lie."""
    key = hashlib.sha256(b"away").hexdigest()
    place = config / "contexts" / "meta" / key
    place.mkdir(parents=True)
    (place / "meta.json").write_text(json.dumps({"Name": "away", "Endpoints": {"docker": {"Host": host}}}))
    (config / "config.json").write_text(json.dumps({"currentContext": "away"}))
    return config / "contexts" / "tls" / key


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("unix:///run/docker.sock", Address(path="/run/docker.sock")),
        ("http+unix://run/docker.sock", Address(path="/run/docker.sock")),
        ("unix://", Address(path="/var/run/docker.sock")),
        ("tcp://127.0.0.1:2375", Address(host="127.0.0.1", port=2375)),
        ("tcp://[::1]:2375", Address(host="::1", port=2375)),
        ("ssh://me@example.com", None),
        ("https://127.0.0.1:2376", None),
        ("npipe:////./pipe/docker_engine", None),
        ("tcp://127.0.0.1", None),
        ("nonsense", None),
    ],
)
def test_spellings(text: str, found: Address | None) -> None:
    assert address.parse(text) == found


def test_the_variable_goes_before_the_context(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context(config, "unix:///run/away.sock")
    assert address.find() == Address(path="/run/away.sock")
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/here.sock")
    assert address.find() == Address(path="/run/here.sock")


def test_without_anything_it_is_the_usual_socket(config: Path) -> None:
    assert address.find() == Address(path="/var/run/docker.sock")
    (config / "config.json").write_text("{damaged")
    assert address.find() == Address(path="/var/run/docker.sock")
    (config / "config.json").write_text(json.dumps({"auths": {}, "currentContext": ""}))
    assert address.find() == Address(path="/var/run/docker.sock")


def test_tls_is_left_to_docker_py(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context(config, "tcp://127.0.0.1:2376").mkdir(parents=True)
    assert address.find() is None
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2376")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    assert address.find() is None


@pytest.mark.parametrize("host", [None, 7, "ssh://me@example.com"])
def test_a_context_that_is_not_understood_is_left_to_docker_py(config: Path, host: object) -> None:
    context(config, host)
    assert address.find() is None
