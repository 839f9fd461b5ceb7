"""Agents' histories, out of a session that is a folder here (its engine is a small working fake)."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, cast

import pytest

from toolkit.errors import NotFoundError
from toolkit.sessions.histories import bring, munged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolkit.engines.base import Engine

UUID = "0b3c5a7e-1111-4222-8333-444455556666"


class FakeEngine:
    """`get_archive` of a folder that stands for the container's root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get_archive(self, _identity: str, path: str) -> Iterator[bytes]:
        source = self._root / path.lstrip("/")
        if not source.exists():
            raise NotFoundError(f"no {path}")
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode="w") as tar:
            tar.add(source, arcname=source.name)
        return iter([whole.getvalue()])


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    return tmp_path / "inside"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/workspace/shop", "-workspace-shop"),
        ("/home/user/My Projects/foo.bar", "-home-user-My-Projects-foo-bar"),
        ("/srv/a.b_c d/é-ü/X+Y", "-srv-a-b-c-d-----X-Y"),
        ("/srv/😀x", "-srv---x"),
    ],
)
def test_a_working_folder_becomes_a_name(path: str, folder: str) -> None:
    assert munged(path) == folder


def test_a_long_one_is_cut_and_told_apart() -> None:
    path = "/srv/" + "l" * 120 + "/" + "m" * 120
    found = munged(path)
    assert found.startswith("-srv-" + "l" * 120 + "-" + "m" * 74 + "-")
    assert found.endswith("-7xolhk")
    assert len(munged("/" + "a" * 199)) == 200
    assert munged("/" + "a" * 200) != munged("/" + "b" + "a" * 199)
    assert "-" not in found[201:]


def test_claudes_conversation_comes_to_the_checkouts_folder(
    inside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    source = inside / "root" / ".claude" / "projects" / "-workspace-shop"
    (source / UUID / "subagents").mkdir(parents=True)
    (source / f"{UUID}.jsonl").write_text('{"type":"user"}\n')
    (source / UUID / "subagents" / "one.jsonl").write_text("{}\n")
    (source / "link").symlink_to("/etc/passwd")
    checkout = tmp_path / "my shop"
    checkout.mkdir()
    engine = cast("Engine", FakeEngine(inside))
    for _ in range(2):  # a second teleport replaces what the first one wrote
        found = bring(engine, "c", agent="claude", project_dir="/workspace/shop", checkout=checkout)
        assert found is not None
        assert found.resume == f"claude --resume {UUID}"
        target = tmp_path / "home" / ".claude" / "projects" / munged(str(checkout.resolve()))
        assert (target / f"{UUID}.jsonl").read_text() == '{"type":"user"}\n'
        assert (target / UUID / "subagents" / "one.jsonl").exists()
        assert sorted(one.name for one in target.iterdir()) == [UUID, f"{UUID}.jsonl"]


def test_codexs_conversation_keeps_its_date_folder(
    inside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CODEX_HOME", raising=False)
    source = inside / "root" / ".codex" / "sessions" / "2026" / "11" / "22"
    source.mkdir(parents=True)
    (source / f"rollout-2026-11-22T10-00-00-{UUID}.jsonl").write_text("{}\n")
    (source / "notes.txt").write_text("no history")
    engine = cast("Engine", FakeEngine(inside))
    found = bring(engine, "c", agent="codex", project_dir="/workspace/shop", checkout=tmp_path)
    assert found is not None
    assert found.resume == f"codex resume {UUID}"
    target = tmp_path / "home" / ".codex" / "sessions" / "2026" / "11" / "22"
    assert [one.name for one in target.iterdir()] == [f"rollout-2026-11-22T10-00-00-{UUID}.jsonl"]


def test_without_a_history_nothing_is_written(inside: Path, tmp_path: Path) -> None:
    engine = cast("Engine", FakeEngine(inside))
    for agent in ("claude", "codex", "shell"):
        assert bring(engine, "c", agent=agent, project_dir="/workspace/shop", checkout=tmp_path) is None
