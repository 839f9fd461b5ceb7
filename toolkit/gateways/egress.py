"""The egress gateway: routes that lead nowhere, then Squid as a user without any capability, until the session is gone.

`order.json` says: `blackholes` and `resolvers` (networks and addresses), `session` (its address), `bumps` (whether
hosts get secrets, so that Squid must make certificates).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
import subprocess
import sys
from typing import Any

from . import privileges

_USER = 13
_RUN = "/run/gateway"
_STOCK_PAGES = "/usr/share/squid/errors/templates"
_CERTGEN = "/usr/lib/squid/security_file_certgen"
_SECONDS = 60
_PROGRAMS = os.path.dirname(os.path.abspath(__file__))


def main(folder: str) -> int:
    with open(f"{folder}/order.json", encoding="utf-8") as file:
        order: dict[str, Any] = json.load(file)
    _greet(order["session"])
    _close_routes(order)
    _make_ca(f"{folder}/state")
    for descriptor in (1, 2):  # Squid opens them again by name, as its own user
        os.fchown(descriptor, _USER, _USER)
    privileges.drop(_USER)
    _lay_out(folder, order)
    now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _say({"event": "started", "time": now, "policy": order["policy"]})
    watch = ("/bin/sh", f"{_PROGRAMS}/watch", f"{folder}/squid.conf", order["session"])
    os.execv(watch[0], watch)


def _greet(session: str) -> None:
    """A packet to nobody's port: whoever asked for our address before we had it hears of it now, not a second later."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.sendto(b"", (session, 9))


def _close_routes(order: dict[str, Any]) -> None:
    """A second layer under Squid's own rules: whatever it is talked into, these networks are not there for it.

    The resolvers keep the way that they have now, or look-ups would end where they have a private address.
    """
    ways = [(one, _way_to(one)) for one in order["resolvers"]]
    lines = [f"route replace {one}/32 {way}" for one, way in ways if way]
    lines += [f"route replace blackhole {one}" for one in order["blackholes"]]
    subprocess.run(("ip", "-4", "-batch", "-"), input="\n".join(lines).encode(), check=True, timeout=_SECONDS)


def _way_to(address: str) -> str:
    """As `ip route` takes it, such as `via 203.0.113.1 dev eth1`; empty where there is none."""
    found = subprocess.run(
        ("ip", "-4", "-oneline", "route", "get", address),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
    )
    words = found.stdout.decode().split()
    return " ".join(f"{word} {words[words.index(word) + 1]}" for word in ("via", "dev") if word in words)


def _lay_out(folder: str, order: dict[str, Any]) -> None:
    """What Squid wants to find: every stock page beside ours, a CA, and a store for what it signs."""
    os.makedirs(f"{_RUN}/pages")
    os.makedirs(f"{_RUN}/none")
    for source in (_STOCK_PAGES, f"{folder}/pages"):
        for name in os.listdir(source):
            os.symlink(f"{source}/{name}", f"{_RUN}/pages/{name}")
    for name in ("ca.pem", "ca.key"):
        os.symlink(f"{folder}/state/{name}", f"{_RUN}/{name}")
    if order["bumps"]:
        _quietly(_CERTGEN, "-c", "-s", f"{_RUN}/certificates", "-M", "4MB")


def _make_ca(folder: str) -> None:
    """A CA of this gateway alone; it stays over restarts, since the session trusts it. The key never leaves.

    Squid's group reads it: what Squid could write here would grow on the engine's disk.
    """
    if os.path.exists(f"{folder}/ca.pem"):
        return
    _quietly(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "365", "-subj", "/O=toolkit/CN=toolkit session gateway",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.new",
    )  # fmt: skip
    os.chmod(f"{folder}/ca.key", 0o640)
    os.chown(f"{folder}/ca.key", 0, _USER)
    os.replace(f"{folder}/ca.new", f"{folder}/ca.pem")


def _quietly(*argv: str) -> None:
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_SECONDS, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        raise SystemExit(f"{argv[0]} ended with exit code {done.returncode}")


def _say(fields: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()
