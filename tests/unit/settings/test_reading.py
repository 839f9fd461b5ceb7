"""Five layers, one value, and who stated it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolkit.errors import InvalidError, ToolkitError
from toolkit.settings import Layer, Registries, Settings, layer_path, load

if TYPE_CHECKING:
    from tests.unit.settings.conftest import State

HIGHEST_FIRST = [Layer.MANAGED, Layer.PROJECT_LOCAL, Layer.PROJECT, Layer.USER]


def test_without_files_nothing_is_stated(root: Path) -> None:
    assert load(root) == Settings()


def test_each_layer_has_its_file(root: Path, managed_path: Path) -> None:
    assert [layer_path(layer, root) for layer in HIGHEST_FIRST] == [
        managed_path,
        root / ".toolkit/settings.local.yaml",
        root / ".toolkit/settings.yaml",
        Path.home() / ".config/toolkit/settings.yaml",
    ]


def test_the_command_line_has_no_file(root: Path) -> None:
    with pytest.raises(ValueError, match="command-line"):
        layer_path(Layer.COMMAND_LINE, root)


@pytest.mark.parametrize("top", range(4))
def test_a_scalar_of_a_higher_layer_overrides(root: Path, state: State, top: int) -> None:
    paths = {layer: state(layer, f"remote: {{default_environment: {layer}}}\n") for layer in HIGHEST_FIRST[top:]}
    loaded = load(root)
    assert loaded.remote.default_environment == HIGHEST_FIRST[top].value
    assert [(one.layer, one.path) for one in loaded.origins("remote", "default_environment")] == list(paths.items())


def test_without_a_root_the_project_says_nothing(state: State) -> None:
    state(Layer.PROJECT, "remote: {default_environment: web}\n")
    state(Layer.USER, "remote: {account: me}\n")
    assert load(None).remote.default_environment is None
    assert load(None).remote.account == "me"


def test_lists_merge_the_highest_layer_first_each_item_once(root: Path, state: State) -> None:
    state(Layer.MANAGED, "site:\n  subnets: [10.0.0.0/16, 10.1.0.0/16]\n  registries: {pip: [a.example.com]}\n")
    state(Layer.USER, "site:\n  subnets: [10.2.0.0/16, 10.0.0.0/16]\n  registries: {npm: [b.example.com]}\n")
    site = load(root).site
    assert site.subnets == ("10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16")
    assert site.registries == Registries(pip=("a.example.com",), npm=("b.example.com",))
    assert site.registries.by_client() == {"pip": ("a.example.com",), "npm": ("b.example.com",)}


def test_an_origin_has_its_place(root: Path, state: State) -> None:
    path = state(Layer.USER, "# mine\nsite:\n  egress:\n    dns: [192.0.2.1]\n    network: uplink\n")
    (dns,) = load(root).origins("site", "egress", "dns")
    assert (dns.value, dns.path, dns.line, dns.column) == (("192.0.2.1",), path, 4, 10)
    assert load(root).site.egress.network == "uplink"


def test_certificates_start_at_the_folder_of_their_file(root: Path, state: State) -> None:
    managed = state(Layer.MANAGED, "site: {ca_certificates: [host, ca/corporate.pem]}\n")
    state(Layer.USER, "site: {ca_certificates: [~/own.pem, /etc/other.pem, host]}\n")
    assert load(root).site.ca_certificates == (
        "host",
        str(managed.parent / "ca/corporate.pem"),
        str(Path.home() / "own.pem"),
        "/etc/other.pem",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("remote:\n  default_enviroment: web\n", ":2:3: remote.default_enviroment: 'default_enviroment' is not a key"),
        ("remote:\n  default_environment: Web\n", ":2:24: remote.default_environment: 'Web' is no name of an environ"),
        ("remote:\n  default_environment: 1\n", ":2:24: remote.default_environment: expected text, found 1"),
        ("remote: web\n", ":1:9: remote: expected a mapping, found 'web'"),
        ("- remote\n", ":1:1: expected a mapping, found a list"),
        ("site:\n  subnets:\n  - 10.0.0.0/16\n  - ten\n", ":4:5: site.subnets.1: 'ten' is no IPv4 network"),
        ("site: {subnets: [10.0.0.1/16]}\n", ":1:18: site.subnets.0: '10.0.0.1/16' is not how this network is writ"),
        ("site: {subnets: [10.0.0.0/30]}\n", ":1:18: site.subnets.0: '10.0.0.0/30' has no room for a session's /29"),
        ("site:\n  egress: {dns: [dns.example.com]}\n", ":2:18: site.egress.dns.0: 'dns.example.com' is no IP addres"),
        ("site:\n  registries: {pip: ['https://x']}\n", ":2:22: site.registries.pip.0: 'https://x' is no host name"),
        ("site: {image_registry: 'https://r'}\n", ":1:24: site.image_registry: 'https://r' names no image registry"),
        ("site: {registries: {gem: []}}\n", ":1:21: site.registries.gem: 'gem' is not a key of site.registries"),
        ("remote: {}\nremote: {}\n", ":2:1: "),
        ("remote: [\n", ":2:1: "),
    ],
)
def test_a_problem_has_its_place(root: Path, state: State, text: str, problem: str) -> None:
    path = state(Layer.USER, text)
    with pytest.raises(InvalidError, match="settings are invalid") as caught:
        load(root)
    assert str(path) in caught.value.message
    assert f"{path}{problem}" in "\n".join(map(str, caught.value.diagnostics))


@pytest.mark.parametrize("layer", [Layer.PROJECT, Layer.PROJECT_LOCAL])
def test_a_project_cannot_redirect_traffic(root: Path, state: State, layer: Layer) -> None:
    path = state(
        layer, "remote:\n  account: other\n  default_environment: web\nsite:\n  subnets: []\n  image_registry: r\n"
    )
    with pytest.raises(InvalidError) as caught:
        load(root)
    shown = path.relative_to(root)
    assert [(one.path, one.line, one.column, one.pointer, one.rule) for one in caught.value.diagnostics] == [
        (str(shown), 2, 3, "remote.account", "settings-out-of-place"),
        (str(shown), 5, 3, "site.subnets", "settings-out-of-place"),
        (str(shown), 6, 3, "site.image_registry", "settings-out-of-place"),
    ]


def test_problems_of_all_files_come_at_once(root: Path, state: State) -> None:
    state(Layer.PROJECT, "site: {subnets: []}\n")
    state(Layer.PROJECT_LOCAL, "remote: {default: x}\n")
    state(Layer.MANAGED, "other: 1\n")
    with pytest.raises(InvalidError) as caught:
        load(root)
    assert len({one.path for one in caught.value.diagnostics}) == 3
    assert list(caught.value.diagnostics) == sorted(caught.value.diagnostics, key=lambda one: one.sort_key)


def test_a_file_that_cannot_be_read_is_named(root: Path) -> None:
    path = layer_path(Layer.PROJECT, root)
    path.mkdir(parents=True)
    with pytest.raises(ToolkitError, match="settings cannot be read") as caught:
        load(root)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_says_nothing(root: Path, state: State, text: str) -> None:
    state(Layer.USER, text)
    assert load(root) == Settings()
