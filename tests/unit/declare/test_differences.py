"""What changed by meaning, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from toolkit.declare.catalog import Catalog
from toolkit.declare.differences import between
from toolkit.declare.tree import Tree
from toolkit.model.declarations import Effect, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.model.environment import EnvironmentSpec

_W, _N, _I, _S, _NEXT = Effect


def _spec(root: Path, text: str) -> EnvironmentSpec:
    (root / "envs").mkdir(exist_ok=True)
    (root / "envs/web.yaml").write_text(f"version: 1\nname: web\n{text}", encoding="utf-8")
    spec = Catalog(tree=Tree.at(root)).examine("envs/web.yaml").spec
    assert spec is not None
    return spec


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "description: text\n", []),
        ("variables: A=a\n", "variables: A=b\n", [("variables.A", "a", "b", (_NEXT,))]),
        ("", "variables: A=b\n", [("variables.A", None, "b", (_NEXT,))]),
        ("", "archived: true\n", [("archived", False, True, ())]),
        ("network: {access: none}\n", "network: {access: full}\n", [("network.access", "none", "full", (_W, _NEXT))]),
        ("network: {access: full}\n", "", [("network.access", "full", "trusted", (_N, _NEXT))]),
        (
            "network: {access: custom, allow: [a.example.com]}\n",
            "network: {access: custom, allow: [a.example.com, b.example.com]}\n",
            [("network.allow", None, "b.example.com", (_W, _NEXT))],
        ),
        (
            "network: {access: custom, allow: ['*.example.com']}\n",
            "network: {access: custom, allow: ['*.example.com', b.example.com]}\n",
            [("network.allow", None, "b.example.com", (_NEXT,))],
        ),
        (
            "network: {access: custom, allow: [a.example.com]}\n",
            "network: {access: custom, include_defaults: true}\n",
            [
                ("network.allow", "a.example.com", None, (_N, _NEXT)),
                ("network.include_defaults", False, True, (_W, _NEXT)),
            ],
        ),
        ("", "network: {deny: [a.example.com]}\n", [("network.deny", None, "a.example.com", (_N, _NEXT))]),
        ("network: {deny: [a.example.com]}\n", "", [("network.deny", "a.example.com", None, (_W, _NEXT))]),
        ("", "image: {packages: {apt: [git]}}\n", [("image.packages.apt", None, "git", (_I,))]),
        (
            "setup: {script: a}\n",
            "setup: {script: a}\nimage: {base: debian:13}\n",
            [("image.base", "debian:bookworm-slim", "debian:13", (_I, _S))],
        ),
        (
            "setup: {script: a}\nnetwork: {access: none}\n",
            "setup: {script: a}\n",
            [("network.access", "none", "trusted", (_W, _S, _NEXT))],
        ),
        ("setup: {script: a}\n", "setup: {script: b}\n", [("setup.script", "a", "b", (_S, _NEXT))]),
        ("", "setup: {timeout: 6m}\n", [("setup.timeout", "5m", "6m", (_NEXT,))]),
        ("", "agent: {command: [a]}\n", [("agent", "shell", {"command": ["a"], "next": ["a"]}, (_NEXT,))]),
        (
            "push: {branches: [a, b]}\n",
            "push: {branches: [b, a]}\n",
            [("push.branches", ["a", "b"], ["b", "a"], (_NEXT,))],
        ),
    ],
)
def test_changes(tmp_path: Path, before: str, after: str, expected: list[tuple[object, ...]]) -> None:
    found = between(_spec(tmp_path, before), _spec(tmp_path, after))

    assert [(one.pointer, one.before, one.after, one.effects) for one in found] == expected
    assert {one.kind for one in found} <= {Kind.CHANGED}


def test_a_secrets_host_widens_the_network(tmp_path: Path) -> None:
    secret = "{name: a, hosts: [a.example.com], header: A, from: {env: A}}"
    found = between(_spec(tmp_path, ""), _spec(tmp_path, f"network: {{secrets: [{secret}]}}\n"))

    assert [(one.pointer, one.effects) for one in found] == [("network.secrets.a", (_W, _NEXT))]


@pytest.mark.parametrize(
    ("change", "effects"),
    [
        (("prefix: x", "prefix: y"), (_NEXT,)),
        (("env: A", "env: B"), (_NEXT,)),
        (("hosts: [a.example.com]", "hosts: [b.example.com]"), (_W, _N, _NEXT)),
        (("hosts: [a.example.com]", "hosts: [a.example.com, b.example.com]"), (_W, _NEXT)),
        (("hosts: [a.example.com]", "hosts: [free.example.com]"), (_N, _NEXT)),  # that one was allowed before
    ],
)
def test_what_changed_in_a_secret_says_whether_the_network_did(
    tmp_path: Path, change: tuple[str, str], effects: tuple[Effect, ...]
) -> None:
    text = (
        "network: {access: custom, allow: [free.example.com], secrets: "
        "[{name: a, hosts: [a.example.com], header: A, prefix: x, from: {env: A}}]}\n"
    )
    # another change beside it is not the secret's
    other = text.replace(*change).replace("allow: [", "allow: [more.example.com, ")
    found = {one.pointer: one.effects for one in between(_spec(tmp_path, text), _spec(tmp_path, other))}

    assert found == {"network.allow": (_W, _NEXT), "network.secrets.a": effects}


def test_environments_come_and_go(tmp_path: Path) -> None:
    spec = _spec(tmp_path, "")
    (came,), (went,) = between(None, spec), between(spec, None)

    assert (came.kind, came.before, came.after) == (Kind.ADDED, None, spec.revision[:12])
    assert (went.kind, went.before, went.after) == (Kind.REMOVED, spec.revision[:12], None)
