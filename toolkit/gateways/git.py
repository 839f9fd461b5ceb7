"""The git gateway: a repository of its own in front of the real remote, by smart http, for one session.

`order.json` says: `session` and `session_address`, `user` (what to become; null: stay), `listen` [address, port],
`token`, `name` (of the repository), `branch` (the session's), `push` {branches, tags}, `upstream` (the address that git
gets; empty: none), `shown` (the same for people), `mirror` (folder of the mirror; empty: none), `bundle` (a file
beside it with what was carried from home; empty: none), `start` (the commit that the session begins at), `default` (the
branch that a clone checks out where there is no remote to say it).
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from . import privileges
from .smart_http import Server, Site
from .upstream import Upstream, UpstreamError, forget_locks, locked

_PROGRAMS = os.path.dirname(os.path.abspath(__file__))
_SECONDS = 3600
_FRESH_SECONDS = 2.0
_LARGEST_PUSH = 2 << 30
_WATCH_SECONDS = 15.0
_MISSES = 8
_GONE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT}
# Branches that were carried from home lie beside the remote's own; `refs/toolkit/` holds what is no branch at all.
_CARRIED = ("+refs/heads/*:refs/home/*", "+refs/toolkit/*:refs/toolkit/*")
_OWN = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")

_READY = "toolkit.ready"  # in a repository that has its settings
_SETTINGS = {
    "http.receivepack": "true",
    "http.getanyfile": "false",
    "receive.fsckObjects": "true",
    "receive.denyDeletes": "true",
    "receive.denyNonFastForwards": "true",
    "receive.denyCurrentBranch": "ignore",
    "receive.maxInputSize": str(_LARGEST_PUSH),
    "receive.autogc": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_MIRROR_SETTINGS = {
    "gc.auto": "0",
    "maintenance.auto": "false",
    "core.repositoryFormatVersion": "1",
    "extensions.preciousObjects": "true",
    "fetch.unpackLimit": "1",
}


def main(folder: str) -> int:
    with open(f"{folder}/order.json", encoding="utf-8") as file:
        order: dict[str, Any] = json.load(file)
    if order["user"] is not None:
        _become(folder, order)
    _surroundings(folder)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    gate = Gate(folder, order)
    gate.make()
    site = Site(bare=f"{folder}/repository.git", name=order["name"], token=order["token"], before=gate.before)
    with Server((order["listen"][0], order["listen"][1]), site) as server:
        _say({"event": "listening", "port": server.server_address[1]})
        threading.Thread(target=gate.fill, daemon=True).start()
        if order["session_address"]:
            threading.Thread(target=_end_without, args=(order["session_address"],), daemon=True).start()
        server.serve_forever()
    return 0


class Gate:
    """The gateway's repository, and how fresh it is."""

    def __init__(self, folder: str, order: dict[str, Any]) -> None:
        self._folder, self._order = folder, order
        self._bare = f"{folder}/repository.git"
        self._upstream = Upstream.of(order, folder)
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._looked = float("-inf")  # when the remote was last asked, as far as it answered
        self._first = True
        self._failure = ""  # why the remote was not read the last time
        self._broken = ""  # why what was carried is not here
        self._begun = False

    def make(self) -> None:
        """The bare repository with its rules; one that is there stays as it is."""
        if self._order["mirror"]:
            _make_mirror(self._order["mirror"])
        if os.path.isdir(self._bare):
            forget_locks(self._bare)
        if not os.path.exists(f"{self._bare}/{_READY}"):
            _git("init", "--quiet", "--bare", "--template=", self._bare)
            _configure(self._bare, _SETTINGS)
        os.makedirs(f"{self._bare}/hooks", exist_ok=True)
        hook = f"{self._bare}/hooks/pre-receive"
        with open(hook, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec python3 -I "{_PROGRAMS}" pre-receive "{self._folder}"\n')
        os.chmod(hook, 0o755)
        if self._order["mirror"]:
            with open(f"{self._bare}/objects/info/alternates", "w", encoding="utf-8") as file:
                file.write(f"{self._order['mirror']}/objects\n")

    def fill(self) -> None:
        """What the remote has, then what was carried from home; clients wait for it."""
        try:
            self._refresh()
            if self._order["bundle"] and not os.path.exists(f"{self._bare}/carried"):
                self._unpack()
        except (UpstreamError, OSError, subprocess.SubprocessError) as error:
            self._broken = str(error)
        finally:
            self._filled.set()
        _say({"event": "filled", "failure": self._failure or self._broken})

    def before(self, service: str) -> str:
        """Fresh refs for a client; a remote that does not answer is no reason to withhold what is here.

        Whether a push is good is for the remote itself to say, later. Without the session's first commit there is
        nothing to give, and the reason is told. The session's own first fetch takes what this gateway's start has
        found; clients that come at the same time share one look.
        """
        asked = time.monotonic()
        self._filled.wait(timeout=_SECONDS)
        with self._lock:
            grace = _FRESH_SECONDS if self._first and service == "git-upload-pack" else 0.0
            self._first = False
            if self._looked < asked - grace:
                self._refresh()
            self._begun = self._begun or self._has(self._order["start"])
        if self._begun:
            return ""
        reason = self._failure or self._broken or f"{self._order['shown']} does not have it"
        return f"commit {self._order['start'][:12]}, at which the session begins, is not here: {reason}"

    def _refresh(self) -> None:
        began = time.monotonic()
        try:
            self._upstream.refresh()
        except UpstreamError as error:
            self._failure = str(error)
        else:
            self._failure = ""
            self._looked = began

    def _unpack(self) -> None:
        bundle = f"{self._folder}/{self._order['bundle']}"
        refspecs = _CARRIED if self._upstream.exists else (*_CARRIED, *_OWN)
        done = subprocess.run(
            ("git", "-C", self._bare, "fetch", "--quiet", "--no-tags", bundle, *refspecs),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode:
            raise UpstreamError(f"what was carried from home cannot be unpacked: {done.stdout.strip()}")
        if not self._upstream.exists and self._order["default"]:
            _git("-C", self._bare, "symbolic-ref", "HEAD", f"refs/heads/{self._order['default']}")
        with open(f"{self._bare}/carried", "w", encoding="ascii"):
            pass
        os.unlink(bundle)

    def _has(self, commit: str) -> bool:
        done = subprocess.run(
            ("git", "-C", self._bare, "cat-file", "-e", f"{commit}^{{commit}}"),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
        return done.returncode == 0


def _make_mirror(folder: str) -> None:
    """The shared mirror, where it is not there yet. Nothing in it is ever pruned: sessions borrow its objects."""
    os.makedirs(folder, exist_ok=True)
    with locked(folder):
        if os.path.exists(f"{folder}/{_READY}"):
            return
        _git("init", "--quiet", "--bare", "--template=", folder)
        _configure(folder, _MIRROR_SETTINGS)


def _become(folder: str, order: dict[str, Any]) -> None:
    """From root to the user that the repository belongs to, who gets a name: ssh starts for nobody without one."""
    user = int(order["user"])
    with open("/etc/passwd", "r+", encoding="utf-8") as file:
        if not any(line.split(":")[2:3] == [str(user)] for line in file):
            file.write(f"toolkit:x:{user}:{user}::{folder}:/bin/sh\n")
    for one in (folder, order["mirror"]):
        if one:
            os.makedirs(one, exist_ok=True)  # a mirror of its own is not there yet
            shutil.chown(one, user, user)
    privileges.drop(user)


def _surroundings(folder: str) -> None:
    """git finds the order's configuration and nothing else, and never asks anybody."""
    os.environ.update(
        {
            "HOME": folder,
            "GIT_CONFIG_GLOBAL": f"{folder}/gitconfig",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
    )


def _configure(bare: str, settings: dict[str, str]) -> None:
    """All at once: a process for each would be a fifth of the gateway's start. The values are our own, and plain."""
    with open(f"{bare}/config", "a", encoding="ascii") as file:
        for key, value in settings.items():
            section, _, name = key.partition(".")
            file.write(f"[{section}]\n\t{name} = {value}\n")
    with open(f"{bare}/{_READY}", "w", encoding="ascii"):
        pass


def _git(*words: str) -> None:
    subprocess.run(("git", *words), stdin=subprocess.DEVNULL, timeout=_SECONDS, check=True)


def _end_without(session: str) -> None:
    """End once nobody has had the session's address for two minutes: no client may be there to see to it."""
    missed = 0
    while missed < _MISSES:
        time.sleep(_WATCH_SECONDS)
        missed = 0 if _is_there(session) else missed + 1
    os._exit(0)


def _is_there(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(5)
        try:
            attempt.connect((address, 9))
        except socket.timeout:
            return False
        except OSError as error:
            return error.errno not in _GONE
    return True


def _say(fields: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()
