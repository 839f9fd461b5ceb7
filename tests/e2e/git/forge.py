"""The forge of these tests, from outside: its container, repositories and users, and what a user of it has here."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.types import EndpointConfig, IPAMConfig, IPAMPool
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from tests.e2e.network.lab import outside_subnet
from tests.support import own_things

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from toolkit.engines.docker import DockerEngine

USER = "ada"
_PROGRAM = Path(__file__).with_name("peers") / "forge.py"
_API = "1.41"
_UP_SECONDS = 60.0
_ALIAS = "forge"  # of the user's ssh configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """`folder` is shared with the container; `network` is where it stands, by its name on the engine."""

    folder: Path
    network: str
    address: str
    container: DockerContainer

    def https(self, repository: str) -> str:
        return f"https://{self.address}/{repository}.git"

    def http(self, repository: str) -> str:
        return f"http://{self.address}/{repository}.git"

    def ssh(self, repository: str) -> str:
        """By the alias, from the home of `git`."""
        return f"{_ALIAS}:{repository}.git"

    def run(self, script: str, *words: str) -> str:
        """A shell script in the container as the user `git`, below its home."""
        inner = shlex.join(("sh", "-euc", f"cd /srv/git; {script}", "sh", *words))
        done = self.container.exec(["su", "git", "-c", inner])
        text = bytes(done.output).decode(errors="replace")
        assert done.exit_code == 0, f"{script}: {text}"
        return text.strip()

    def refs(self, repository: str, *, before: str = ":", words: tuple[str, ...] = ()) -> dict[str, str]:
        """Every ref that the server has → object id, symbolic ones with what they stand for; `before` is run first."""
        script = f"{before}; "
        script += 'git -C "$1.git" for-each-ref --format="%(refname) %(objectname) %(symref)"; cat "$1.git/HEAD"'
        lines = self.run(script, repository, *words).split("\n")  # a name may hold what Python takes for a line's end
        return {**dict(one.split(" ", 1) for one in lines[:-1]), "HEAD": lines[-1]}

    def everything(self) -> str:
        """The refs of all repositories."""
        script = 'for one in */*.git; do echo "$one"; cat "$one/HEAD"; git -C "$one" for-each-ref; done'
        return self.run(script)

    def users(self, users: Mapping[str, tuple[str, Iterable[str]]]) -> None:
        """name → password, repositories that it opens."""
        body = {name: {"password": one[0], "repositories": list(one[1])} for name, one in users.items()}
        written = self.folder / "users.new"
        written.write_text(json.dumps(body), encoding="utf-8")
        written.chmod(0o644)
        written.replace(self.folder / "users.json")

    def repositories(self) -> list[str]:
        return self.run("ls -d */*.git | sed 's/.git$//'").split()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nobody answers there meanwhile."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def stop(self) -> None:
        self.container.get_wrapped_container().stop(timeout=1)

    def start(self) -> None:
        self.container.get_wrapped_container().start()
        self.wait()

    def wait(self) -> None:
        """Until the server answers again; it refuses whom it does not know, and that is an answer."""
        deadline = time.monotonic() + _UP_SECONDS
        probe = "import socket; [socket.create_connection(('127.0.0.1', one), 2).close() for one in (22, 80, 443)]"
        while self.container.exec(["python3", "-c", probe]).exit_code:
            assert time.monotonic() < deadline, "the forge does not come up"
            time.sleep(0.1)


@contextmanager
def opened(
    engine: DockerEngine, image: str, folder: Path, certificates: Path, *, avoid: Iterable[str]
) -> Iterator[Forge]:
    """A forge of `image`, which has git, python3, openssl and sshd; `folder` holds key.pub."""
    subnet = outside_subnet(engine, avoid)
    address = str(subnet[11])
    _lay_out(folder, certificates, address)
    kind = own_things.marks()
    pool = IPAMPool(subnet=str(subnet), gateway=str(subnet[1]))
    with Network(docker_network_kw={"ipam": IPAMConfig(pool_configs=[pool]), "labels": kind}) as network:
        settings: dict[str, Any] = {
            "entrypoint": ["python3", "-u", "/forge/forge.py"],
            "user": "0:0",
            "labels": kind,
            "init": True,
            "network": network.name,
            "networking_config": {network.name: EndpointConfig(_API, ipv4_address=address)},
        }
        ready = LogMessageWaitStrategy("ready").with_startup_timeout(120)
        container = DockerContainer(image).with_volume_mapping(str(folder), "/forge", "ro").with_kwargs(**settings)
        with container.waiting_for(ready):
            forge = Forge(folder=folder, network=network.name, address=address, container=container)
            forge.wait()
            yield forge


def _lay_out(folder: Path, certificates: Path, address: str) -> None:
    """The program, and a certificate for the address, signed by the tests' authority."""
    (folder / "forge.py").write_bytes(_PROGRAM.read_bytes())
    (folder / "leaf.key").write_bytes((certificates / "leaf.key").read_bytes())
    (folder / "users.json").write_text("{}", encoding="ascii")
    words = ["openssl", "req", "-new", "-x509", "-key", str(folder / "leaf.key"), "-subj", "/CN=forge", "-days", "2"]
    words += ["-CA", str(certificates / "ca.pem"), "-CAkey", str(certificates / "ca.key")]
    words += ["-addext", f"subjectAltName=IP:{address}", "-out", str(folder / "cert.pem")]
    subprocess.run(words, check=True, capture_output=True, timeout=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A user's own configuration: git's, ssh's, a credential helper's store, a token file, an agent with a key.

    `certificate`: of the authority that this user trusts.
    """

    folder: Path
    certificate: Path
    agent: Path

    @property
    def variables(self) -> dict[str, str]:
        """ssh takes its configuration from the account's home, never from $HOME: a wrapper names ours."""
        return {
            "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
            "GIT_SSL_CAINFO": str(self.certificate),  # beats the configuration where the machine has set it
            "SSH_AUTH_SOCK": str(self.agent),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }

    def keep(self, password: str) -> None:
        """What the credential helper says from now on. (git's own `store` would forget what is refused once.)"""
        (self.folder / "kept").write_text(f"username={USER}\npassword={password}\n")

    def know(self, forge: Forge, *, password: str, token: str) -> None:
        """Write all that opens the forge: https by the helper, http by the token file, ssh by the agent."""
        self.keep(password)
        (self.folder / "token").write_text(f"{token}\n")
        (self.folder / "gitconfig").write_text(
            "[user]\n\tname = Ada\n\temail = ada@example.com\n"
            f'[credential "https://{forge.address}"]\n\thelper = kept\n'
            f'[toolkit "http://{forge.address}/"]\n\ttokenFile = {self.folder / "token"}\n'
        )
        (self.folder / "ssh_config").write_text(
            f"Host {_ALIAS}\n\tHostName {forge.address}\n\tUser git\n"
            f"\tUserKnownHostsFile {self.folder / 'known_hosts'}\n\tGlobalKnownHostsFile /dev/null\n"
        )
        keys = forge.run("cat /etc/ssh/ssh_host_*_key.pub")
        hosts = [f"{forge.address} {line.rsplit(' ', 1)[0]}\n" for line in keys.splitlines()]
        (self.folder / "known_hosts").write_text("".join(hosts))


@contextmanager
def home(folder: Path, certificate: Path) -> Iterator[Home]:
    """A home with a key that its agent alone has; key.pub is beside it."""
    (folder / "bin").mkdir(parents=True)
    wrapper = folder / "bin" / "ssh"
    wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {folder}/ssh_config "$@"\n')
    wrapper.chmod(0o755)
    (folder / "ssh_config").write_text("")
    helper = folder / "bin" / "git-credential-kept"
    helper.write_text(f'#!/bin/sh\ntest "$1" != get || cat {folder}/kept\n')
    helper.chmod(0o755)
    socket = folder / "agent.sock"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as agent:
        try:
            _give_key(folder, socket)
            yield Home(folder=folder, certificate=certificate, agent=socket)
        finally:
            agent.terminate()


def _give_key(folder: Path, socket: Path) -> None:
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=30)
    deadline = time.monotonic() + 10
    while not socket.exists():
        assert time.monotonic() < deadline, "the agent does not come up"
        time.sleep(0.02)
    variables = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
    subprocess.run(["ssh-add", "-q", str(key)], check=True, timeout=30, env=variables)
