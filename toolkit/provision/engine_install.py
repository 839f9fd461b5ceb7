"""A container engine on this machine: reached where one runs, else installed and started where that is ours to do.

One that runs is never touched. Without an init system the daemon is started here and outlives us.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths, process
from toolkit.errors import EngineError
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.provision import apt

if TYPE_CHECKING:
    from toolkit.engines.base import Engine

STEP = "engine"
_PACKAGE = "docker.io"
_SOCKET = Path("/var/run/docker.sock")
_PID_FILE = Path("/var/run/docker.pid")
_CONTAINERD_PID_FILE = Path("/var/run/docker/containerd/containerd.pid")
_SYSTEMD = Path("/run/systemd/system")
_START_SECONDS = 90.0
_POLL_SECONDS = 0.2
_SYSTEMCTL_SECONDS = 120.0
_LOG_LINES = 15


def reach() -> Engine:
    """The engine that answers; EngineError whose hint says what to do on this very machine."""
    from toolkit.engines import docker

    try:
        return docker.connect()
    except EngineError as error:
        raise EngineError(error.message, hint=_advice() or error.hint) from error


def provide(on_event: OnEvent) -> Engine:
    """Install what is missing, start the daemon, wait until it answers; ToolkitError where that is a person's to do."""
    refused = _refusal()
    if refused is not None:
        raise refused
    if process.which("dockerd") is None:
        if not apt.usable():
            raise EngineError("no container engine is installed", hint=_advice())
        on_event(Event(step=STEP, phase=Phase.STARTED, text=f"engine: installing {_PACKAGE}"))
        apt.install((_PACKAGE,), on_line=lambda line: on_event(Event(step=STEP, phase=Phase.PROGRESS, text=line)))
    return _start(on_event)


def _refusal() -> EngineError | None:
    """Why nothing is to be installed or started here, although no engine answers."""
    if _elsewhere():
        return EngineError(f"the engine that {_elsewhere()} names does not answer", hint=_advice())
    if sys.platform != "linux" or os.geteuid() != 0:
        return EngineError("no container engine answers", hint=_advice())
    return None


def _advice() -> str:
    """What a person can do where we may not; empty when the general hint will do."""
    if _elsewhere():
        return f"start that engine, or take {_elsewhere()} away to use this machine's own"
    if sys.platform == "darwin":
        return "start Docker Desktop (or Colima, OrbStack …), then run 'toolkit setup' again"
    if _SOCKET.exists() and not os.access(_SOCKET, os.R_OK | os.W_OK):
        return f"you may not use {_SOCKET}: join its group ('sudo usermod -aG docker $USER', then log in again)"
    if process.which("dockerd") is not None:
        return "as root: 'systemctl start docker' (or 'dockerd' where there is no init system), or 'toolkit setup'"
    if process.which("apt-get") is not None:
        return f"as root: 'toolkit setup', or 'apt-get install {_PACKAGE}' and start it"
    return "install Docker Engine 20.10 or newer with your system's packages and start it"


def _elsewhere() -> str:
    """What names another engine than this machine's own: one that we start would not be the one that is asked."""
    if os.environ.get("DOCKER_HOST", "") not in {"", f"unix://{_SOCKET}", "unix:///run/docker.sock"}:
        return "DOCKER_HOST"
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        configured = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("currentContext", "")
    except (OSError, ValueError, AttributeError):
        configured = ""
    context = os.environ.get("DOCKER_CONTEXT") or configured
    return "" if context in {"", "default"} else f"the docker context '{context}'"


def _start(on_event: OnEvent) -> Engine:
    on_event(Event(step=STEP, phase=Phase.STARTED, text="engine: starting"))
    log = paths.state_dir() / "dockerd.log"
    if _SYSTEMD.is_dir():
        process.run(("systemctl", "start", "docker"), timeout=_SYSTEMCTL_SECONDS)
        return _await(0, log)
    if _names(_PID_FILE, "dockerd"):  # somebody else is starting one just now
        return _await(0, log)
    _drop_stale_pid_files()
    return _await(process.start_in_background(("dockerd",), log=log), log)


def _await(child: int, log: Path) -> Engine:
    """Poll until the engine answers; EngineError with the daemon's last lines when it ends or stays silent."""
    from toolkit.engines import docker

    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return docker.connect()
        except EngineError as error:
            ended = bool(child) and _has_ended(child)
            if ended or time.monotonic() > deadline:
                said = _tail(log) if child else ""
                state = "ended at once" if ended else f"does not answer after {_START_SECONDS:g} s"
                raise EngineError(f"the engine was started but {state}{said}", hint=f"its log is {log}") from error
        time.sleep(_POLL_SECONDS)


def _has_ended(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:  # its exit code was fetched elsewhere already
        return True


def _drop_stale_pid_files() -> None:
    """After a power cut or SIGKILL they stay, and dockerd takes any process that has the number now for its own."""
    for path, program in ((_PID_FILE, "dockerd"), (_CONTAINERD_PID_FILE, "containerd")):
        if not _names(path, program):
            path.unlink(missing_ok=True)


def _names(pid_file: Path, program: str) -> bool:
    """Does the file name a living process of that program? One that nobody has waited for yet is dead all the same."""
    try:
        number = int(pid_file.read_text())
        found = Path(f"/proc/{number}/stat").read_text()  # proc(5): the id, the name in brackets, the state
    except (OSError, ValueError):
        return False
    name, _, rest = found.partition("(")[2].rpartition(") ")
    return name == program and not rest.startswith(("Z", "X"))


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    return ":\n" + "\n".join(lines[-_LOG_LINES:]) if lines else ""
