"""The session's repository: fetched from its git gateway at the first start, its objects borrowed from the mirror.

`repository` of session.json says: `url` (the gateway's), `header` (what opens it), `origin` (how the remote is called),
`branch`, `start` (commit), `uncommitted` (a commit whose tree holds changes that were carried along; empty: none),
`alternates` (folder of objects to borrow; empty: none), `author`, `email`, `session`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 3600
_GATEWAY_SECONDS = 60.0
_PAUSE = 0.02
_NOT_UP_YET = ("Failed to connect", "Couldn't connect", "Connection refused", "Could not connect", "No route to host")
_REFSPECS = (
    "+refs/heads/*:refs/remotes/origin/*",
    "+refs/home/*:refs/remotes/home/*",
    "+refs/toolkit/*:refs/toolkit/*",
)
_WITHOUT_LOCKS = ("objects", "hooks", "info")
TRAILER = "Toolkit-Session"
_HOOK = """#!/bin/sh
exec git interpret-trailers --in-place --if-exists addIfDifferent --trailer "{trailer}: {session}" "$1"
"""


class RepositoryError(Exception):
    """The repository cannot be had; the text says why."""


def check_out(order: Mapping[str, Any], project_dir: str, session: str) -> None:
    """Make the repository in `project_dir` and check the session's branch out.

    Raises:
        RepositoryError: the gateway does not answer or lacks the commit, or the files cannot be written.
    """
    try:
        os.makedirs(project_dir, exist_ok=True)
        forget_locks(project_dir)
        _open_gateway(order)
        git(project_dir, "init", "--quiet", "-b", order["branch"])
        _configure(order, project_dir, session)
        if order["alternates"]:
            with open(f"{project_dir}/.git/objects/info/alternates", "w", encoding="utf-8") as file:
                file.write(f"{order['alternates']}\n")
        _fetch(project_dir, order["url"])
        git(project_dir, "update-ref", f"refs/heads/{order['branch']}", order["start"])
        git(project_dir, "reset", "--hard", "--quiet")
        if order["uncommitted"]:
            git(project_dir, "restore", f"--source={order['uncommitted']}", "--worktree", "--", ":/")
    except OSError as error:
        raise RepositoryError(f"the repository cannot be checked out: {error}") from error


def forget_locks(project_dir: str) -> None:
    """Remove git's own locks: at a session's start nobody is left of the programs that held them and were killed."""
    for folder, folders, names in os.walk(f"{project_dir}/.git"):
        folders[:] = [one for one in folders if one not in _WITHOUT_LOCKS]
        for name in names:
            if name.endswith(".lock"):
                os.unlink(f"{folder}/{name}")


def _open_gateway(order: Mapping[str, Any]) -> None:
    """For every git of the session, whoever runs it and wherever: the gateway's address is opened by its header."""
    base = order["url"].rpartition("/")[0]
    git("/", "config", "--system", f"http.{base}/.extraHeader", order["header"])
    if order["origin"] != order["url"]:
        git("/", "config", "--system", f"url.{order['url']}.insteadOf", order["origin"])


def _configure(order: Mapping[str, Any], project_dir: str, session: str) -> None:
    settings = {
        "remote.origin.url": order["origin"],
        "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
        f"branch.{order['branch']}.remote": "origin",
        f"branch.{order['branch']}.merge": f"refs/heads/{order['branch']}",
        "user.name": order["author"],
        "user.email": order["email"],
    }
    with open(f"{project_dir}/.git/config", "a", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(_stated(key, value) for key, value in settings.items() if value)
    hook = f"{project_dir}/.git/hooks/prepare-commit-msg"
    os.makedirs(os.path.dirname(hook), exist_ok=True)
    with open(hook, "w", encoding="utf-8") as file:
        file.write(_HOOK.format(trailer=TRAILER, session=session))
    os.chmod(hook, 0o755)


def _stated(key: str, value: str) -> str:
    """A setting as git-config(1) describes the file; a process for each would take longer than the checkout."""
    section, _, rest = key.partition(".")
    subsection, _, name = rest.rpartition(".")
    head = f"{section} {_quoted(subsection)}" if subsection else section
    return f"[{head}]\n\t{name} = {_quoted(value)}\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _fetch(project_dir: str, url: str) -> None:
    """The gateway may still be on its way up; one that answers may take its time to fetch from the remote."""
    deadline = time.monotonic() + _GATEWAY_SECONDS
    _wait_until_it_listens(url, deadline)
    while True:
        done = _run(project_dir, "fetch", "--quiet", "--tags", "--no-write-fetch-head", "origin", *_REFSPECS)
        if done.returncode == 0:
            return
        text = done.stdout.strip()
        if time.monotonic() < deadline and any(one in text for one in _NOT_UP_YET):
            time.sleep(_PAUSE)
            continue
        raise RepositoryError(f"the repository cannot be fetched: {_reason(text)}")


def _wait_until_it_listens(url: str, deadline: float) -> None:
    """Cheaper than a git that finds nobody, while the gateways need every processor; what is wrong, git will say."""
    host, _, port = url.split("/")[2].rpartition(":")
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_PAUSE * 50).close()
        except OSError:
            time.sleep(_PAUSE)
        else:
            return


def _reason(text: str) -> str:
    """The gateway's own words where it said something."""
    remarks = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("remote:")]
    return " ".join(one for one in remarks if one).replace("toolkit: ", "") or text


def git(folder: str, *words: str) -> str:
    """What git prints; RepositoryError where it fails."""
    done = _run(folder, *words)
    if done.returncode:
        raise RepositoryError(f"the repository cannot be checked out: git {words[0]}: {done.stdout.strip()}")
    return done.stdout


def _run(folder: str, *words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ("git", "-C", folder, *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"},
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RepositoryError(f"git {words[0]} did not end within {_SECONDS} s") from error
