"""“Start in five minutes”, word by word, on a clean machine: a container that has the wheel and not the checkout.

There the manual is read, too, and every shell completes, whatever this machine has.

What the page asks its reader to have is given: Python, git with a name, an engine (this one, by its socket), and the
site's own settings for package clients. One thing differs from a reader's first time: where this machine has had to
build Pulumi, which takes minutes, `toolkit setup` finds what it left instead of building it again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.support import own_things, shells
from tests.support.pages import CHECKOUT
from tests.support.replay import Shell, replay
from tests.support.transcript_page import read
from toolkit import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.engines.docker import DockerEngine

_BASES = ("toolkit.local/debian:bookworm-slim", "debian:bookworm-slim")
_SITE_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")
_PREPARE = """
set -e
apt-get update -qq && apt-get install -qq --yes --no-install-recommends python3-venv git >/dev/null
git config --global user.name Reader
git config --global user.email reader@example.com
mkdir -p ~/.cache/toolkit && cp -a /seed ~/.cache/toolkit/pulumi
"""
_EQUIP = f"""
set -e
apt-get install -qq --yes --no-install-recommends fish zsh groff-base man-db >/dev/null
cd ~
[ -d toolkit-venv ] || {{ python3 -m venv toolkit-venv && toolkit-venv/bin/pip install --quiet toolkit-*.whl; }}
mkdir -p known/envs
for name in {" ".join(shells.ENVIRONMENTS)}; do printf 'version: 1\\nname: %s\\n' $name >known/envs/$name.yaml; done
"""
_MANUAL = """
set -e
toolkit --quiet man-pages ~/man
for page in ~/man/man1/*.1; do LC_ALL=C.UTF-8 groff -man -Tutf8 -ww "$page" >/dev/null; done
MANPATH=~/man man toolkit-env-list | col -b
"""
_PATH = "/root/toolkit-venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LEAVE = """
[ -d ~/shop ] || exit 0
cd ~/shop && . ~/toolkit-venv/bin/activate
python3 -c 'import json, sys
for one in json.load(sys.stdin)["sessions"]:
    if one["branch"] == "session/" + one["id"] and one["repository"] == "/root/shop":
        print(one["id"])' <<<"$(toolkit tasks --all --json)" | xargs -r -I ID toolkit rm ID --yes --force
toolkit destroy --yes
"""


def _run(*argv: str, seconds: float = 280) -> str:
    return _done(argv, seconds).stdout.strip()


def _done(argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(CHECKOUT))
    (made,) = folder.glob("toolkit-*.whl")
    return made


@pytest.fixture(scope="module")
def machine(engine: DockerEngine, wheel: Path) -> Iterator[str]:
    """The container's name; what the reader made on the engine is gone afterwards, and so is the container."""
    base = next(one for one in _BASES if engine.image(one) is not None)
    socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    shared = [f"{socket}:/var/run/docker.sock", f"{paths.cache_dir() / 'pulumi'}:/seed:ro"]
    shared += [f"{file}:{file}:ro" for file in _SITE_FILES if Path(file).is_file()]
    volumes = [word for one in shared for word in ("--volume", one)]
    name = f"toolkit-start-{uuid.uuid4().hex[:8]}"
    trust = ("--env", f"PIP_CERT={_SITE_FILES[0]}", "--env", "PIP_NO_COMPILE=1")
    _run("docker", "run", "--detach", "--name", name, *own_things.options(), *trust, *volumes, base, "sleep", "3600")
    try:
        _run("docker", "exec", name, "bash", "-c", _PREPARE)
        _run("docker", "cp", str(wheel), f"{name}:/root/{wheel.name}")
        yield name
        _run("docker", "exec", name, "bash", "-c", _LEAVE)
    finally:
        _run("docker", "rm", "--force", "--volumes", name)


@pytest.mark.timeout(900)
def test_the_page_leads_to_a_session_of_ones_own(machine: str, tmp_path: Path, others: frozenset[str]) -> None:
    page = read(CHECKOUT / "docs/start.md", checkout=CHECKOUT)
    argv = ("docker", "exec", "--interactive", "--env", "NO_COLOR=1", machine, "bash", "--noprofile", "--norc")
    with Shell(argv, cwd=tmp_path, environment=os.environ, seconds=580) as shell:
        replay(page, shell, others=others)


@pytest.fixture(scope="module")
def equipped(machine: str) -> str:
    """The same machine with every shell, a reader of manuals, and toolkit from its wheel."""
    _run("docker", "exec", machine, "bash", "-c", _EQUIP)
    return machine


def _inside(machine: str, *argv: str, terminal: bool = False) -> tuple[str, ...]:
    variables = ("--env", f"PATH={_PATH}", "--env", "TERM=dumb", "--workdir", "/root/known")
    return ("docker", "exec", *(("--interactive", "--tty") if terminal else ()), *variables, machine, *argv)


def test_the_manual_is_read_without_a_complaint(equipped: str) -> None:
    done = _done(_inside(equipped, "bash", "-c", _MANUAL), seconds=120)
    assert done.stderr == ""
    assert "List the environments" in " ".join(done.stdout.split())


@pytest.mark.parametrize("name", ["bash", "fish", "zsh"])
def test_every_shell_completes(equipped: str, name: str) -> None:
    def run(shell: str, script: str) -> str:
        return _done(_inside(equipped, shell, "-c", script), seconds=60).stdout

    if name == "zsh":
        words = _inside(equipped, "zsh", "-i", terminal=True)
        shells.zsh_completes(
            run, lambda: pexpect.spawn(words[0], list(words[1:]), timeout=60, encoding="utf-8", env=os.environ)
        )
    else:
        {"bash": shells.bash_completes, "fish": shells.fish_completes}[name](run)
