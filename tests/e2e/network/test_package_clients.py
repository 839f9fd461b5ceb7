"""At `trusted` the usual package clients just work, by this machine's own registries; the rest is refused as policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import own_things
from tests.support.cli import Toolkit
from tests.support.git import repository

if TYPE_CHECKING:
    from collections.abc import Iterator

DECLARATION = """version: 1
name: clients
network: {access: trusted}
image: {packages: {apt: [curl, nodejs, npm, python3-pip, python3-venv]}}
"""
# A small package of each registry, asked for by name; where they come from is the clients' own business.
CLIENTS = {
    "pip": "python3 -m venv /tmp/v && /tmp/v/bin/pip install -q six && /tmp/v/bin/python -c 'import six'",
    "npm": "mkdir -p /tmp/n && cd /tmp/n && npm install --silent is-number && test -d node_modules/is-number",
    "apt": "apt-get -qq update && apt-get -qq install -y hello >/dev/null && hello >/dev/null",
    "curl": 'curl -sSf -o /dev/null "$(npm config get registry)is-number"',
    "fetch": "node -e 'fetch(process.argv[1]).then(r => process.exit(r.ok ? 0 : 1))'"
    ' "$(npm config get registry)is-number"',
}
REFUSED = {
    "curl": "curl -sS https://not-declared.example.com/",
    "fetch": 'node -e \'fetch("https://not-declared.example.com/")'
    ".catch(e => { console.log(e.cause.message); process.exit(9) })'",
    "git": "git ls-remote https://not-declared.example.com/x.git",
}


@pytest.fixture(scope="module")
def site(provisioned: Toolkit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    root = tmp_path_factory.mktemp("clients")
    (root / "envs").mkdir()
    (root / "envs" / "clients.yaml").write_text(DECLARATION)
    checkout = repository(tmp_path_factory.mktemp("work") / "shop")
    toolkit = Toolkit(root=root, cwd=checkout, environment=provisioned.environment)
    stack = own_things.new_stack()
    toolkit("up", "--yes", "--stack", stack)
    yield toolkit
    toolkit("destroy", "--yes", "--force", "--stack", stack)


@pytest.fixture(scope="module")
def session(site: Toolkit) -> Iterator[str]:
    found = str(site.json("remote", "true", "--wait")["session"]["id"])
    yield found
    site("rm", found, "--yes", "--force")


@pytest.mark.parametrize("client", list(CLIENTS))
def test_a_client_just_works(site: Toolkit, session: str, client: str) -> None:
    site("exec", session, "--", "bash", "-c", CLIENTS[client])


@pytest.mark.parametrize("client", list(REFUSED))
def test_a_client_is_told_that_it_is_policy(site: Toolkit, session: str, client: str) -> None:
    done = site("exec", session, "--", "bash", "-c", REFUSED[client], code=None)
    assert done.returncode != 0
    assert "407" in done.stdout + done.stderr or "policy" in done.stdout + done.stderr


def test_the_audit_names_every_registry_that_was_used(site: Toolkit, session: str) -> None:
    entries = site.json("audit", session)["entries"]
    allowed = {one["host"] for one in entries if one["decision"] == "allow"}
    listed = site.json("network", "show", "clients")["groups"]
    registries = {name for group in listed if group["kind"] == "registry" for name in group["names"]}
    assert allowed
    assert allowed <= registries
    assert {one["host"] for one in entries if one["decision"] == "deny"} == {"not-declared.example.com"}


def test_a_refused_host_is_told_once_where_the_transcript_is_read(site: Toolkit, session: str) -> None:
    told = [one for one in site("logs", session).stderr.splitlines() if "not-declared.example.com" in one]
    assert len(told) == 1
    assert "refused by the network policy" in told[0]
