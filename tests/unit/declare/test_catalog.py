"""Declarations together: parents, what is in force, where it came from, and revisions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from toolkit.declare.catalog import Catalog, name_clashes
from toolkit.declare.spec import as_declared
from toolkit.declare.tree import Tree
from toolkit.documents import dotted

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.declare.catalog import Examined
    from toolkit.model.environment import EnvironmentSpec


def _examine(root: Path, name: str, **files: str) -> Examined:
    (root / "envs").mkdir(exist_ok=True)
    for stem, text in files.items():
        (root / "envs" / f"{stem}.yaml").write_text(f"version: 1\nname: {stem}\n{text}", encoding="utf-8")
    return Catalog(tree=Tree.at(root)).examine(f"envs/{name}.yaml")


def _spec(root: Path, name: str, **files: str) -> EnvironmentSpec:
    found = _examine(root, name, **files)
    assert found.spec is not None, [str(one) for one in found.problems]
    return found.spec


def _rules(found: Examined) -> list[tuple[str, int, str]]:
    return [(one.path, one.line, one.rule) for one in found.problems]


def test_maps_merge_lists_concatenate_scalars_override_variables_merge_by_key(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/c.env").write_text("B=2\nC=3\n", encoding="utf-8")
    spec = _spec(
        tmp_path,
        "child",
        parent="description: not inherited\narchived: true\n"
        "network: {access: custom, allow: [a.example.com], deny: [d.example.com]}\n"
        "variables: |\n  A=1\n  B=1\nimage: {base: debian:12, packages: {apt: [git]}}\n"
        "resources: {cpus: 2, memory: 1g}\n",
        child="extends: parent\nnetwork: {allow: [b.example.com], include_defaults: true}\nvariables_file: c.env\n"
        "image: {base: debian:13, packages: {apt: [curl, git], pip: [pytest]}}\nresources: {memory: 2g}\n",
    )

    assert (spec.description, spec.archived) == ("", False)
    assert spec.network.allow == ("a.example.com", "b.example.com")
    assert spec.network.deny == ("d.example.com",)
    assert spec.network.include_defaults
    assert spec.variables == (("A", "1"), ("B", "2"), ("C", "3"))
    assert spec.image.base == "debian:13"
    assert spec.image.packages.apt == ("git", "curl")
    assert spec.image.packages.pip == ("pytest",)
    assert (spec.resources.cpus, spec.resources.memory) == (2, 2 << 30)


def test_grandparents_count_and_a_command_line_is_one_value(tmp_path: Path) -> None:
    spec = _spec(
        tmp_path,
        "c",
        a="agent: {command: [a, x], next: [a, y]}\nsetup: {script: one, timeout: 1m}\n",
        b="extends: a\nagent: {command: [b]}\n",
        c="extends: b\nsetup: {script: two}\n",
    )

    assert spec.agent.command == ("b",)
    assert spec.agent.next == ()
    assert (spec.setup.script, spec.setup.timeout) == ("two", 60)


def test_origins_name_the_file_that_wrote_each_value(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/v.env").write_text("# comment\nFROM_FILE=1\n", encoding="utf-8")
    (tmp_path / "setup.sh").write_text("true\n", encoding="utf-8")
    found = _examine(
        tmp_path,
        "child",
        parent="variables_file: v.env\nnetwork:\n  deny:\n    - d.example.com\nsetup: {file: ../setup.sh}\n",
        child="extends: parent\nnetwork: {deny: [e.example.com]}\nvariables: |\n  OWN=1\n",
    )

    assert found.effective is not None
    assert {dotted(pointer): str(place) for pointer, place in found.effective.leaves()} == {
        "network.deny.0": "envs/parent.yaml:6:7",
        "network.deny.1": "envs/child.yaml:4:18",
        "variables.FROM_FILE": "envs/v.env:2:1",
        "variables.OWN": "envs/child.yaml:6:3",
        "setup.script": "setup.sh:1:1",
    }


def test_a_parents_problem_is_the_parents(tmp_path: Path) -> None:
    child = _examine(
        tmp_path, "child", parent="network: {access: none, allow: [a.example.com]}\n", child="extends: parent\n"
    )

    assert child.spec is None
    assert _rules(child) == []
    assert _rules(_examine(tmp_path, "parent")) == [("envs/parent.yaml", 3, "allow-without-custom")]


def test_a_clash_with_a_parent_is_told_where_the_child_made_it(tmp_path: Path) -> None:
    child = _examine(
        tmp_path,
        "child",
        parent="network: {access: custom, allow: [a.example.com]}\n",
        child="extends: parent\nnetwork:\n  access: full\n",
    )

    assert _rules(child) == [("envs/child.yaml", 5, "allow-without-custom")]


def test_a_long_line_of_parents_is_no_problem(tmp_path: Path) -> None:
    files = {f"e{index}": f"extends: e{index + 1}\n" for index in range(300)}
    spec = _spec(tmp_path, "e0", **files, e300="network: {access: none}\n")

    assert spec.network.access == "none"


def test_two_files_with_one_name(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    for stem in ("a", "web", "x"):
        (tmp_path / f"envs/{stem}.yaml").write_text("version: 1\nname: web\n", encoding="utf-8")
    catalog = Catalog(tree=Tree.at(tmp_path))

    clashes = name_clashes(catalog.declaration(path) for path in catalog.tree.environments())

    assert [(one.path, one.line, one.column, one.rule) for one in clashes] == [
        ("envs/a.yaml", 2, 7, "name-duplicate"),
        ("envs/x.yaml", 2, 7, "name-duplicate"),
    ]


def test_a_yml_file_is_told_to_be_renamed(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/web.yml").write_text("version: 1\nname: web\n", encoding="utf-8")
    found = Catalog(tree=Tree.at(tmp_path)).examine("envs/web.yml")

    assert [one.rule for one in found.problems] == ["file-suffix"]


def test_files_must_lie_in_the_repository_links_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside.env", tmp_path / "repository"
    (root / "envs").mkdir(parents=True)
    outside.write_text("A=1\n", encoding="utf-8")
    (root / "envs/link.env").symlink_to(outside)
    (root / "envs/loop.env").symlink_to("loop.env")
    (root / "inside.env").write_text("A=1\n", encoding="utf-8")

    def rules(file: str) -> list[str]:
        return [one.rule for one in _examine(root, "web", web=f"variables_file: {file}\n").problems]

    assert rules("../inside.env") == []
    assert rules("link.env") == ["file-outside"]
    assert rules("../../outside.env") == ["file-outside"]
    assert rules(str(outside)) == ["file-outside"]
    assert rules("loop.env") == ["file-missing"]
    assert rules("x" * 300) == ["file-unreadable"]
    assert rules("~/x.env") == ["file-missing"]


def test_the_repository_may_be_larger_than_the_root(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared.env").write_text("A=1\n", encoding="utf-8")
    root = tmp_path / "services" / "web"
    (root / "envs").mkdir(parents=True)

    assert _examine(root, "web", web="variables_file: ../../../shared.env\n").problems == ()


_SAME = [
    "network: {access: trusted}\nvariables: |\n  A=1\n  B=x\n",
    "# a comment\nvariables: |\n  B='x'  # quoted\n  A=1\nnetwork:\n  access: 'limited'\n",
    "description: text\narchived: true\nvariables_file: v.env\n",
    'setup: {timeout: 300s, max_age: 168h}\nvariables: "export A = 1\\nB=x"\nagent: shell\n',
]


def test_a_revision_is_stable_over_how_a_thing_is_said(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/v.env").write_bytes(b'A=1\r\nB="x"\r\n')

    assert len({_spec(tmp_path, "web", web=text).revision for text in _SAME}) == 1


_DIFFERENT = [
    "",
    "network: {access: none}\n",
    "network: {access: full}\n",
    "network: {access: custom}\n",
    "network: {access: custom, include_defaults: true}\n",
    "network: {access: custom, allow: [a.example.com]}\n",
    "network: {deny: [a.example.com]}\n",
    "network: {secrets: [{name: a, hosts: [a.example.com], header: A, from: {env: A}}]}\n",
    "network: {secrets: [{name: a, hosts: [a.example.com], header: A, from: {file: A}}]}\n",
    "network: {secrets: [{name: a, hosts: [a.example.com], header: A, prefix: 'B ', from: {file: A}}]}\n",
    "variables: A=1\n",
    "variables: A=2\n",
    "image: {base: debian:12}\n",
    "image: {packages: {apt: [git]}}\n",
    "image: {packages: {pip: [git]}}\n",
    "image: {ca_certificates: [one.pem]}\n",
    "image: {ca_certificates: [two.pem]}\n",
    "setup: {script: 'true'}\n",
    "setup: {timeout: 6m}\n",
    "setup: {max_age: 6d}\n",
    "hooks: {session_start: [{command: a}]}\n",
    "hooks: {session_start: [{command: a, matcher: resume}]}\n",
    "hooks: {session_start: [{command: a, timeout: 5}]}\n",
    "agent: {command: [a]}\n",
    "agent: {command: [a], next: [b]}\n",
    "resources: {cpus: 0.5}\n",
    "resources: {memory: 1g}\n",
    "resources: {disk: 1g}\n",
    "resources: {pids: 100}\n",
    "session: {idle_timeout: 1m}\n",
    "session: {max_age: 1m}\n",
    "push: {branches: [main]}\n",
    "push: {tags: true}\n",
]


def test_a_revision_changes_with_every_meaning(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    for stem, body in (("one", "MQ=="), ("two", "Mg==")):
        pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
        (tmp_path / f"envs/{stem}.pem").write_text(pem, encoding="utf-8")

    revisions = [_spec(tmp_path, "web", web=text).revision for text in _DIFFERENT]

    assert len(set(revisions)) == len(_DIFFERENT)


def test_a_revision_follows_the_content_of_the_files_it_names(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    revisions = set()
    for script in ("echo one\n", "echo two\n"):
        (tmp_path / "envs/setup.sh").write_text(script, encoding="utf-8")
        revisions.add(_spec(tmp_path, "web", web="setup: {file: setup.sh}\n").revision)
    revisions.add(_spec(tmp_path, "web", web='setup: {script: "echo two\\n"}\n').revision)

    assert len(revisions) == 2


def test_a_revision_changes_with_the_default_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _spec(tmp_path, "web", web="").revision
    monkeypatch.setattr("toolkit.declare.spec.PRESET_VERSION", "1999.01")

    assert _spec(tmp_path, "web", web="").revision != before


@pytest.mark.parametrize("text", _DIFFERENT)
def test_what_is_shown_is_a_declaration_again(tmp_path: Path, text: str) -> None:
    import json

    (tmp_path / "envs").mkdir()
    for stem in ("one", "two"):
        pem = "-----BEGIN CERTIFICATE-----\nMQ==\n-----END CERTIFICATE-----\n"
        (tmp_path / f"envs/{stem}.pem").write_text(pem, encoding="utf-8")
    spec = _spec(tmp_path, "web", web=text)
    shown = as_declared(spec)
    shown["variables"] = "".join(f"{key}='{value}'\n" for key, value in spec.variables)
    (tmp_path / "envs/web.yaml").write_text(json.dumps(shown), encoding="utf-8")
    again = Catalog(tree=Tree.at(tmp_path)).examine("envs/web.yaml")

    assert again.problems == ()
    assert again.spec is not None
    assert again.spec.revision == spec.revision


def test_a_version_may_be_written_as_a_float_as_schemas_take_it(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    for version, rules in (("1.0", []), ("2.0", ["version-newer"]), ("0.0", ["version-older"])):
        (tmp_path / "envs/web.yaml").write_text(f"version: {version}\nname: web\n", encoding="utf-8")
        found = Catalog(tree=Tree.at(tmp_path)).examine("envs/web.yaml")
        assert [one.rule for one in found.problems] == rules


@pytest.mark.parametrize(
    "text",
    [
        "variables: |\n" + "  A=1\n" * 100_000,
        "variables: |\n" + "\n" * 300_000 + "  A=1\n" * 40_000,
        "variables: |\n" + "  A='\n" * 100_000,
        'variables: |\n  A="' + "\\x" * 400_000 + "\n",
        "network:\n  access: custom\n  allow:\n"
        + "".join(f"  - a{index}.example.com\n" for index in range(20_000))
        + "  deny:\n"
        + "".join(f"  - b{index}.example.com\n" for index in range(20_000)),
        "image: {ca_certificates: [spaces.pem]}\n",
    ],
    ids=["assignments", "blank-lines", "quotes", "escapes", "domains", "certificate"],
)
def test_large_declarations_end_soon(tmp_path: Path, text: str) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/spaces.pem").write_text("-----BEGIN CERTIFICATE-----" + " " * 1_000_000, encoding="utf-8")
    started = time.monotonic()
    _examine(tmp_path, "web", web=text)

    assert time.monotonic() - started < 60  # a hang, not the speed, is what this is about
