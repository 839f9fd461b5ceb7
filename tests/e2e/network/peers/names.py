"""The lab's name server: answers from a zone file that is read anew for each query, and writes down each query.

Zone: name → {"A": [...], "AAAA": [...], "CNAME": name, "turns": [[...], ...]}; `turns` are A records that change with
each query. `*.x` stands for all below x. Other names do not exist, and nothing is asked elsewhere.
"""

from __future__ import annotations

import ipaddress
import json
import socketserver
import struct
import sys
import threading
from pathlib import Path
from typing import Any

from .journal import Journal

A, CNAME, AAAA = 1, 5, 28
TYPES = {A: "A", CNAME: "CNAME", AAAA: "AAAA", 12: "PTR", 15: "MX", 16: "TXT", 65: "HTTPS"}
SECONDS = 1  # how long an answer may be kept
NO_SUCH_NAME = 3
FLAGS = 0x8580  # an answer, of the authority for the name


class Zone:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()

    def records(self, name: str, kind: int) -> list[tuple[str, int, bytes]] | None:
        """Owner, type and content of each record; None where the name does not exist."""
        entry = _entry(json.loads(self._path.read_text(encoding="utf-8")), name)
        if entry is None:
            return None
        if "CNAME" in entry:
            return [(name, CNAME, _encoded(entry["CNAME"])), *(self.records(entry["CNAME"], kind) or [])]
        if kind == A:
            addresses = self._turn(name, entry["turns"]) if "turns" in entry else entry.get("A", [])
            return [(name, A, ipaddress.IPv4Address(one).packed) for one in addresses]
        if kind == AAAA:
            return [(name, AAAA, ipaddress.IPv6Address(one).packed) for one in entry.get("AAAA", [])]
        return []

    def _turn(self, name: str, turns: list[list[str]]) -> list[str]:
        with self._lock:
            count = self._asked.get(name, 0)
            self._asked[name] = count + 1
        return turns[count % len(turns)]


def _entry(zone: dict[str, dict[str, Any]], name: str) -> dict[str, Any] | None:
    rest = name
    while name not in zone and "." in rest:
        rest = rest.partition(".")[2]
        if f"*.{rest}" in zone:
            return zone[f"*.{rest}"]
    return zone.get(name)


def _encoded(name: str) -> bytes:
    return b"".join(bytes([len(one)]) + one for one in name.encode("ascii").split(b".")) + b"\0"


def question(query: bytes) -> tuple[str, int, int]:
    """The name in lower case, the type, and where the question ends."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]])
        at += 1 + query[at]
    (kind,) = struct.unpack(">H", query[at + 1 : at + 3])
    return b".".join(labels).decode("latin-1").lower(), kind, at + 5


class Answers:
    def __init__(self, zone: Zone, journal: Journal) -> None:
        self.zone = zone
        self.journal = journal

    def __call__(self, query: bytes, way: str, client: str) -> bytes:
        name, kind, end = question(query)
        self.journal.write("query", name=name, type=TYPES.get(kind, str(kind)), way=way, client=client)
        records = self.zone.records(name, kind)
        code = NO_SUCH_NAME if records is None else 0
        head = struct.pack(">2sHHHHH", query[:2], FLAGS | code, 1, len(records or ()), 0, 0)
        body = [
            _encoded(owner) + struct.pack(">HHIH", found, 1, SECONDS, len(content)) + content
            for owner, found, content in records or ()
        ]
        return head + query[12:end] + b"".join(body)


def servers(answers: Answers) -> list[socketserver.BaseServer]:
    class Udp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, plug = self.request
            plug.sendto(answers(query, "udp", self.client_address[0]), self.client_address)

    class Tcp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = self.rfile.read(2)
            while len(head) == 2:
                (length,) = struct.unpack(">H", head)
                reply = answers(self.rfile.read(length), "tcp", self.client_address[0])
                self.wfile.write(struct.pack(">H", len(reply)) + reply)
                head = self.rfile.read(2)

    return [socketserver.ThreadingUDPServer(("", 53), Udp), socketserver.ThreadingTCPServer(("", 53), Tcp)]


def main(zone: str, journal: str) -> None:
    for one in servers(Answers(Zone(Path(zone)), Journal(journal, "names"))):
        threading.Thread(target=one.serve_forever, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
