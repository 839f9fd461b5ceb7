"""preview, up and destroy on the real engine with the real Pulumi: each test has a root and a stack of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from tests.support import own_things
from tests.support.cli import Toolkit
from tests.support.stack_site import BASE, SECONDS, Site, actions, certificate, reasons, site_at, wait_for_build
from toolkit.engines.base import ContainerRequest
from toolkit.model import labels
from toolkit.provision import recorded
from toolkit.sessions import disk_limit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolkit.engines.base import Engine


@pytest.fixture
def site(provisioned: Toolkit, engine: Engine, tmp_path: Path) -> Iterator[Site]:
    """Settings are this machine's own, by way of `provisioned`: its builds must trust the site's CA."""
    with site_at(tmp_path / "root", engine, provisioned.environment) as made:
        yield made


@pytest.fixture
def stand_in(site: Site) -> Iterator[Rebased]:
    """The declared base of `one` is a name of this test's own for our Debian; nothing of it stays."""
    debian = site.engine.image("toolkit.local/debian:bookworm-slim")
    assert debian is not None
    name = f"toolkit.local/{site.stack}:12"
    site.engine.tag_image(debian.id, name)
    site.declare("one", base=name)
    yield Rebased(name=name, id=debian.id)
    site.destroy()
    site.engine.remove_image(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebased:
    """A base image as it was at first: its name, which may be given to other content, and its id."""

    name: str
    id: str


def run_in(image: str, *command: str) -> str:
    argv = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "", image, *command]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=SECONDS).stdout


def test_from_declarations_to_images_and_back_to_nothing(site: Site) -> None:
    site.declare("two")
    assert actions(site.preview("--check", code=4)) == {"one": "create", "two": "create"}
    assert site.images() == []

    made = site.up()
    assert made["stack"] == site.stack
    assert actions(made) == {"one": "create", "two": "create"}
    assert made["summary"] == {"create": 3, "update": 0, "replace": 0, "delete": 0, "same": 0}  # and the gateways'
    for name, described in made["images"].items():
        image = site.engine.image(described["reference"])
        assert image is not None
        assert image.id == described["digest"]
        assert image.labels[labels.ENVIRONMENT] == name
        assert image.labels[labels.BUILD] == described["build"]
        assert image.labels[labels.KIND] == "image"
        assert "LANG=C.UTF-8" in run_in(image.id, "env")
        run_in(image.id, "bash", "-c", "git --version && python3 -c 'import json, ssl' && test -d /opt/toolkit/runner")

    again = site.up()
    assert again["changes"] == []
    assert again["summary"]["same"] == 3
    assert again["images"] == made["images"]
    assert site.preview("--check")["changes"] == []
    plain = site.pulumi("preview", "--expect-no-changes")
    assert plain.returncode == 0, plain.stdout + plain.stderr

    assert actions(site.destroy()) == {"one": "delete", "two": "delete"}
    assert site.images() == []
    assert site.destroy()["changes"] == []


@pytest.mark.parametrize("own_program", [False, True], ids=["the product's program", "a root of toolkit init"])
def test_plain_pulumi_up_and_toolkit_up_come_to_the_same(site: Site, own_program: bool) -> None:
    if own_program:
        site.toolkit("init", str(site.root))
        (site.root / "envs" / "default.yaml").unlink()
        site.program = site.root / "infra"
        made = site.pulumi("stack", "init")
        assert made.returncode == 0, made.stdout + made.stderr
    else:
        site.preview()  # lays the program and the stack down
    plain = site.pulumi("up", "--yes", "--skip-preview")
    assert plain.returncode == 0, plain.stdout + plain.stderr
    outputs = json.loads(site.pulumi("stack", "output", "--json").stdout)
    by_hand = resources(site)
    after = site.up("--refresh")
    assert after["summary"] == {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 2}
    assert after["images"] == outputs["images"]
    assert resources(site) == by_hand
    assert site.drift()["changes"] == []

    site.destroy()
    assert actions(site.up()) == {"one": "create"}
    assert resources(site).keys() == by_hand.keys()
    plain = site.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert plain.returncode == 0, plain.stdout + plain.stderr


def resources(site: Site) -> dict[str, Any]:
    """What the stack recorded: each resource's type, inputs and outputs by its URN."""
    exported = json.loads(site.pulumi("stack", "export").stdout)["deployment"]
    return {one["urn"]: (one["type"], one.get("inputs"), one.get("outputs")) for one in exported["resources"]}


def test_one_changed_declaration_rebuilds_one_image(site: Site) -> None:
    site.declare("two")
    before = site.up()["images"]
    site.declare("two", packages={"apt": ["hello"]})
    assert actions(site.preview()) == {"two": "update"}
    after = site.up()
    assert actions(after) == {"two": "update"}
    assert after["summary"]["same"] == 2
    assert after["images"]["one"] == before["one"]
    assert after["images"]["two"] != before["two"]
    assert "Hello" in run_in(after["images"]["two"]["reference"], "hello")


def test_only_the_named_environments_are_touched(site: Site) -> None:
    site.declare("two")
    assert actions(site.up("two")) == {"two": "create"}
    assert {one.labels[labels.ENVIRONMENT] for one in site.images()} == {"two"}
    site.up()
    assert actions(site.destroy("two")) == {"two": "delete"}
    assert {one.labels[labels.ENVIRONMENT] for one in site.images()} == {"one"}
    assert actions(site.preview()) == {"two": "create"}
    # with the last of them goes what their sessions would need
    assert site.destroy("one")["summary"]["delete"] == 2
    assert [one for one in site.engine.images(labels={labels.STACK: ""}) if site.is_ours(one)] == []
    assert site.destroy()["changes"] == []


def test_a_preview_says_why(site: Site) -> None:
    site.declare("two")
    assert reasons(site.preview()) == {"one": ["not built yet"], "two": ["not built yet"]}
    site.up()
    site.declare("one", packages={"apt": ["hello"], "pip": ["six; python_version < '3.99'"]})
    (site.root / "envs" / "two.yaml").unlink()
    told = site.preview("--check", "--diff", code=4)
    assert reasons(told) == {
        "one": ["packages.apt: + hello", "packages.pip: + six; python_version < '3.99'"],
        "two": ["the environment is not declared any more"],
    }
    (one,) = [each for each in told["changes"] if each["environment"] == "one"]
    assert "+  hello" in one["diff"]
    shown = site.toolkit("preview", "--diff", "--stack", site.stack).stdout
    assert "~ one: image to update\n    packages.apt: + hello\n" in shown
    assert "+  hello\n" in shown
    site.up()
    site.declare("one", packages={"apt": ["jq"]})
    assert reasons(site.up())["one"] == [
        "packages.apt: + jq",
        "packages.apt: - hello",
        "packages.pip: - six; python_version < '3.99'",
    ]


def test_each_up_says_once_that_a_disk_limit_cannot_hold(site: Site) -> None:
    path = site.root / "envs" / "one.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), "resources": {"disk": "5g"}}))
    warnings = 0 if disk_limit.may_hold(site.engine.version()) else 1
    try:
        for words in (("--yes", "--bootstrap"), (), ("--yes",), ("--stack", "local"), ("--yes", "--refresh")):
            said = site.toolkit("up", *words).stderr  # the stack `local`: the quickest spellings know no other
            assert said.count("resources.disk of one will not hold") == warnings, words
    finally:
        site.toolkit("destroy", "--yes", "--force")


def test_a_new_base_is_noticed(site: Site, stand_in: Rebased) -> None:
    """The same name with other content, as after a pull."""
    before = site.up()["images"]["one"]
    commit_on(site, stand_in.id, stand_in.name)
    (why,) = reasons(site.preview("--check", code=4))["one"]
    assert why.startswith("base image has a new digest: sha256:")
    assert list(reasons(site.drift(code=4))) == ["one"]
    after = site.up()["images"]["one"]
    assert after["build"] == before["build"]
    assert after["digest"] != before["digest"]
    assert site.up()["changes"] == []


def test_a_locked_up_takes_the_recorded_bases_alone(site: Site, stand_in: Rebased) -> None:
    assert site.up("--locked", code=1)["error"]["code"] == "not-locked"
    locked = site.toolkit.json("lock")
    assert locked["bases"] == {BASE: stand_in.id, stand_in.name: stand_in.id}
    assert site.toolkit.json("lock", "--check")["changes"] == []
    before = site.up("--locked")["images"]["one"]
    assert site.up("--locked")["changes"] == []

    commit_on(site, stand_in.id, stand_in.name)
    moved = site.engine.image(stand_in.name)
    assert moved is not None
    for verb in (site.up, site.preview):
        refused = verb("--locked", code=1)["error"]
        assert refused["code"] == "locked-base"
        assert stand_in.id in refused["message"]
        assert moved.id in refused["message"]
        assert "toolkit lock" in refused["hint"]
    assert site.engine.image(before["reference"]) is not None
    (change,) = site.toolkit.json("lock", "--check", code=4)["changes"]
    assert change == {"base": stand_in.name, "from": stand_in.id, "to": moved.id}

    path = site.root / "envs" / "lock.yaml"
    path.write_text(path.read_text().replace("  debian", "  # Debian as it was in March\n  debian"))
    assert "recorded" in site.toolkit("lock").stdout
    assert "# Debian as it was in March\n  debian" in path.read_text()
    assert actions(site.up("--locked")) == {"one": "update"}


def commit_on(site: Site, image: str, reference: str) -> None:
    """Give `reference` to an image that has one more layer, and the labels of the one below."""
    container = site.engine.create_container(
        ContainerRequest(name=f"{site.stack}-hand", image=image, command=["true"], labels=own_things.marks())
    )
    argv = ["docker", "commit", "--change", f"LABEL dev.toolkit.kind={labels_of(site, image)}", container, reference]
    try:
        subprocess.run(argv, check=True, capture_output=True, timeout=SECONDS)
    finally:
        site.engine.remove_container(container)


def labels_of(site: Site, image: str) -> str:
    found = site.engine.image(image)
    assert found is not None
    return found.labels[labels.KIND]


def test_drift_of_every_kind_is_named_and_repaired(site: Site) -> None:
    for name in ("two", "three", "four"):
        site.declare(name)
    before = site.up()["images"]
    assert site.drift()["changes"] == []

    site.engine.remove_image(before["one"]["reference"])
    commit_on(site, before["two"]["reference"], before["two"]["reference"])  # rebuilt by hand: the labels are right
    site.engine.tag_image("toolkit.local/debian:bookworm-slim", before["three"]["reference"])  # retagged
    (site.root / "envs" / "four.yaml").unlink()
    told = site.drift(code=4)
    assert actions(told) == {"one": "update", "two": "update", "three": "update", "four": "delete"}
    why = {name: " ".join(each) for name, each in reasons(told).items()}
    assert why["one"] == "the image is gone from the engine"
    assert why["two"].startswith("the engine has another image under its name")
    assert why["three"].startswith("the engine has another image under its name")
    assert why["four"] == "the environment is not declared any more"
    (one,) = [each for each in told["changes"] if each["environment"] == "one"]
    assert (one["declared"], one["recorded"], one["engine"]) == (before["one"]["build"], before["one"]["digest"], None)
    shown = site.toolkit("drift", "--stack", site.stack).stdout
    assert "the image is gone from the engine" in shown
    assert "toolkit up" in shown

    assert actions(site.preview("--check", code=4)) == actions(told)
    assert actions(site.up()) == actions(told)
    assert site.drift()["changes"] == []
    assert set(site.up()["images"]) == {"one", "two", "three"}
    assert site.pulumi("preview", "--expect-no-changes").returncode == 0
    run_in(site.up()["images"]["two"]["reference"], "git", "--version")


def test_what_no_record_knows_is_removed_by_up(site: Site) -> None:
    """Pulumi's record lost, then the declaration deleted: only the engine's labels know of the image."""
    site.declare("two")
    site.up()
    (site.backend / ".pulumi" / "stacks" / "toolkit" / f"{site.stack}.json").unlink()
    (site.root / "envs" / "two.yaml").unlink()
    told = site.drift(code=4)
    assert actions(told) == {"one": "create", "two": "delete"}
    assert reasons(told)["one"] == ["the stack has no record of it, but the engine has the image"]
    assert actions(site.up()) == {"one": "create", "two": "delete"}
    assert {one.labels[labels.ENVIRONMENT] for one in site.images()} == {"one"}
    assert site.drift()["changes"] == []


def test_packages_of_every_kind_and_a_certificate_are_in_the_image(site: Site) -> None:
    site.declare("one", packages={"apt": ["hello"], "pip": ["six"]}, ca_certificates=[certificate(site)])
    reference = site.up()["images"]["one"]["reference"]
    run_in(reference, "hello")
    run_in(reference, "python3", "-c", "import six")
    own = (site.root / "envs" / "own.pem").read_text().splitlines()[2]
    assert own in run_in(reference, "cat", "/etc/ssl/certs/ca-certificates.crt")


def test_an_image_removed_by_hand_is_noticed_and_made_again(site: Site) -> None:
    site.declare("two")
    before = site.up()["images"]
    site.engine.remove_image(before["one"]["reference"])
    assert actions(site.preview("--check", code=4)) == {"one": "update"}
    assert site.pulumi("preview", "--expect-no-changes").returncode != 0
    repaired = site.up()
    assert actions(repaired) == {"one": "update"}
    assert site.engine.image(before["one"]["reference"]) is not None
    assert site.up()["changes"] == []
    assert site.pulumi("preview", "--expect-no-changes").returncode == 0


def test_a_broken_build_shows_its_last_lines_and_the_next_up_works(site: Site) -> None:
    site.declare("two", packages={"apt": ["no-such-package-anywhere"]})
    refused = site.up(code=1)["error"]
    assert refused["code"] == "build"
    assert "'two'" in refused["message"]
    assert "Unable to locate package no-such-package-anywhere" in refused["message"]
    assert "Traceback" not in refused["message"]
    site.declare("two")
    made = site.up()
    assert set(made["images"]) == {"one", "two"}
    assert site.up()["changes"] == []


def test_an_archived_environment_loses_its_image(site: Site) -> None:
    site.declare("two")
    site.up()
    path = site.root / "envs" / "two.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), "archived": True}))
    assert actions(site.up()) == {"two": "delete"}
    assert {one.labels[labels.ENVIRONMENT] for one in site.images()} == {"one"}


def test_a_lost_record_is_made_again_from_what_the_engine_has(site: Site) -> None:
    before = site.up()["images"]
    state = site.backend / ".pulumi" / "stacks" / "toolkit" / f"{site.stack}.json"
    state.unlink()
    again = site.up()
    assert actions(again) == {"one": "create"}
    assert again["images"]["one"]["reference"] == before["one"]["reference"]


def test_a_damaged_record_is_told_and_made_again_on_demand(site: Site) -> None:
    reference = site.up()["images"]["one"]["reference"]
    before = site.engine.image(reference)
    state = recorded.state_file(site.backend, project="toolkit", stack=site.stack)
    state.write_text(state.read_text()[:100])
    error = site.up(code=1)["error"]
    assert error["code"] == "state-damaged"
    assert "--adopt" in error["hint"]
    assert site.up("--adopt")["images"]["one"]["reference"] == reference
    assert len(list(state.parent.glob(f"{state.name}.damaged-*"))) == 1
    assert site.up()["changes"] == []
    after = site.engine.image(reference)
    assert before is not None
    assert after is not None
    assert after.labels[labels.BUILD] == before.labels[labels.BUILD]


def test_two_stacks_of_one_root_live_side_by_side(site: Site) -> None:
    other = Site(toolkit=site.toolkit, stack=own_things.new_stack(), engine=site.engine)
    first, second = site.up()["images"]["one"], other.up()["images"]["one"]
    assert first["reference"] != second["reference"]
    assert first["build"] == second["build"]
    other.destroy()
    assert other.images() == []
    assert site.up()["changes"] == []


def lock_of(site: Site, pid: int) -> Path:
    """A lock as Pulumi's file backend writes it."""
    folder = site.backend / ".pulumi" / "locks" / "organization" / "toolkit" / site.stack
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid.uuid4()}.json"
    body = {"pid": pid, "username": "ada", "hostname": socket.gethostname(), "timestamp": "2026-01-02T03:04:05Z"}
    path.write_text(json.dumps(body))
    return path


def test_a_second_up_is_told_who_holds_the_lock(site: Site) -> None:
    held = lock_of(site, os.getpid())
    refused = site.up(code=1)["error"]
    assert refused["code"] == "locked"
    assert f"process {os.getpid()} of ada on {socket.gethostname()}" in refused["message"]
    assert held.exists()
    held.unlink()
    site.up()


def test_the_lock_of_a_dead_process_is_removed(site: Site) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=SECONDS)
    stale = lock_of(site, ended.pid)
    site.up()
    assert not stale.exists()


def test_ctrl_c_ends_a_build_in_order(site: Site) -> None:
    site.declare("one", packages={"apt": ["hello"]}, ca_certificates=[certificate(site)])
    process = site.toolkit.start("up", "--yes", "--bootstrap", "-v", "--stack", site.stack)
    wait_for_build(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert site.locks() == ()
    assert actions(site.up()) == {"one": "create"}


def test_a_terminal_shows_what_runs_and_ctrl_c_ends_it_in_order(site: Site) -> None:
    site.declare("one", packages={"apt": ["hello"]}, ca_certificates=[certificate(site)])
    argv = site.toolkit.argv("up", "--yes", "--bootstrap", "--stack", site.stack)
    for interrupted in (True, False):
        with pexpect.spawn(
            argv[0],
            argv[1:],
            cwd=str(site.root),
            env={**site.toolkit.variables(), "TERM": "xterm-256color"},
            dimensions=(24, 100),
            timeout=SECONDS,
            encoding="utf-8",
        ) as terminal:
            terminal.expect("image one: building")
            if interrupted:
                terminal.expect("Step|--->|Get:|Reading|Setting up")  # whatever of the build's own words is caught
                terminal.sendintr()
                terminal.expect("Ctrl-C again ends it at once")
                terminal.expect("interrupted\r\n")
            else:
                terminal.expect("✓.*image one: built")
            terminal.expect(pexpect.EOF)
            terminal.close()
            assert terminal.exitstatus == (130 if interrupted else 0)
    assert site.drift()["changes"] == []


def test_after_a_killed_pulumi_the_next_up_repairs(site: Site) -> None:
    site.declare("one", packages={"apt": ["hello"]}, ca_certificates=[certificate(site)])
    process = site.toolkit.start("up", "--yes", "--bootstrap", "-v", "--stack", site.stack)
    wait_for_build(process)
    (lock,) = site.locks()
    os.kill(lock.pid, signal.SIGKILL)
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "signal 9" in told
    assert site.up()["images"]["one"]
    assert site.locks() == ()
    assert site.up()["changes"] == []


def test_no_secret_is_in_state_context_image_or_plan(site: Site) -> None:
    secret = f"value-{uuid.uuid4().hex}"
    path = site.root / "envs" / "one.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), "variables": f"API_TOKEN={secret}"}))
    environment = {**site.toolkit.environment, "API_TOKEN": secret, "PIP_INDEX_URL": f"https://me:{secret}@example.com"}
    spying = Site(
        toolkit=Toolkit(root=site.root, cwd=site.root, environment=environment), stack=site.stack, engine=site.engine
    )
    reference = spying.up()["images"]["one"]["reference"]
    kept = [file for file in (site.root / ".toolkit").rglob("*") if file.is_file()]
    assert kept
    assert [file for file in kept if secret.encode() in file.read_bytes()] == []
    argv = ["docker", "image", "inspect", reference]
    told = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=SECONDS).stdout
    argv = ["docker", "history", "--no-trunc", reference]
    told += subprocess.run(argv, check=True, capture_output=True, text=True, timeout=SECONDS).stdout
    assert secret not in told


def test_images_that_sessions_use_are_not_removed(site: Site) -> None:
    reference = site.up()["images"]["one"]["reference"]
    container = site.engine.create_container(
        ContainerRequest(
            name=f"{site.stack}-session",
            image=reference,
            command=["sleep", "600"],
            labels={labels.KIND: "session", labels.SESSION: "calm-otter-3f9a", labels.ENVIRONMENT: "one"},
        )
    )
    try:
        refused = site.destroy(code=1)["error"]
        assert refused["code"] == "in-use"
        assert "calm-otter-3f9a" in refused["message"]
        forced = site.toolkit("destroy", "--yes", "--force", "--stack", site.stack)
        assert "stays in the engine" in forced.stderr
        assert [one.labels[labels.ENVIRONMENT] for one in site.images()] == ["one"]
    finally:
        site.engine.remove_container(container)


def test_prune_removes_earlier_builds_that_nobody_uses_and_nothing_else(site: Site) -> None:
    other = Site(toolkit=site.toolkit, stack=own_things.new_stack(), engine=site.engine)
    foreign = other.up()["images"]["one"]["reference"]
    builds = []
    for package in ("hello", "tree", "bc"):
        site.declare("one", packages={"apt": [package]})
        builds.append(site.up()["images"]["one"]["reference"])
    container = site.engine.create_container(
        ContainerRequest(name=f"{site.stack}-user", image=builds[0], command=["true"], labels=own_things.marks())
    )
    try:
        prune = ("images", "prune", "--stack", site.stack)
        assert len(site.toolkit.json(*prune, "--check", code=4)["stale"]) == 1
        assert "needs a yes" in site.toolkit.json(*prune, code=1)["error"]["message"]
        (removed,) = site.toolkit.json(*prune, "--yes")["removed"]
        assert removed["names"] == [builds[1]]
        assert [site.engine.image(one) is None for one in builds] == [False, True, False]
        assert site.engine.image(foreign) is not None
        assert site.toolkit.json(*prune, "--check")["stale"] == []
        assert site.up()["changes"] == []
    finally:
        site.engine.remove_container(container)
        other.destroy()


def test_a_script_must_say_yes(site: Site) -> None:
    refused = site.toolkit.json("up", "--bootstrap", "--stack", site.stack, code=1)["error"]
    assert refused["code"] == "not-confirmed"
    assert "--yes" in refused["hint"]
    assert site.images() == []
    site.up()
    assert site.toolkit.json("up", "--stack", site.stack)["changes"] == []  # nothing to agree to
    assert site.toolkit.json("destroy", "--stack", site.stack, code=1)["error"]["code"] == "not-confirmed"


def test_an_unknown_environment_is_named_with_what_there_is(site: Site) -> None:
    for verb in ("preview", "up", "destroy"):
        error = site.toolkit.json(verb, "oen", "--stack", site.stack, code=1)["error"]
        assert error["code"] == "not-found"
        assert "did you mean 'one'?" in error["hint"]
