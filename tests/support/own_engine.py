"""A container engine of the test's own, to be killed and started again: nobody else's containers are on it.

It lives in namespaces of its own (network, processes, mounts), so that it meets no other engine's rules and bridges,
and so that ending the first process of them is what a power cut is: everything is gone at once.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.engines.docker import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from toolkit.engines.docker import DockerEngine

SECONDS = 90.0
# As a service is kept: whenever the engine ends it is started again. Another engine's containerd must not be found.
_KEEPER = """
[ -d /run/containerd ] && mount -t tmpfs none /run/containerd
ip link set lo up
while :; do
  rm -f "$1/engine.pid"
  dockerd --data-root "$1/data" --exec-root "$1/run" --pidfile "$1/engine.pid" -H "unix://$1/engine.sock" \
    --bridge none --cgroup-parent "$2" >>"$1/log" 2>&1
done
"""


def is_possible() -> bool:
    return os.geteuid() == 0 and all(shutil.which(program) for program in ("dockerd", "unshare", "ip"))


@dataclass
class OwnEngine:
    """`address` is its DOCKER_HOST."""

    folder: Path
    group: str = field(default_factory=lambda: f"toolkit-test-{uuid.uuid4().hex[:8]}")

    @property
    def address(self) -> str:
        return f"unix://{self.folder}/engine.sock"

    def switch_on(self) -> None:
        """Return when it answers."""
        spaces = ("--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc")
        argv = ["unshare", *spaces, "sh", "-c", _KEEPER, "sh", str(self.folder), self.group]
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
        self.until_it_answers()

    def cut_the_power(self) -> None:
        """End the engine, its containers and all that it left in memory, at once."""
        self._process.kill()
        self._process.wait(timeout=SECONDS)
        _until(lambda: not self.processes(), "the end of its processes")
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        (self.folder / "engine.sock").unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL for the engine alone; its keeper starts it again. Its containers are what they were meanwhile."""
        before = self._engine()
        os.kill(before, signal.SIGKILL)
        _until(lambda: self._engine() not in {0, before}, "another engine")
        self.until_it_answers()

    def processes(self) -> list[str]:
        """What runs in its namespaces, by name."""
        found = []
        for one in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"/{self.group}/" in (one / "cgroup").read_text() or str(self.folder) in _words(one):
                    found.append(_words(one))
        return found

    def until_it_answers(self) -> None:
        _until(self._answers, f"an answer of the engine: see {self.folder}/log")

    def connect(self) -> DockerEngine:
        with _docker_host(self.address):
            return connect()

    def take(self, other: DockerEngine, images: Sequence[str]) -> None:
        """Copy images, with their names, from another engine."""
        source, target = other._client, self.connect()._client
        source.timeout = target.timeout = 600
        for one in images:
            for _ in target.load_image(source.get_image(one)):  # type: ignore[no-untyped-call]
                pass

    def switch_off(self) -> None:
        self.cut_the_power()
        for controller in Path("/sys/fs/cgroup").iterdir():
            for one in sorted((controller / self.group).glob("**/"), reverse=True):
                with suppress(OSError):
                    one.rmdir()

    def _engine(self) -> int:
        for one in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if _words(one).startswith(f"dockerd --data-root {self.folder}/"):
                    return int(one.name)
        return 0

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
        with suppress(Exception):
            self.connect().version()
            return True
        return False


@contextmanager
def own_engine(folder: Path) -> Iterator[OwnEngine]:
    """Switched on, and at the end off; `folder` on a disk of its own choice, with a short name: a socket lies there."""
    made = OwnEngine(folder=folder)
    made.switch_on()
    try:
        yield made
    finally:
        made.switch_off()


@contextmanager
def _docker_host(address: str) -> Iterator[None]:
    before = os.environ.get("DOCKER_HOST")
    os.environ["DOCKER_HOST"] = address
    try:
        yield
    finally:
        if before is None:
            del os.environ["DOCKER_HOST"]
        else:
            os.environ["DOCKER_HOST"] = before


def _words(process: Path) -> str:
    return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def _until(ready: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)
