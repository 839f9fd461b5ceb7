"""`up` hit by what goes wrong around it: always a message, and the next `up` succeeds."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.support.stack_site import SECONDS, Site, certificate, site_at, wait_for_build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cli import Toolkit
    from toolkit.engines.base import Engine

MOMENTS = 5
"""For each signal and seed."""
SEEDS = (1, 2, 3)


@pytest.fixture
def site(provisioned: Toolkit, engine: Engine, tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path / "root", engine, provisioned.environment) as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_at_any_moment(site: Site, number: signal.Signals, seed: int) -> None:
    """The image is made anew each time, from the builder's cache: what takes its time is all that is around a build."""
    chance = random.Random(f"{number.name} {seed}")
    site.up()
    whole = rebuilding(site)
    for turn in range(MOMENTS):
        moment = chance.uniform(0.0, whole)
        lose_image(site)
        process = site.toolkit.start("up", "--yes", "--stack", site.stack)
        time.sleep(moment)  # not a wait for anything: the moment is what is tested
        process.send_signal(number)
        _, told = process.communicate(timeout=SECONDS)
        seen = f"turn {turn}, {number.name} after {moment:.2f} s of {whole:.2f}: {process.returncode}\n{told}"
        if number == signal.SIGINT and process.returncode not in {0, -signal.SIGINT}:  # done, or not begun
            assert process.returncode == 130, seen
            assert told.endswith("interrupted\n"), seen
        after = site.toolkit("up", "--yes", "--stack", site.stack, code=None)
        assert after.returncode == 0, f"{seen}\nthen:\n{after.stdout}{after.stderr}"
        # a Pulumi whose toolkit was killed may have built all there is, and still be on its way out
        assert [one for one in site.locks() if not (one.is_abandoned or one.is_stale)] == []
    rebuilding(site)
    assert site.locks() == ()
    assert site.drift()["changes"] == []
    assert site.pulumi("preview", "--expect-no-changes").returncode == 0


def lose_image(site: Site) -> None:
    for image in site.images():
        for tag in image.tags:
            site.engine.remove_image(tag)


def rebuilding(site: Site) -> float:
    """How long an `up` with one build takes, in seconds, at the load of now."""
    lose_image(site)
    began = time.monotonic()
    site.up()
    return time.monotonic() - began


class CutSocket:
    """The engine's socket at a second place, until it is cut: what was open breaks off, and nobody listens any more."""

    def __init__(self, place: Path, engine: Path) -> None:
        self.place = place
        self._engine = engine
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None

    def __enter__(self) -> Self:
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def mend(self) -> None:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self.place))
        self._listening.listen()
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            ends, self._open = self._open, []
        if self._listening is not None:
            ends.append(self._listening)
            self._listening = None
        for one in ends:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.place.unlink(missing_ok=True)

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self._engine))
                with self._lock:
                    self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(1 << 16):
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)


def engine_socket() -> Path:
    scheme, _, path = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").partition("://")
    if scheme != "unix":
        pytest.skip("the engine is not reached by a socket of this machine")
    return Path(path)


def test_an_engine_that_is_lost_during_a_build(site: Site, tmp_path: Path) -> None:
    with CutSocket(tmp_path / "engine.sock", engine_socket()) as way:
        cut = replace(site.toolkit, environment={**site.toolkit.environment, "DOCKER_HOST": f"unix://{way.place}"})
        site.declare("one", packages={"apt": ["hello"]}, ca_certificates=[certificate(site)])
        process = cut.start("up", "--yes", "--bootstrap", "-v", "--stack", site.stack)
        wait_for_build(process)
        way.cut()
        _, told = process.communicate(timeout=SECONDS)
        assert process.returncode == 1, told
        assert "engine" in told
        assert "Traceback" not in told
        refused = cut.json("up", "--yes", "--stack", site.stack, code=1)["error"]
        assert refused["code"] == "engine"
        way.mend()
        assert cut.json("up", "--yes", "--stack", site.stack)["images"]["one"]
    assert site.locks() == ()
    assert site.drift()["changes"] == []


@pytest.fixture
def small_disk(site: Site) -> Iterator[Path]:
    """All that the root keeps beside itself lies on a disk of three megabytes."""
    place = site.root / ".toolkit"
    place.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if subprocess.run(argv, capture_output=True, timeout=SECONDS, check=False).returncode:
        pytest.skip("mounting a small disk takes the right to do so")
    try:
        yield place
    finally:
        site.destroy("--force")
        subprocess.run(["umount", "--lazy", str(place)], check=True, timeout=SECONDS)
        place.rmdir()


def fill(disk: Path) -> Path:
    """Not a byte is left on it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    return ballast


def test_a_disk_that_is_full_from_the_start(site: Site, small_disk: Path) -> None:
    ballast = fill(small_disk)
    refused = site.up(code=1)["error"]
    assert "No space left on device" in refused["message"]
    assert "Traceback" not in refused["message"]
    ballast.unlink()
    assert site.up()["images"]["one"]


def test_a_disk_that_fills_during_a_build(site: Site, small_disk: Path) -> None:
    site.declare("one", packages={"apt": ["hello"]}, ca_certificates=[certificate(site)])
    process = site.toolkit.start("up", "--yes", "--bootstrap", "-v", "--stack", site.stack)
    wait_for_build(process)
    ballast = fill(small_disk)
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 1, told
    assert "no space left on device" in told.lower()
    assert "Traceback" not in told
    ballast.unlink()
    assert site.up()["images"]["one"]
    assert site.locks() == ()
    assert site.drift()["changes"] == []
