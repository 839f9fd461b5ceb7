"""The GitOps loop with a real git server: change, merge, reconcile; a bad commit stays outside."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import own_things
from tests.support.cli import Toolkit
from tests.support.git import git
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolkit.engines.base import Engine

DECLARATION = "version: 1\nname: one\nnetwork: {access: none}\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """`git daemon` over a bare repository with one commit; its address."""
    bare, author = tmp_path / "served" / "envs.git", tmp_path / "author"
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare", "-b", "main")
    author.mkdir()
    git(author, "init", "-q", "-b", "main")
    git(author, "remote", "add", "origin", str(bare))
    (author / "envs").mkdir()
    change(author, "one", DECLARATION, "Declare one")
    with socket.create_server(("127.0.0.1", 0)) as plug:
        port = plug.getsockname()[1]
    argv = ["git", "daemon", "--reuseaddr", "--export-all", f"--base-path={bare.parent}", "--listen=127.0.0.1"]
    daemon = subprocess.Popen([*argv, f"--port={port}"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            threading.Event().wait(0.05)
        yield f"git://127.0.0.1:{port}/envs.git"
    finally:
        daemon.terminate()
        daemon.wait(timeout=10)


def change(author: Path, name: str, text: str, message: str) -> str:
    """Commit a declaration and push it; returns the commit."""
    (author / "envs" / f"{name}.yaml").write_text(text)
    git(author, "add", ".")
    git(author, "commit", "-q", "-m", message)
    git(author, "push", "-q", "origin", "main")
    return git(author, "rev-parse", "HEAD")


@pytest.fixture
def site(provisioned: Toolkit, engine: Engine, server: str, tmp_path: Path) -> Iterator[Toolkit]:
    """The reconciler's own clone."""
    root = tmp_path / "root"
    subprocess.run(["git", "clone", "-q", server, str(root)], check=True, capture_output=True, timeout=60)
    stack = own_things.new_stack()
    toolkit = Toolkit(root=root, cwd=root, environment={**provisioned.environment, "TEST_STACK": stack})
    yield toolkit
    toolkit("destroy", "--yes", "--force", "--stack", stack)
    left = engine.images(labels={labels.STACK: ""})
    assert not [one for one in left if one.labels[labels.STACK].startswith(f"{stack}-")]


def reconcile(site: Toolkit, code: int = 0) -> dict[str, Any]:
    """A round; the status document says the same."""
    found = site.json("reconcile", "--stack", site.environment["TEST_STACK"], code=code)
    assert json.loads((site.root / ".toolkit" / "reconcile.json").read_text()) == found
    return found


def test_the_loop(site: Toolkit, engine: Engine, tmp_path: Path) -> None:
    author = tmp_path / "author"
    first = reconcile(site)
    assert (first["state"], first["healthy"], first["applied"]) == ("applied", True, git(author, "rev-parse", "HEAD"))
    assert reconcile(site)["state"] == "unchanged"

    second = change(author, "one", f"{DECLARATION}image: {{packages: {{apt: [hello]}}}}\n", "Add hello")
    done = reconcile(site)
    assert (done["state"], done["applied"], done["pruned"]) == ("applied", second, 1)
    assert [one["action"] for one in done["changes"] if one["environment"] == "one"] == ["update"]

    bad = change(author, "one", f"{DECLARATION}netwrok: {{}}\n", "Break it")
    refused = reconcile(site, code=1)
    assert (refused["state"], refused["healthy"], refused["commit"], refused["applied"]) == (
        "refused",
        False,
        bad,
        second,
    )
    assert refused["problems"][0]["path"] == "envs/one.yaml"
    assert git(site.root, "rev-parse", "HEAD") == second
    assert len(engine.images(labels={labels.KIND: "image", labels.STACK: "", labels.ENVIRONMENT: "one"})) >= 1

    mended = change(author, "one", DECLARATION, "Mend it")
    assert reconcile(site)["applied"] == mended


def test_a_commit_that_cannot_be_built_is_not_in_force(site: Toolkit, tmp_path: Path) -> None:
    author = tmp_path / "author"
    good = reconcile(site)["applied"]
    change(author, "one", f"{DECLARATION}image: {{packages: {{apt: [no-such-package-anywhere]}}}}\n", "Ask too much")
    failed = reconcile(site, code=1)
    assert (failed["state"], failed["applied"]) == ("failed", good)
    assert "no-such-package-anywhere" in str(failed["message"])
    assert git(site.root, "rev-parse", "HEAD") == good


def test_what_stands_in_the_way_is_said(site: Toolkit, tmp_path: Path) -> None:
    author = tmp_path / "author"
    reconcile(site)
    (site.root / "envs" / "one.yaml").write_text("version: 1\nname: one\n")
    stack = site.environment["TEST_STACK"]
    assert "local changes: envs/one.yaml" in site.json("reconcile", "--stack", stack, code=1)["error"]["message"]
    git(site.root, "checkout", "-q", "envs/one.yaml")
    git(author, "commit", "-q", "--amend", "-m", "Rewritten")
    git(author, "push", "-q", "--force", "origin", "main")
    assert "was rewritten" in str(reconcile(site, code=1)["message"])
    git(site.root, "remote", "set-url", "origin", "git://127.0.0.1:1/gone.git")
    assert reconcile(site, code=1)["state"] == "failed"


def test_two_reconcilers_do_not_fight(site: Toolkit) -> None:
    stack = site.environment["TEST_STACK"]
    first = site.start("reconcile", "--stack", stack)
    lock = site.root / ".toolkit" / "reconcile.lock"
    for _ in range(400):
        if lock.exists():
            break
        threading.Event().wait(0.01)
    second = site("reconcile", "--stack", stack, code=None)
    first.communicate(timeout=200)
    assert first.returncode == 0
    assert second.returncode == 0 or "another reconciler is at work" in second.stderr


def test_an_interval_goes_on_until_it_is_interrupted(site: Toolkit, tmp_path: Path) -> None:
    import signal

    watch = site.start("reconcile", "--interval", "1s", "--stack", site.environment["TEST_STACK"])
    status = site.root / ".toolkit" / "reconcile.json"
    for _ in range(1200):
        if status.exists() and json.loads(status.read_text())["state"] == "unchanged":
            break
        threading.Event().wait(0.1)
    watch.send_signal(signal.SIGINT)
    watch.communicate(timeout=60)
    assert watch.returncode == 130
    assert json.loads(status.read_text())["state"] == "unchanged"
