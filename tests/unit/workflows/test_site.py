"""What setup writes for the site, and whose values it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from toolkit import paths, settings
from toolkit.network import registries
from toolkit.provision import host_trust
from toolkit.settings import Layer
from toolkit.workflows import site

if TYPE_CHECKING:
    from collections.abc import Mapping

PIP = ("site", "registries", "pip")
NPM = ("site", "registries", "npm")
CAS = ("site", "ca_certificates")


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    """Clients and their hosts, to be filled by the test; the host trusts nothing of its own."""
    clients: dict[str, tuple[str, ...]] = {}
    monkeypatch.setattr(registries, "discover", lambda: dict(clients))
    monkeypatch.setattr(host_trust, "host_certificates", lambda: ())
    return clients


def setup() -> Mapping[tuple[str, ...], tuple[str, ...]]:
    proposal = site.propose()
    if proposal.changes:
        site.write(proposal)
    return proposal.changes


def text() -> str:
    return settings.layer_path(Layer.USER, None).read_text()


def test_what_is_found_is_written_once(host: dict[str, tuple[str, ...]]) -> None:
    host["pip"] = ("a.example.com", "b.example.com")
    assert setup() == {PIP: ("a.example.com", "b.example.com")}
    assert settings.load(None).site.registries.pip == ("a.example.com", "b.example.com")
    assert setup() == {}


def test_a_changed_site_changes_what_setup_wrote(host: dict[str, tuple[str, ...]]) -> None:
    host["pip"] = ("a.example.com", "b.example.com")
    setup()
    host["pip"] = ("b.example.com",)
    assert setup() == {PIP: ("b.example.com",)}
    assert settings.load(None).site.registries.pip == ("b.example.com",)


def test_a_persons_own_value_is_kept_and_named(host: dict[str, tuple[str, ...]]) -> None:
    host.update(pip=("a.example.com",), npm=("n.example.com",))
    setup()
    path = settings.layer_path(Layer.USER, None)
    path.write_text("# mine\n" + path.read_text().replace("a.example.com", "own.example.com"))
    host.update(pip=("b.example.com",), npm=("m.example.com",))
    proposal = site.propose()
    assert proposal.changes == {NPM: ("m.example.com",)}
    assert proposal.kept == ("site.registries.pip",)
    assert "your own site.registries.pip kept" in site.describe(proposal)
    site.write(proposal)
    assert settings.load(None).site.registries.pip == ("own.example.com",)
    assert text().startswith("# mine\n")


def test_a_person_who_has_more_than_was_found_is_not_bothered(host: dict[str, tuple[str, ...]]) -> None:
    settings.write(Layer.USER, None, {PIP: ["a.example.com", "extra.example.com"]})
    host["pip"] = ("a.example.com",)
    proposal = site.propose()
    assert (proposal.changes, proposal.kept) == ({}, ())


def test_the_hosts_own_authorities_are_asked_for_by_one_word(
    host: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_trust, "host_certificates", lambda: ("a certificate",))
    assert setup() == {CAS: ("host",)}
    assert settings.load(None).site.ca_certificates == ("host",)


def test_a_plain_host_writes_nothing(host: dict[str, tuple[str, ...]]) -> None:
    assert setup() == {}
    assert not settings.layer_path(Layer.USER, None).exists()
    assert site.describe(site.propose()) == "nothing special about this site"


def test_a_damaged_record_makes_every_stated_value_a_persons(host: dict[str, tuple[str, ...]]) -> None:
    host["pip"] = ("a.example.com",)
    setup()
    (paths.state_dir() / "site.json").write_text("[")
    host["pip"] = ("b.example.com",)
    assert setup() == {}
    assert settings.load(None).site.registries.pip == ("a.example.com",)
