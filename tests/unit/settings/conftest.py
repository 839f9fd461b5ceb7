"""Settings files of a test: every layer in temporary folders."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Protocol

import pytest

from toolkit.settings import Layer, layer_path, layers

if TYPE_CHECKING:
    from pathlib import Path


class State(Protocol):
    def __call__(self, layer: Layer, text: str) -> Path: ...


@pytest.fixture(autouse=True)
def managed_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "etc" / "settings.yaml"
    monkeypatch.setattr(layers, "MANAGED_PATH", path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "envs").mkdir(parents=True)
    return folder


@pytest.fixture
def state(root: Path) -> State:
    """Write a layer's file as a person would."""

    def write(layer: Layer, text: str) -> Path:
        path = layer_path(layer, root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    return write
