"""Approval of what declarations take from the host."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from tests.support.git import git, repository
from toolkit.errors import NotFoundError, ToolkitError
from toolkit.paths import state_dir
from toolkit.workflows import approval
from toolkit.workflows.declarations import environment

if TYPE_CHECKING:
    from pathlib import Path

_WEB = """\
version: 1
name: web
network:
  access: custom
  allow: [api.example.com]
  secrets:
    - name: billing
      hosts: [billing.example.com, invoices.example.com]
      header: Authorization
      prefix: "Bearer "
      from: {env: BILLING_TOKEN}
"""
_COMMAND = _WEB.replace("{env: BILLING_TOKEN}", "{command: [sh, scripts/token.sh]}")
_FILE = _WEB.replace("{env: BILLING_TOKEN}", "{file: ../token}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "envs").mkdir(parents=True)
    _declare(folder, "web", _WEB)
    return folder


def _declare(root: Path, name: str, text: str) -> None:
    (root / f"envs/{name}.yaml").write_text(text, encoding="utf-8")


def _approved(root: Path, name: str = "web") -> bool:
    return approval.approved(root, environment(root, name))


def _approve(root: Path, name: str = "web") -> None:
    approval.approve(root, approval.request(root, name))
    assert _approved(root, name)


def _records() -> list[Path]:
    return sorted((state_dir() / "approvals").glob("*"))


def test_nothing_is_approved_until_it_is(root: Path) -> None:
    assert not _approved(root)
    with pytest.raises(ToolkitError, match="billing") as refused:
        approval.require(root, environment(root, "web"))
    assert refused.value.hint == "toolkit env approve web"
    assert refused.value.code == "not-approved"

    _approve(root)
    approval.require(root, environment(root, "web"))


def test_an_environment_that_takes_nothing_needs_none(root: Path) -> None:
    _declare(root, "plain", "version: 1\nname: plain\n")

    assert _approved(root, "plain")
    _approve(root, "plain")
    assert _records() == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BILLING_TOKEN", "OTHER_TOKEN"),
        ("{env: BILLING_TOKEN}", "{file: ~/billing}"),
        ("{env: BILLING_TOKEN}", "{command: [BILLING_TOKEN]}"),
        ("invoices.example.com", "elsewhere.example.net"),
        (", invoices.example.com", ""),
        ("header: Authorization", "header: X-Token"),
        ('"Bearer "', '"Basic "'),
        ('      prefix: "Bearer "\n', ""),
        ("name: billing", "name: invoices"),
    ],
)
def test_a_change_of_any_part_asks_again(root: Path, old: str, new: str) -> None:
    _approve(root)
    assert old in _WEB

    _declare(root, "web", _WEB.replace(old, new))
    assert not _approved(root)

    _declare(root, "web", _WEB)
    assert _approved(root)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: web\n", "name: web\ndescription: new\n"),
        ("allow: [api.example.com]", "allow: [other.example.com]"),
        ("billing.example.com, invoices.example.com", "invoices.example.com, BILLING.example.com"),
    ],
)
def test_a_change_of_anything_else_does_not(root: Path, old: str, new: str) -> None:
    _approve(root)

    _declare(root, "web", _WEB.replace(old, new))
    assert _approved(root)


def test_environments_are_approved_one_by_one(root: Path) -> None:
    _declare(root, "other", _WEB.replace("name: web", "name: other"))
    _approve(root)
    assert not _approved(root, "other")

    _approve(root, "other")
    assert _approved(root)
    assert len(_records()) == 1


def test_a_second_secret_asks_again(root: Path) -> None:
    _approve(root)
    added = "    - {name: b, hosts: [b.example.com], header: X, from: {env: B}}\n"

    _declare(root, "web", _WEB + added)
    assert not _approved(root)


def test_a_secret_that_a_parent_brings_counts(root: Path) -> None:
    _declare(root, "child", "version: 1\nname: child\nextends: web\n")
    _approve(root, "child")

    _declare(root, "web", _WEB.replace("BILLING_TOKEN", "AWS_SECRET_ACCESS_KEY"))
    assert not _approved(root, "child")


def test_what_was_shown_is_approved_not_what_the_file_says_by_now(root: Path) -> None:
    shown = approval.request(root, "web")
    _declare(root, "web", _WEB.replace("BILLING_TOKEN", "OTHER"))

    approval.approve(root, shown)
    assert not _approved(root)


def test_a_link_that_points_elsewhere_asks_again(root: Path) -> None:
    _declare(root, "web", _FILE)
    (root / "token").symlink_to(root / "one")
    _approve(root)
    assert approval.request(root, "web").takes[0].real_file == str(root / "one")

    (root / "token").unlink()
    (root / "token").symlink_to("/etc/hostname")
    assert not _approved(root)


def test_a_script_of_the_repository_that_changes_asks_again(root: Path) -> None:
    script = root / "scripts/token.sh"
    script.parent.mkdir()
    script.write_text("pass show billing\n")
    _declare(root, "web", _COMMAND)
    _approve(root)
    assert [one.path for one in approval.request(root, "web").takes[0].own_files] == ["scripts/token.sh"]

    script.write_text("cat ~/.ssh/id_ed25519\n")
    assert not _approved(root)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 1}',
        b'{"version": 2, "approved": {}}',
        b'{"version": 1, "approved": []}',
        b'{"version": 1, "approved": {"web": 5}}',
        b'{"version": 1, "approved": {"web": true}}',
        b"[" * 100_000,
    ],
)
def test_a_record_that_is_none_approves_nothing_and_is_replaced(root: Path, content: bytes) -> None:
    _approve(root)
    _records()[0].write_bytes(content)
    assert not _approved(root)

    _approve(root)


def test_another_digest_in_the_record_approves_nothing(root: Path) -> None:
    _approve(root)
    record = _records()[0]
    body = json.loads(record.read_text())
    body["approved"]["web"] = "0" * 64
    record.write_text(json.dumps(body))

    assert not _approved(root)


def test_a_record_that_others_could_have_written_approves_nothing(root: Path) -> None:
    _approve(root)
    record = _records()[0]
    record.chmod(0o622)
    assert not _approved(root)

    _approve(root)
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


def test_a_link_in_place_of_the_record_approves_nothing(root: Path, tmp_path: Path) -> None:
    _approve(root)
    record = _records()[0]
    record.rename(tmp_path / "moved")
    record.symlink_to(tmp_path / "moved")
    assert not _approved(root)


def test_the_record_is_private_and_outside_the_repository(root: Path) -> None:
    _approve(root)
    record = _records()[0]

    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.parent.stat().st_mode) == 0o700
    assert not record.is_relative_to(root)


def test_a_state_folder_inside_the_repository_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))

    with pytest.raises(ToolkitError, match="inside the repository"):
        _approved(root)


def test_another_repository_in_the_same_place_asks_again(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    (root / "envs").mkdir()
    _declare(root, "web", _WEB)
    git(root, "remote", "add", "origin", "https://ann:token@git.example.com/shop.git")
    _approve(root)

    git(root, "remote", "set-url", "origin", "https://git.example.com/shop.git")
    assert _approved(root)  # another password is the same place
    git(root, "remote", "set-url", "origin", "https://git.example.net/shop.git")
    assert not _approved(root)


def test_a_copy_in_another_place_asks_again_a_link_to_it_does_not(root: Path, tmp_path: Path) -> None:
    _approve(root)
    (tmp_path / "link").symlink_to(root)
    assert _approved(tmp_path / "link")

    copy = tmp_path / "copy"
    (copy / "envs").mkdir(parents=True)
    _declare(copy, "web", _WEB)
    assert not _approved(copy)


def test_a_name_that_does_not_exist(root: Path) -> None:
    with pytest.raises(NotFoundError, match="'wep' does not exist"):
        approval.request(root, "wep")
