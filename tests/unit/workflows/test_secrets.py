"""Secrets' values: where they come from, what they may be, and that no message holds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from toolkit.errors import ToolkitError
from toolkit.workflows import approval, secrets
from toolkit.workflows.declarations import environment

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.gateway import SecretHeader


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def declared(root: Path, source: str, *, approve: bool = True) -> EnvironmentSpec:
    (root / "envs").mkdir(exist_ok=True)
    (root / "envs" / "app.yaml").write_text(
        "version: 1\nname: app\nnetwork:\n  access: custom\n  secrets:\n"
        f"    - {{name: pay, hosts: [pay.example.com], header: Authorization, prefix: 'Bearer ', from: {source}}}\n"
    )
    spec = environment(root, "app")
    if approve:
        approval.approve(root, approval.request_of(root, spec))
    return spec


def read(root: Path, source: str) -> SecretHeader:
    return secrets.read(root, declared(root, source))[0]


def test_of_a_variable_a_file_and_a_command(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAY_TOKEN", "one")
    assert read(root, "{env: PAY_TOKEN}").value == "Bearer one"
    (root / "token").write_text("two\n")
    assert read(root, "{file: ../token}").value == "Bearer two"
    assert read(root, "{command: [echo, three]}").value == "Bearer three"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{env: NOT_SET_ANYWHERE}", "the variable NOT_SET_ANYWHERE is not set"),
        ("{file: ../missing}", "the file ../missing can't be read"),
        ("{command: [sh, -c, 'echo why >&2; exit 3']}", "ended with exit code 3: why"),
        ("{command: [printf, '']}", "is empty"),
        ("{command: [printf, 'hush\\nhush']}", "holds a control character"),
        ("{command: [printf, 'h\\xc3\\xbcsh']}", "holds bytes that no header may"),
    ],
)
def test_an_unusable_source_is_named_and_no_value(root: Path, source: str, words: str) -> None:
    with pytest.raises(ToolkitError) as raised:
        read(root, source)
    assert "secret 'pay'" in raised.value.message
    assert words in raised.value.message
    assert "hush" not in raised.value.message


def test_nothing_is_read_before_it_is_approved(root: Path) -> None:
    spec = declared(root, "{command: [touch, touched]}", approve=False)
    with pytest.raises(ToolkitError, match="not approved"):
        secrets.read(root, spec)
    assert not (root / "envs" / "touched").exists()


def test_without_secrets_nothing_is_asked(root: Path) -> None:
    (root / "envs").mkdir()
    (root / "envs" / "app.yaml").write_text("version: 1\nname: app\n")
    assert secrets.read(root, environment(root, "app")) == ()
