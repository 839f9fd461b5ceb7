"""What each client's own words say about the registries it uses."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from toolkit.network import registries
from toolkit.network.registries import (
    cargo_addresses,
    cargo_index,
    go_addresses,
    hosts_of,
    maven_addresses,
    npm_addresses,
    pip_addresses,
)

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = "https://index.example.com/simple/ files.example.com"


def test_hosts_are_lowered_sorted_and_once() -> None:
    assert hosts_of(["https://B.example.com/x", "a.example.com", "http://b.example.com:8080/", "a.example.com."]) == (
        "a.example.com",
        "b.example.com",
    )


def test_credentials_addresses_and_local_names_do_not_get_in() -> None:
    given = [
        "https://user:secret@mirror.example.com/simple",
        "http://192.0.2.7/simple",
        "http://[2001:db8::1]/",
        "http://localhost:3141/",
        "file:///srv/wheels",
        "http://[broken",
        "",
    ]
    assert hosts_of(given) == ("mirror.example.com",)


def test_pip_without_an_index_of_its_own_uses_its_default_and_its_file_host() -> None:
    assert hosts_of(pip_addresses("global.timeout='60'\n", DEFAULT)) == ("files.example.com", "index.example.com")


def test_pip_with_an_index_of_its_own_uses_nothing_else() -> None:
    configured = "global.index-url='https://mirror.example.com/simple'\n:env:.cert='/etc/ca.crt'\n"
    assert hosts_of(pip_addresses(configured, DEFAULT)) == ("mirror.example.com",)


def test_pip_extra_indexes_come_on_top() -> None:
    configured = ":env:.extra-index-url='https://one.example.com/simple\\nhttps://two.example.com/simple'\n"
    assert hosts_of(pip_addresses(configured, DEFAULT)) == (
        "files.example.com",
        "index.example.com",
        "one.example.com",
        "two.example.com",
    )


def test_npm_takes_the_registry_and_those_of_scopes() -> None:
    configured = '{"registry": "https://npm.example.com/", "@team:registry": "https://own.example.com/", "proxy": null}'
    assert hosts_of(npm_addresses(configured)) == ("npm.example.com", "own.example.com")


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        (
            '{"GOPROXY": "https://go.example.com,direct", "GOSUMDB": "sum.example.com"}',
            ("go.example.com", "sum.example.com"),
        ),
        (
            '{"GOPROXY": "https://a.example.com|https://b.example.com", "GOSUMDB": "off"}',
            ("a.example.com", "b.example.com"),
        ),
        (
            '{"GOPROXY": "off", "GOSUMDB": "sum.example.com+1234+AbC= https://mirror.example.com/sum"}',
            ("mirror.example.com",),
        ),
        ('{"GOPROXY": "direct", "GOSUMDB": "sum.example.com+1234+AbC="}', ("sum.example.com",)),
        ("{}", ()),
    ],
)
def test_go_takes_proxies_and_the_checksum_database(configured: str, expected: tuple[str, ...]) -> None:
    assert hosts_of(go_addresses(configured)) == expected


CARGO_REPLACED = """
[source.crates-io]
replace-with = "mirror"
[source.mirror]
registry = "sparse+https://crates.example.com/index/"
[registries.own]
index = "https://own.example.com/git/index"
"""


def test_cargo_with_a_replaced_default() -> None:
    addresses, replaced = cargo_addresses([CARGO_REPLACED])
    assert replaced
    assert hosts_of(addresses) == ("crates.example.com", "own.example.com")


def test_cargo_without_configuration_keeps_its_default() -> None:
    assert cargo_addresses([]) == ([], False)
    assert cargo_addresses(["[net]\nretry = 2\n"]) == ([], False)


def test_a_cargo_index_says_where_the_crates_are() -> None:
    text = '{"dl": "https://static.example.com/crates", "api": "https://api.example.com", "auth-required": false}'
    assert hosts_of(cargo_index(text)) == ("api.example.com", "static.example.com")


MAVEN = """<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
  <mirrors><mirror><id>m</id><mirrorOf>{of}</mirrorOf><url>https://maven.example.com/all</url></mirror></mirrors>
  <profiles><profile><repositories>
    <repository><id>r</id><url> https://releases.example.com/ </url></repository>
  </repositories></profile></profiles>
</settings>"""


@pytest.mark.parametrize(("of", "covers"), [("*", True), ("central", True), ("snapshots", False)])
def test_maven_takes_mirrors_and_repositories(of: str, *, covers: bool) -> None:
    addresses, mirrored = maven_addresses(MAVEN.format(of=of))
    assert hosts_of(addresses) == ("maven.example.com", "releases.example.com")
    assert mirrored is covers


def test_only_clients_that_are_present_and_answer_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, answer in {
        "npm": 'echo \'{"registry": "https://npm.example.com/"}\'',
        "go": "echo broken; exit 3",
        "apt-get": 'echo "http://deb.example.com/debian"; echo "http://deb.example.com/security"',
        "mvn": "echo 'no home here'",
        "cargo": "exit 101",
        "python3": "exit 1",
    }.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{answer}\n")
        program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert registries.discover() == {"npm": ("npm.example.com",), "apt": ("deb.example.com",)}


def test_the_default_index_of_cargo_is_read_where_cargo_left_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "cargo" / "registry" / "index" / "crates.example.com-1949cf8c6b5b557f"
    index.mkdir(parents=True)
    (index / "config.json").write_text('{"dl": "https://static.example.com/crates"}')
    program = tmp_path / "bin" / "cargo"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 101\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "cargo"))
    monkeypatch.setattr(sys, "executable", str(program))
    assert registries.discover() == {"cargo": ("crates.example.com", "static.example.com")}
