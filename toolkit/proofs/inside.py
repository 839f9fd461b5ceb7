"""Inside a session: what is there and what can be reached, as one JSON object. Its order is the first argument."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

_SECONDS = 2.0
_LARGEST = 4 << 20
_PLACES = ("/etc", "/root", "/tmp", "/var/lib/toolkit", "/workspace", "/opt/toolkit", "/run")


def main(order):
    with ThreadPoolExecutor(16) as pool:  # most of it is waiting for what must not answer

        def those(test, values):
            return [one for one, true in zip(values, pool.map(test, values)) if true]

        asked = dict(zip(order["ask"], pool.map(_ask, order["ask"])))
        direct = those(_connects, order["direct"])
        resolved = those(_resolves, order["resolve"])
        answered = those(_answers, order["name_servers"])
    found = {
        "variables": dict(os.environ),
        "packages": {
            manager: {name: _installed(manager, name) for name in names} for manager, names in order["packages"].items()
        },
        "limits": _limits(),
        "asked": asked,
        "direct": direct,
        "resolved": resolved,
        "answered": answered,
        "canaries": [one for one in order["canaries"] if _is_somewhere(one)],
    }
    print(json.dumps(found))


def _installed(manager, name):
    commands = {
        "apt": ["dpkg-query", "-W", "-f", "${Status}", name],
        "pip": [sys.executable, "-c", f"import importlib.metadata as m; print(m.version({name!r}))"],
        "npm": ["npm", "ls", "--global", "--depth", "0", name],
    }
    try:
        done = subprocess.run(
            commands[manager], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and (manager != "apt" or done.stdout.endswith(b" installed"))


def _limits():
    """The control group's own word, of version 1 or 2; -1: none."""
    files = {
        "memory": ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        "pids": ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"),
    }
    found = {name: _number(paths) for name, paths in files.items()}
    two = _text("/sys/fs/cgroup/cpu.max").split()
    quota, period = two or (
        _text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") or "-1",
        _text("/sys/fs/cgroup/cpu/cpu.cfs_period_us") or "100000",
    )
    found["cpus"] = -1 if quota in {"max", "-1"} else int(quota) / int(period)
    return found


def _number(paths):
    text = next((text for text in map(_text, paths) if text), "max")
    return -1 if text == "max" else int(text)


def _text(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def _ask(host):
    """Through the way out that the environment names: the status, and the refusal's header."""
    request = urllib.request.Request(f"http://{host}/toolkit-verify")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS * 3) as answer:
            return [answer.status, answer.headers.get("X-Deny-Reason", "")]
    except urllib.error.HTTPError as error:
        with error:
            return [error.code, error.headers.get("X-Deny-Reason", "")]
    except OSError as error:
        return [0, str(error)]


def _connects(address):
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_SECONDS):
            return True
    except ConnectionRefusedError:
        return True  # somebody is there
    except OSError:
        return False


def _resolves(name):
    try:
        socket.getaddrinfo(name, 80)
    except OSError:
        return False
    return True


def _answers(address):
    query = bytes.fromhex("123401000001000000000000") + b"\x06verify\x07example\x03com" + bytes.fromhex("0000010001")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.settimeout(_SECONDS)
        try:
            plug.sendto(query, (address, 53))
            return bool(plug.recv(512))
        except OSError:
            return False


def _is_somewhere(canary):
    wanted = canary.encode()
    places = [f"/proc/{one}/environ" for one in os.listdir("/proc") if one.isdigit()]
    for top in _PLACES:
        for folder, _, names in os.walk(top):
            places += [os.path.join(folder, name) for name in names]
    return any(_holds(one, wanted) for one in places)


def _holds(path, wanted):
    try:
        if not path.startswith("/proc/") and (os.path.islink(path) or os.path.getsize(path) > _LARGEST):
            return False
        with open(path, "rb") as file:
            return wanted in file.read(_LARGEST)
    except OSError:
        return False


main(json.loads(sys.argv[1]))
