"""Both tiers, and what is remembered, give one verdict."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.declare.catalog import Catalog
from toolkit.declare.recorded_spec import record, restore
from toolkit.declare.tree import Tree
from toolkit.errors import InvalidError
from toolkit.paths import cache_dir
from toolkit.workflows import checking
from toolkit.workflows.declarations import all_environments
from toolkit.workflows.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT = Path(__file__).resolve().parents[3]
_EXAMPLES = sorted((_ROOT / "tests/schemas").glob("*/*.yaml"))
_ENTRIES = st.lists(
    st.sampled_from(
        [
            "description: some text",
            "archived: true",
            "extends: base",
            "extends: web",
            "extends: gone",
            "network: {access: custom, allow: [api.example.com]}",
            "network: {access: trusted, deny: [api.example.com]}",
            "network: {access: none}",
            "network:\n  access: custom\n  allow:\n  - a.example.com\n  deny: [a.example.com]",
            "network: {allow: [b.example.com]}",
            "variables: |\n  A=1\n  B='x y'",
            "variables: |\n  A=1\n  A=2",
            "variables_file: web.env",
            "variables_file: gone.env",
            "setup: {file: setup.sh, timeout: 5m}",
            "setup: {script: make, timeout: soon}",
            "resources: {cpus: 1.5, memory: 512m}",
            "resources: {cpus: 0}",
            "agent: claude",
            'agent: {command: [run, "{task}"]}',
            "image: {base: debian:12, packages: {apt: [git]}}",
            "image: {ca_certificates: [gone.pem]}",
            "session: {idle_timeout: 30m}",
            'push: {branches: [session, "release/*"]}',
            "hooks:\n  session_start:\n    - {command: make, timeout: 60}",
            "surprise: 1",
            "name: other",
            "version: 0",
            "version: 2",
            "# a comment",
            "description: &anchor text",
        ]
    ),
    max_size=5,
)
_FILES = st.fixed_dictionaries({"base": _ENTRIES, "web": _ENTRIES, "other": _ENTRIES})


def _lay_down(root: Path, files: dict[str, list[str]]) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    (root / "envs").mkdir(parents=True)
    for name, entries in files.items():
        usual = {"version: ": "version: 1", "name: ": f"name: {name}"}
        head = [line for key, line in usual.items() if not any(one.startswith(key) for one in entries)]
        text = "\n".join([*head, *entries]) + "\n"
        (root / "envs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (root / "envs/web.env").write_text('C=3\nD="4"\n', encoding="utf-8")
    (root / "envs/setup.sh").write_text("make\n", encoding="utf-8")
    return root


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=_FILES)
def test_the_quick_catalog_finds_what_the_exact_one_finds(tmp_path: Path, files: dict[str, list[str]]) -> None:
    tree = Tree.at(_lay_down(tmp_path / "root", files))
    quick, exact = Catalog(tree=tree, quick=True), Catalog(tree=tree)

    for path in tree.environments():
        one, other = quick.examine(path), exact.examine(path)
        assert one.problems == other.problems
        assert one.spec == other.spec
        assert one.lineage == other.lineage
        assert quick.broken_parent(one) == exact.broken_parent(other)
        assert other.spec is None or restore(record(other.spec)) == other.spec


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_FILES, second=_FILES)
def test_what_is_remembered_is_what_would_be_found_anew(
    tmp_path: Path, first: dict[str, list[str]], second: dict[str, list[str]]
) -> None:
    root = tmp_path / "root"
    _lay_down(root, first)
    _found(root)
    _lay_down(root, {**first, "web": second["web"]})
    remembered = _found(root)
    assert _found(root) == remembered
    shutil.rmtree(cache_dir(), ignore_errors=True)

    assert _found(root) == remembered


def _found(root: Path) -> object:
    try:
        environments: object = all_environments(root)
    except InvalidError as error:
        environments = error.diagnostics
    return validate(root), environments


@pytest.mark.parametrize("path", _EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_tiers_agree_on_every_example(path: Path) -> None:
    tree = Tree.at(path.parent)
    one, other = (Catalog(tree=tree, quick=quick).examine(path.name) for quick in (True, False))

    assert (one.problems, one.spec, one.lineage) == (other.problems, other.spec, other.lineage)


def test_many_files_are_shared_out_and_give_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    names = [f"e{index:03}" for index in range(90)]
    files = {name: ["extends: e000"] if name > "e050" else [] for name in names}
    files |= {"e010": ["surprise: 1"], "e020": ["extends: e010"], "e030": ["name: e031"], "e070": ["extends: gone"]}
    _lay_down(root, files)
    alone = validate(root)
    shutil.rmtree(cache_dir())
    monkeypatch.setattr(checking, "_FEW", 10)
    monkeypatch.setattr(checking, "_CHUNK", 7)
    monkeypatch.setattr(checking, "_processors", lambda: 2)

    assert validate(root) == alone
    assert validate(root) == alone
    assert len(alone.files) == 90
    assert {one.rule for one in alone.problems} >= {"unknown-key", "extends-missing", "name-mismatch", "name-duplicate"}


_MANY = {
    "base": ["description: some text", "network: {access: trusted, deny: [api.example.com]}"],
    **{f"e{index:03}": ["extends: base"] if index % 3 else ["variables_file: web.env"] for index in range(110)},
    "warned": ["agent: claude"],
}


def _append(path: str, text: str) -> Callable[[Path], object]:
    def change(root: Path) -> object:
        with (root / path).open("a", encoding="utf-8") as file:
            return file.write(text)

    return change


def _link_elsewhere(root: Path) -> None:
    (root.parent / "outside.env").write_text("A=1\n", encoding="utf-8")
    (root / "envs/web.env").unlink()
    (root / "envs/web.env").symlink_to(root.parent / "outside.env")


@pytest.mark.parametrize(
    "change",
    [
        lambda _root: None,
        lambda root: (root / "envs/e003.yaml").touch(),
        lambda root: (root / "envs/e003.yaml").unlink(),
        lambda root: shutil.move(root / "envs/e003.yaml", root / "envs/e0033.yaml"),
        lambda root: shutil.copy(root / "envs/e003.yaml", root / "envs/f003.yaml"),
        lambda root: (root / "envs/base.yaml").unlink(),
        lambda root: (root / "envs/web.env").unlink(),
        _link_elsewhere,
        _append("envs/e003.yaml", "surprise: 1\n"),
        _append("envs/e004.yaml", "agent: codex\n"),
        _append("envs/base.yaml", "surprise: 1\n"),
        _append("envs/base.yaml", "agent: claude\n"),
        _append("envs/web.env", "A=1\nA=2\n"),
    ],
)
def test_many_files_are_told_unchanged_by_their_states_alone(
    change: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _lay_down(tmp_path / "root", _MANY)
    later = time.time_ns() + 60_000_000_000  # so that no file is too young
    monkeypatch.setattr("toolkit.memory.time.time_ns", lambda: later)
    first = validate(root)
    assert [one.rule for one in first.problems] == ["agent-program-missing"]
    with monkeypatch.context() as patched:
        patched.setattr(checking, "check", None)  # not even called
        assert validate(root) == first
    change(root)
    found = validate(root)
    assert validate(root) == found
    shutil.rmtree(cache_dir())

    assert validate(root) == found
