"""Inside a container: what is there and what can be reached, as one JSON object. Its order is the first argument.

Only what the order names is looked at, so that the same program can stand where something must be reached: the control.
"""

from __future__ import annotations

import errno
import json
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

_SECONDS = 2.0
_AT_ONCE = 8
_LARGEST = 4 << 20
_LONGEST_OUTPUT = 64 << 10
_PLACES = ("/etc", "/root", "/tmp", "/var/lib/toolkit", "/workspace", "/opt/toolkit", "/run", "/home", "/dev/shm")
_CANNOT_START = {126, 127}
_SOMEBODY = {0, errno.ECONNREFUSED, errno.ECONNRESET}


def main(order):
    looks = {
        "variables": lambda _: dict(os.environ),
        "marker": _text,
        "hooks": _hooks,
        "packages": _packages,
        "program": shutil.which,
        "limits": lambda _: _limits(),
        "ask": lambda hosts: _each(_ask, hosts),
        "tunnel": _tunnels,
        "direct": lambda addresses: _reached(addresses, order.get("patience", _SECONDS)),
        "resolve": lambda names: _those(_resolves, names),
        "name_servers": lambda servers: _those(lambda one: _answers(one, order["question"]), servers),
        "secrets": _secrets,
        "pushes": _push,
        "commands": _commands,
    }
    wanted = [name for name in looks if name in order]
    with ThreadPoolExecutor(len(wanted)) as pool:  # most of it is waiting for what must not answer
        found = dict(zip(wanted, pool.map(lambda name: _timed(looks[name], order[name]), wanted)))
    print(json.dumps({"seen": {name: one[0] for name, one in found.items()}, "seconds": _seconds(found)}))


def _timed(look, argument):
    began = time.monotonic()
    return look(argument), time.monotonic() - began


def _seconds(found):
    return {name: round(one[1], 3) for name, one in found.items()}


def _each(test, values):
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(values, pool.map(test, values)))


def _those(test, values):
    return [one for one, true in _each(test, values).items() if true]


def _run(command, seconds=60, cwd=None):
    """Exit code and output; 127 where it cannot start, 124 where it does not end."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
            cwd=cwd,
        )
    except subprocess.TimeoutExpired:
        return 124, ""
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _commands(order):
    """One after the other, as `toolkit exec` runs them; exit code None: it took longer than it may."""
    return [_command([*order["beside"], "bash", "-c", one["run"]], one["timeout"]) for one in order["run"]]


def _command(argv, seconds):
    began = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # Files, not pipes: what it leaves in the background would hold a pipe open.
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
        return {
            "exit_code": code if code is None or code >= 0 else 128 - code,
            "stdout": _beginning(out),
            "stderr": _beginning(err),
            "seconds": round(time.monotonic() - began, 3),
        }


def _beginning(file):
    file.seek(0)
    return file.read(_LONGEST_OUTPUT).decode("utf-8", "replace")


def _packages(wanted):
    """Manager → package → what is wrong with it; empty: it is there and answers."""
    return {manager: _each(lambda name, own=manager: _fault(own, name), names) for manager, names in wanted.items()}


def _fault(manager, name):
    programs = {"apt": _of_apt, "pip": _of_pip, "npm": _of_npm}[manager](name)
    if programs is None:
        return "not installed"
    for one in programs:
        if not os.access(one, os.X_OK):
            return "its program %s is gone" % one
    own = [one for one in programs if os.path.basename(one) == name.rpartition("/")[2]]
    for one in own[:1]:
        code, said = _run([one, "--version"], seconds=20)
        if code in _CANNOT_START:
            return "its program %s does not start: %s" % (one, said.strip()[:200])
    return ""


def _of_apt(name):
    code, said = _run(["dpkg-query", "-W", "-f", "${Status}\\n", name])
    if code or " installed" not in said:
        return None
    code, said = _run(["dpkg-query", "-L", name])
    if code:
        return None
    folders = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/games/")
    found = []
    for line in said.splitlines():
        if line.startswith("diverted by "):  # of the file before: another package has put its own in its place
            del found[-1:]
        found.append(line)
    return [one for one in found if one.startswith(folders)]


def _of_pip(name):
    """Its scripts, asked of the Python that it was installed for."""
    source = (
        "import importlib.metadata as m, json, sys\n"
        "files = m.distribution(sys.argv[1]).files or []\n"
        "print(json.dumps([str(f.locate().resolve()) for f in files if '/bin/' in str(f)]))"
    )
    code, said = _run([sys.executable, "-c", source, name])
    return None if code else json.loads(said)


def _of_npm(name):
    _, said = _run(["npm", "root", "--global"])
    folder = os.path.join(said.strip(), name)
    try:
        with open(os.path.join(folder, "package.json"), encoding="utf-8") as file:
            programs = json.load(file).get("bin") or {}
    except (OSError, ValueError):
        return None
    names = [name.rpartition("/")[2]] if isinstance(programs, str) else programs
    prefix = os.path.dirname(os.path.dirname(said.strip()))
    return [os.path.join(prefix, "bin", one) for one in names]


def _limits():
    """The control group's own word, of version 1 or 2, -1: none; and the size of the disk in bytes."""
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
    disk = os.statvfs("/")
    found["disk"] = disk.f_blocks * disk.f_frsize
    return found


def _number(paths):
    text = next((text for text in map(_text, paths) if text), "max")
    return -1 if text == "max" else int(text)


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _hooks(order):
    """The order in which their variables took hold, and what the repository's own hook was told."""
    code, said = _run([*order["beside"], "printenv", order["variable"]])
    try:
        told = json.loads(_text(order["record"]) or "{}")
    except ValueError:
        told = {}
    return {"order": said.split() if code == 0 else [], "told": told}


def _ask(host):
    """Through the way out that the environment names: the status, and the refusal's header."""
    return _answer(urllib.request.Request("http://%s/toolkit-verify" % host))


def _answer(request, seconds=_SECONDS * 3, context=None):
    try:
        with urllib.request.urlopen(request, timeout=seconds, context=context) as answer:
            return [answer.status, answer.headers.get("X-Deny-Reason", "")]
    except urllib.error.HTTPError as error:
        with error:
            return [error.code, error.headers.get("X-Deny-Reason", "")]
    except OSError as error:
        return [0, str(error)]


def _reached(addresses, patience):
    """Those where somebody answers a TCP connection, be it with a refusal; all at the same time."""
    plugs, found = {}, []
    for one in addresses:
        host, _, port = one.rpartition(":")
        plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        plug.setblocking(False)
        code = plug.connect_ex((host, int(port)))
        if code in {errno.EINPROGRESS, errno.EWOULDBLOCK}:
            plugs[plug.fileno()] = (one, plug)
        else:
            found += [one] if code in _SOMEBODY else []
            plug.close()
    poll = select.poll()
    for number in plugs:
        poll.register(number, select.POLLOUT)
    deadline = time.monotonic() + patience
    while plugs and time.monotonic() < deadline:
        for number, _ in poll.poll(max(1, int((deadline - time.monotonic()) * 1000))):
            poll.unregister(number)
            one, plug = plugs.pop(number)
            found += [one] if plug.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in _SOMEBODY else []
            plug.close()
    for _, plug in plugs.values():
        plug.close()
    return [one for one in addresses if one in found]


def _resolves(name):
    try:
        socket.getaddrinfo(name, 80)
    except OSError:
        return False
    return True


def _answers(address, question):
    name = b"".join(bytes([len(one)]) + one.encode() for one in question.split("."))
    query = bytes.fromhex("123401000001000000000000") + name + bytes.fromhex("0000010001")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.settimeout(_SECONDS)
        try:
            plug.sendto(query, (address, 53))
            reply = plug.recv(512)
        except OSError:
            return False
        return reply[3] & 15 == 0 and reply[6:8] != b"\0\0"  # an address, not a refusal


def _secrets(order):
    """Asked for first, so that whatever an answer leaves here is searched as well."""
    context = ssl.create_default_context()
    answers = _each(lambda host: _ask_by_https(host, order["headers"], context), order["hosts"])
    return {"answers": answers, "found": _those(_is_somewhere, order["search"])}


def _tunnels(order):
    """What stands at the other end of a tunnel that is not opened on the way is nobody whom anybody vouches for."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return _each(lambda host: _ask_by_https(host, order["headers"], context), order["hosts"])


def _ask_by_https(host, headers, context):
    request = urllib.request.Request("https://%s/toolkit-verify" % host, headers=headers)
    return _answer(request, seconds=_SECONDS * 10, context=context)


def _is_somewhere(canary):
    wanted = canary.encode()
    own = {str(os.getpid()), "self", "thread-self"}
    processes = [one for one in os.listdir("/proc") if one.isdigit() and one not in own]
    places = ["/proc/%s/%s" % (one, what) for one in processes for what in ("environ", "cmdline")]
    places.append("/proc/self/environ")
    for top in _PLACES:
        for folder, _, names in os.walk(top):
            places += [os.path.join(folder, name) for name in names]
    return any(_holds(one, wanted) for one in places)


def _holds(path, wanted):
    try:
        if not path.startswith("/proc/") and (not os.path.isfile(path) or os.path.getsize(path) > _LARGEST):
            return False
        with open(path, "rb") as file:
            return wanted in file.read(_LARGEST)
    except OSError:
        return False


def _push(order):
    """A commit, pushed to each ref in turn: exit code and output."""
    folder = order["folder"]
    words = ["git", "-c", "user.name=toolkit", "-c", "user.email=toolkit@example.invalid", "-c", "commit.gpgSign=false"]
    code, said = _run([*words, "commit", "--quiet", "--allow-empty", "--message", "Verify the way home"], cwd=folder)
    if code:
        return [[code, said]] * len(order["refs"])
    return [list(_run(["git", "push", "origin", "HEAD:%s" % ref], seconds=60, cwd=folder)) for ref in order["refs"]]


main(json.loads(sys.argv[1]))
