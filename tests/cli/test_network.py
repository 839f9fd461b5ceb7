"""`toolkit network`, by its command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from toolkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

_BASE = """\
version: 1
name: base
network:
  access: custom
  allow: [api.example.com]
  deny: [telemetry.example.com]
"""
_WEB = """\
version: 1
name: web
extends: base
network:
  allow:
    - "*.Sub.example.com"
  secrets:
    - name: billing
      hosts: [billing.example.com]
      header: Authorization
      from: {env: BILLING_TOKEN}
"""
_SETTINGS = """\
site:
  registries:
    npm: [npm.example.net]
    pip:
      - pip.example.net
      - files.example.net
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "envs").mkdir(parents=True)
    for name, text in {
        "base": _BASE,
        "web": _WEB,
        "plain": "version: 1\nname: plain\n",
        "closed": "version: 1\nname: closed\nnetwork: {access: none}\n",
        "open": "version: 1\nname: open\nnetwork: {access: full}\n",
    }.items():
        (folder / f"envs/{name}.yaml").write_text(text, encoding="utf-8")
    settings = tmp_path / "home/.config/toolkit/settings.yaml"
    settings.parent.mkdir(parents=True)
    settings.write_text(_SETTINGS, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    return document


def _checked(capsys: pytest.CaptureFixture[str], name: str, url: str, code: int) -> dict[str, Any]:
    assert main(["network", "check", name, url, "--json"]) == code
    return _json(capsys)


def test_show_has_lists_secrets_and_digest(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["network", "show", "web", "--json"]) == 0
    shown = _json(capsys)
    rules = shown.pop("rules")
    assert len(shown.pop("sha256")) == 64
    assert shown == {
        "version": 1,
        "environment": "web",
        "level": "custom",
        "preset": None,
        "allow": ["api.example.com", "*.sub.example.com"],
        "deny": ["telemetry.example.com"],
        "secrets": [{"name": "billing", "hosts": ["billing.example.com"]}],
        "groups": [],
    }
    assert [one for one in rules if one["source"] != "built in"] == [
        _shown_rule("deny", "telemetry.example.com", "envs/base.yaml:6:10", "deny"),
        _shown_rule("secret", "billing.example.com", "envs/web.yaml:9:15", "allow"),
        _shown_rule("allow", "api.example.com", "envs/base.yaml:5:11", "allow"),
        _shown_rule("allow", "*.sub.example.com", "envs/web.yaml:6:7", "allow"),
        _shown_rule("default", "(nothing else)", "envs/base.yaml:4:11", "deny"),
    ]
    assert root.is_dir()


def _shown_rule(kind: str, pattern: str, source: str, decision: str) -> dict[str, str]:
    return {"kind": kind, "pattern": pattern, "source": source, "decision": decision}


def test_show_has_the_default_list_and_the_sites_registries_by_group(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["network", "show", "plain", "--json"]) == 0
    shown = _json(capsys)
    assert (shown["level"], shown["allow"], shown["deny"], shown["secrets"]) == ("trusted", [], [], [])
    groups = {(one["kind"], one["name"]): one for one in shown["groups"]}
    assert "rubygems.org" in groups["preset", "ruby"]["names"]
    assert groups["preset", "ruby"]["source"] == f"preset {shown['preset']}, group ruby"
    settings = root.parent / "home/.config/toolkit/settings.yaml"
    assert [one for one in shown["groups"] if one["kind"] == "registry"] == [
        {
            "kind": "registry",
            "name": "pip",
            "source": f"site.registries.pip ({settings}:5:7)",
            "names": ["pip.example.net", "files.example.net"],
        },
        {
            "kind": "registry",
            "name": "npm",
            "source": f"site.registries.npm ({settings}:3:10)",
            "names": ["npm.example.net"],
        },
    ]


def test_show_is_a_table_of_rules_in_order(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["network", "show", "web"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["web", "access", "custom", "sha256"]
    assert lines[2].split() == ["DECISION", "RULE", "PATTERN", "FROM"]
    assert lines[-1].split() == ["deny", "default", "(nothing", "else)", "envs/base.yaml:4:11"]
    assert ["allow", "allow", "*.sub.example.com", "envs/web.yaml:6:7"] in [line.split() for line in lines]
    assert main(["network", "show", "plain"]) == 0
    said = capsys.readouterr()
    assert "preset 2026.08, group ruby" in said.out
    assert "package registries: pip 2, npm 1" in said.err
    assert root.is_dir()


def test_the_digest_minds_meaning_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digests = []
    for text in (_BASE, f"# first\n{_BASE}", _BASE.replace("[api.", "[x.")):
        (root / "envs/base.yaml").write_text(text, encoding="utf-8")
        assert main(["network", "show", "base", "--json"]) == 0
        digests.append(_json(capsys)["sha256"])
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


@pytest.mark.parametrize(
    ("name", "url", "rule"),
    [
        ("web", "https://api.example.com/v1", ("allow", "api.example.com", "envs/base.yaml:5:11")),
        ("web", "A.sub.example.com.", ("allow", "*.sub.example.com", "envs/web.yaml:6:7")),
        ("web", "https://billing.example.com", ("secret", "billing.example.com", "envs/web.yaml:9:15")),
        ("plain", "https://rubygems.org/x", ("preset", "rubygems.org", "preset 2026.08, group ruby")),
        ("plain", "https://storage.gcr.io", ("preset", "*.gcr.io", "preset 2026.08, group container-registries")),
        ("plain", "http://npm.example.net/x", ("registry", "npm.example.net", "site.registries.npm ({settings}:3:10)")),
        ("open", "http://any.example.com", ("level", "(any public name)", "envs/open.yaml:3:19")),
    ],
)
def test_check_allows_and_says_by_which_rule(
    root: Path, capsys: pytest.CaptureFixture[str], name: str, url: str, rule: tuple[str, str, str]
) -> None:
    kind, pattern, source = rule
    found = _checked(capsys, name, url, 0)
    assert found.pop("reason")
    settings = root.parent / "home/.config/toolkit/settings.yaml"
    assert found == {
        "version": 1,
        "url": url,
        "decision": "allow",
        "rule": {"kind": kind, "pattern": pattern, "source": source.format(settings=settings)},
    }


@pytest.mark.parametrize(
    ("name", "url", "kind", "source"),
    [
        ("web", "https://telemetry.example.com", "deny", "envs/base.yaml:6:10"),
        ("web", "https://sub.example.com", "default", "envs/base.yaml:4:11"),
        ("web", "https://rubygems.org", "default", "envs/base.yaml:4:11"),
        ("web", "http://billing.example.com", "secret", "envs/web.yaml:9:15"),
        ("web", "https://api.example.com:8443", "port", "built in"),
        ("web", "ftp://api.example.com", "scheme", "built in"),
        ("web", "https://user@api.example.com", "malformed", "built in"),
        ("plain", "https://other.example.com", "default", "envs/plain.yaml:1:1"),
        ("closed", "https://rubygems.org", "default", "envs/closed.yaml:3:19"),
        ("open", "http://169.254.169.254/latest", "address", "built in"),
        ("open", "http://[::1]/", "address", "built in"),
        ("open", "http://localhost", "address", "built in"),
    ],
)
def test_check_denies_and_says_by_which_rule(
    root: Path, capsys: pytest.CaptureFixture[str], name: str, url: str, kind: str, source: str
) -> None:
    found = _checked(capsys, name, url, 1)
    assert (found["decision"], found["rule"]["kind"], found["rule"]["source"]) == ("deny", kind, source)
    assert found["reason"]
    assert root.is_dir()


def test_check_for_a_person(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["network", "check", "web", "https://sub.example.com/x"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "deny  https://sub.example.com/x",
        "  rule:   default (nothing else)",
        "  from:   envs/base.yaml:4:11",
        "  reason: '*.sub.example.com' stands for the names below sub.example.com, not for itself",
    ]
    assert said.err == ""
    assert root.is_dir()


def test_check_prints_nothing_that_steers_a_terminal(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "https://x.example/\x1b[2J\udcff"
    assert main(["network", "check", "web", url]) == 1
    assert "\x1b" not in capsys.readouterr().out
    assert _checked(capsys, "web", url, 1)["rule"]["kind"] == "malformed"
    assert root.is_dir()


@pytest.mark.parametrize("words", [["show", "wbe"], ["check", "wbe", "x.example.com"]])
def test_an_unknown_name_says_what_exists(root: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["network", *words]) == 1
    assert "did you mean 'web'? environments: base, closed, open, plain, web" in capsys.readouterr().err
    assert root.is_dir()


def test_files_with_errors_decide_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "envs/base.yaml").write_text(_BASE.replace("custom", "ful"), encoding="utf-8")
    assert main(["network", "check", "web", "https://api.example.com", "--json"]) == 1
    assert [one["path"] for one in _json(capsys)["error"]["problems"]] == ["envs/base.yaml"]

    (root / ".toolkit").mkdir()
    (root / ".toolkit/settings.yaml").write_text(_SETTINGS, encoding="utf-8")
    assert main(["network", "check", "plain", "https://npm.example.net"]) == 1
    assert "site" in capsys.readouterr().err


def test_a_missing_url_is_a_usage_error(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["network", "check", "web"]) == 2
    assert "URL" in capsys.readouterr().err
    assert root.is_dir()
