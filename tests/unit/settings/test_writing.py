"""A write changes what it was asked to change, whole or not at all."""

from __future__ import annotations

import fcntl
import multiprocessing
import stat
from typing import TYPE_CHECKING

import pytest

from toolkit.documents import files
from toolkit.errors import InvalidError, ToolkitError
from toolkit.settings import Layer, layer_path, load, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.settings.conftest import State

DEFAULT = ("remote", "default_environment")


@pytest.mark.parametrize("layer", [Layer.MANAGED, Layer.PROJECT_LOCAL, Layer.PROJECT, Layer.USER])
def test_a_first_write_makes_file_and_folders(root: Path, layer: Layer) -> None:
    path = write(layer, root, {DEFAULT: "web"})
    assert path == layer_path(layer, root)
    assert path.read_text() == "remote:\n  default_environment: web\n"
    assert load(root).remote.default_environment == "web"


def test_comments_order_and_mode_survive(root: Path, state: State) -> None:
    text = "# ours\nsite:\n  subnets: [10.0.0.0/16]  # free here\n\nremote:\n  default_environment: 'old' # why\n"
    path = state(Layer.USER, text)
    path.chmod(0o640)
    write(Layer.USER, root, {DEFAULT: "web"})
    assert path.read_text() == text.replace("'old'", "'web'")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_crlf_survives(root: Path, state: State) -> None:
    path = state(Layer.USER, "")
    path.write_bytes(b"remote:\r\n  account: me\r\n")
    write(Layer.USER, root, {DEFAULT: "web"})
    assert path.read_bytes() == b"remote:\r\n  account: me\r\n  default_environment: web\r\n"


def test_several_changes_are_one_write(root: Path) -> None:
    changes = {
        ("site", "ca_certificates"): ["host"],
        ("site", "registries"): {"pip": ["packages.example.com"]},
        ("site", "image_registry"): None,
    }
    write(Layer.USER, None, changes)
    site = load(root).site
    assert site.ca_certificates == ("host",)
    assert site.registries.pip == ("packages.example.com",)


def test_none_removes(root: Path, state: State) -> None:
    path = state(Layer.USER, "# mine\nremote:\n  default_environment: web\nsite: {subnets: []}\n")
    write(Layer.USER, root, {DEFAULT: None})
    assert path.read_text() == "# mine\nsite: {subnets: []}\n"


def test_an_unchanged_file_is_not_touched(root: Path, state: State) -> None:
    path = state(Layer.USER, "remote: {default_environment: web}\n")
    before = path.stat()
    write(Layer.USER, root, {DEFAULT: "web"})
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_removing_from_nothing_makes_no_file(root: Path) -> None:
    assert not write(Layer.PROJECT, root, {DEFAULT: None}).exists()
    assert not (root / ".toolkit").exists()


def test_a_symbolic_link_stays_one(root: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "settings.yaml"
    real.parent.mkdir()
    real.write_text("# kept\n")
    path = layer_path(Layer.USER, root)
    path.parent.mkdir(parents=True)
    path.symlink_to(real)
    write(Layer.USER, root, {DEFAULT: "web"})
    assert path.is_symlink()
    assert real.read_text() == "# kept\nremote:\n  default_environment: web\n"


def test_a_loop_of_symbolic_links_is_an_error(root: Path) -> None:
    path = layer_path(Layer.PROJECT, root)
    path.parent.mkdir()
    path.symlink_to(path)
    with pytest.raises(ToolkitError, match="settings cannot be"):
        write(Layer.PROJECT, root, {DEFAULT: "web"})


@pytest.mark.parametrize(
    ("layer", "changes", "place"),
    [
        (Layer.USER, {DEFAULT: "Not A Name"}, ":2:24: remote.default_environment"),
        (Layer.USER, {("remote", "colour"): "red"}, ":2:3: remote.colour"),
        (Layer.PROJECT, {("site", "subnets"): ["10.0.0.0/8"]}, ".toolkit/settings.yaml:2:3: site.subnets"),
    ],
)
def test_an_invalid_result_is_refused(
    root: Path, layer: Layer, changes: dict[tuple[str, ...], object], place: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        write(layer, root, changes)
    assert place in str(caught.value.diagnostics[0])
    assert not layer_path(layer, root).exists()


def test_a_write_may_mend_what_is_wrong(root: Path, state: State) -> None:
    state(Layer.USER, "remote: {default_environment: 1}\n")
    write(Layer.USER, root, {DEFAULT: "web"})
    assert load(root).remote.default_environment == "web"


def test_a_file_that_is_no_yaml_stays_as_it_is(root: Path, state: State) -> None:
    path = state(Layer.USER, "remote: [\n")
    with pytest.raises(InvalidError) as caught:
        write(Layer.USER, root, {DEFAULT: "web"})
    assert caught.value.diagnostics[0].path == str(path)
    assert path.read_text() == "remote: [\n"


def test_nothing_but_the_file_is_left_behind(root: Path) -> None:
    path = write(Layer.USER, root, {DEFAULT: "web"})
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_writer_left_is_no_obstacle(root: Path, state: State) -> None:
    path = state(Layer.USER, "")
    for number in (multiprocessing.current_process().pid, 1):
        path.with_name(f".settings.yaml.{number}.new").write_text("half")
    write(Layer.USER, root, {DEFAULT: "web"})
    assert load(root).remote.default_environment == "web"


def test_a_folder_that_cannot_be_made_is_an_error(root: Path) -> None:
    (root / ".toolkit").write_text("a file\n")
    with pytest.raises(ToolkitError, match="settings cannot be written") as caught:
        write(Layer.PROJECT, root, {DEFAULT: "web"})
    assert ".toolkit/settings.yaml" in caught.value.message


@pytest.mark.parametrize("layer", [Layer.PROJECT, Layer.PROJECT_LOCAL])
def test_git_sees_the_shared_settings_alone(root: Path, layer: Layer) -> None:
    write(layer, root, {DEFAULT: "web"})
    rules = [line for line in (root / ".toolkit/.gitignore").read_text().splitlines() if not line.startswith("#")]
    assert rules == ["/*", "!/settings.yaml"]


def test_an_own_gitignore_is_left_alone(root: Path) -> None:
    (root / ".toolkit").mkdir()
    (root / ".toolkit/.gitignore").write_text("mine\n")
    write(Layer.PROJECT_LOCAL, root, {DEFAULT: "web"})
    assert (root / ".toolkit/.gitignore").read_text() == "mine\n"


def test_a_writer_that_waits_too_long_says_for_what(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LOCK_SECONDS", 0.05)
    path = write(Layer.USER, root, {DEFAULT: "web"})
    (lock,) = (path.parents[2] / ".local/state/toolkit/locks").iterdir()
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ToolkitError, match="another command has been writing") as caught:
            write(Layer.USER, root, {DEFAULT: "other"})
    assert str(path) in caught.value.message
    assert load(root).remote.default_environment == "web"


def _write_hosts(start: object, client: str, count: int) -> None:
    start.wait()  # type: ignore[attr-defined] # multiprocessing's barrier has no public type
    for number in range(count):
        hosts = [f"host-{other}.{client}.example.com" for other in range(number + 1)]
        write(Layer.USER, None, {("site", "registries", client): hosts})


def test_writers_at_once_lose_nothing(root: Path, state: State) -> None:
    path = state(Layer.USER, "# kept\nsite: {}\n")
    clients = ["pip", "npm", "go", "cargo"]
    spawn = multiprocessing.get_context("fork")
    start = spawn.Barrier(len(clients))
    writers = [spawn.Process(target=_write_hosts, args=(start, client, 8)) for client in clients]
    for one in writers:
        one.start()
    for one in writers:
        one.join(timeout=60)
    assert [one.exitcode for one in writers] == [0, 0, 0, 0]
    found = load(root).site.registries.by_client()
    assert {client: len(hosts) for client, hosts in found.items()} == dict.fromkeys(clients, 8)
    assert path.read_text().startswith("# kept\n")
    assert list(path.parent.iterdir()) == [path]
