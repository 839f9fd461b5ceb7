"""A repository with a long history: the checkout inside a warm session beside `git clone` by hand, in time and on disk.

A peer on documentation addresses serves it by git's own protocol. By hand it is cloned in a plain container beside the
peer; inside, the session's runner makes another checkout in the way that it made the first, with the same gateway and
the same mirror. On disk counts all that a session adds before its agent writes: working tree, git folder and the
gateway's repository; the mirror counts for all sessions of a remote together and is left out.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from toolkit.engines.connection import connect
from toolkit.model import labels
from toolkit.sessions import ends, subnets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 5
COMMITS = 2_000
FILE_BYTES = 100_000  # what each commit rewrites: bytes that nothing can pack
FILES = 20
TEXTS = 100
_POOL = "198.51.100.0/24"
_KIND = {labels.KIND: "test"}

SERVER = f"""
import os, subprocess, sys
subprocess.run(["git", "init", "-q", "--bare", "-b", "main", "/srv/shop.git"], check=True)
importing = subprocess.Popen(["git", "-C", "/srv/shop.git", "fast-import", "--quiet"], stdin=subprocess.PIPE)
say = importing.stdin.write
for number in range({COMMITS}):
    say(b"commit refs/heads/main\\ncommitter B <b@example.com> %d +0000\\ndata 4\\nwork\\n" % (1700000000 + number))
    for one in range({TEXTS}) if number == 0 else ():
        say(b"M 644 inline text/%d.txt\\ndata 250\\n%s\\n" % (one, b"line\\n" * 50))
    say(b"M 644 inline file%d.bin\\ndata {FILE_BYTES}\\n%s\\n" % (number % {FILES}, os.urandom({FILE_BYTES})))
importing.stdin.close()
assert importing.wait() == 0
print("ready", flush=True)
os.execvp("git", ["git", "daemon", "--export-all", "--base-path=/srv", "--reuseaddr"])
"""
CLONE = """
import subprocess, sys, time
began = time.perf_counter()
subprocess.run(["git", "clone", "-q", sys.argv[1], "/tmp/clone"], check=True)
print(time.perf_counter() - began)
"""
CHECK_OUT = """
import json, os, shutil, sys, time
sys.path.insert(0, "/opt/toolkit")
from runner import repository
order = json.load(open("/var/lib/toolkit/session.json"))
began = time.perf_counter()
repository.check_out(order["repository"], "/tmp/again/shop", order["id"])
print(time.perf_counter() - began)
shutil.rmtree("/tmp/again")
"""


def rows(toolkit: tuple[str, ...]) -> list[list[str]]:
    """`toolkit` is how to start it, without a root. Each row: what, beside, median ratio, spread, goal."""
    engine = connect()
    if engine.image(testcontainers_config.ryuk_image) is None:
        testcontainers_config.ryuk_disabled = True
    with tempfile.TemporaryDirectory(prefix="toolkit-bench-") as scratch, _grounds(Path(scratch), toolkit) as made:
        image, start = made
        with _outside(image) as (network, address, by_hand):
            session = start(network, address)
            try:
                return _measured(by_hand, toolkit, session)
            finally:
                ends.discard(engine, session)


def _measured(by_hand: Callable[..., str], toolkit: tuple[str, ...], session: str) -> list[list[str]]:
    def inside(*words: str) -> str:
        argv = [*toolkit, "exec", session, "--", *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300).stdout

    times = []
    for _ in range(ROUNDS):
        theirs = float(by_hand("python3", "-c", CLONE, "URL"))
        full = _kilobytes(by_hand("du", "-sk", "/tmp/clone"))
        by_hand("rm", "-rf", "/tmp/clone")
        times.append(float(inside("python3", "-c", CHECK_OUT)) / theirs)
    engine = connect()
    gateway = engine.containers(labels={labels.SESSION: session, labels.KIND: labels.GIT_GATEWAY_KIND})[0].id
    words = ("du", "-sk", "/gateway/repository.git")
    behind = engine.execute(gateway, words, environment={}, timeout=60).stdout.decode()
    added = (_kilobytes(inside("du", "-sk", ".")) + _kilobytes(behind)) / full
    size = COMMITS * FILE_BYTES // 1_000_000
    return [
        [
            f"checkout inside a warm session, {size} MB of history",
            "git clone by hand",
            f"{statistics.median(times):.2f}",
            f"{min(times):.2f} … {max(times):.2f}",
            "≤ 0.3",
        ],
        ["disk that a session adds, the same repository", "git clone by hand", f"{added:.3f}", "–", "≤ 0.02"],
    ]


def _kilobytes(told: str) -> int:
    return int(told.split(maxsplit=1)[0])


@contextmanager
def _grounds(folder: Path, toolkit: tuple[str, ...]) -> Iterator[tuple[str, Callable[[str, str], str]]]:
    """A root with one environment, built; and how to start a session in it on the peer's repository."""
    root, config = folder / "root", folder / "config" / "toolkit"
    (root / "envs").mkdir(parents=True)
    config.mkdir(parents=True)
    body = {"version": 1, "name": "default", "network": {"access": "none"}}
    (root / "envs" / "default.yaml").write_text(json.dumps(body))
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "toolkit" / "settings.yaml"
    site = own.read_text() if own.exists() else "site: {}\n"
    (config / "settings.yaml").write_text(site)
    settings = {**os.environ, "XDG_CONFIG_HOME": str(config.parent)}

    def run(*words: str) -> dict[str, Any]:
        argv = [*toolkit, "--root", str(root), *words, "--json"]
        done = subprocess.run(argv, cwd=folder, env=settings, check=True, capture_output=True, text=True, timeout=600)
        return dict(json.loads(done.stdout))

    def start(network: str, address: str) -> str:
        (config / "settings.yaml").write_text(f"{site}  egress: {{network: {network}}}\n")
        return str(run("remote", "true", "--wait", "--repo", f"git://{address}/shop.git")["session"]["id"])

    image = run("up", "--yes", "--stack", "bench-repository")["images"]["default"]["reference"]
    try:
        yield image, start
    finally:
        run("destroy", "--yes", "--force", "--stack", "bench-repository")


@contextmanager
def _outside(image: str) -> Iterator[tuple[str, str, Callable[..., str]]]:
    """The peer, and a plain container beside it; in its words `URL` stands for the repository's address."""
    engine = connect()
    used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    subnet = subnets.choose([_POOL], (*used, *subnets.taken_by_host()), prefix=28)
    address = str(subnet[3])
    pool = {"Config": [{"Subnet": str(subnet)}]}
    with Network(docker_network_kw={"ipam": pool, "labels": _KIND}) as network:
        where = {"network": network.name, "labels": _KIND, "init": True, "user": "0:0"}
        endpoint = {network.name: {"IPAMConfig": {"IPv4Address": address}}}
        server = DockerContainer(image).with_kwargs(
            entrypoint=["python3", "-u", "-c", SERVER], networking_config=endpoint, **where
        )
        beside = DockerContainer(image).with_kwargs(entrypoint=["sleep", "infinity"], **where)
        ready = LogMessageWaitStrategy("ready").with_startup_timeout(300)
        with server.waiting_for(ready), beside:

            def by_hand(*words: str) -> str:
                done = beside.exec([one.replace("URL", f"git://{address}/shop.git") for one in words])
                assert done.exit_code == 0, done.output
                return bytes(done.output).decode()

            yield network.name, address, by_hand


if __name__ == "__main__":
    for row in rows((sys.executable, "-m", "toolkit")):
        sys.stdout.write("  ".join(row) + "\n")
