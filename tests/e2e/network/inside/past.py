"""Tries past the gateway, and at what holds the session."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

from .through import request
from .tls import secured
from .wire import CONNECTING, LONGEST, LONGEST_TOLD, SILENCE, Answer, a_try, as_bytes, as_text, everything, told


@a_try
def tcp(to: str, send: str = "GET / HTTP/1.0\r\nConnection: close\r\n\r\n") -> Answer:
    """A connection of one's own to `address:port`."""
    host, _, port = to.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECTING) as plug:
        plug.sendall(as_bytes(send))
        return {**told(everything(plug, patience=SILENCE)), "connected": True}


@a_try
def tcp_tls(to: str, sni: str) -> Answer:
    host, _, port = to.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=CONNECTING) as plug:
        return secured(plug, sni, request(sni, "/", ()))


@a_try
def udp(to: str, send: str = "hello") -> Answer:
    host, _, port = to.rpartition(":")
    with socket.socket(socket.AF_INET6 if "[" in host else socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.settimeout(SILENCE)
        plug.sendto(as_bytes(send), (host.strip("[]"), int(port)))
        return told(plug.recv(LONGEST))


@a_try
def look_up(name: str, server: str = "") -> Answer:
    """By the system's resolver, or by a query of one's own to `server`; `reached`: there is an address."""
    if not server:
        return {"reached": bool(socket.getaddrinfo(name, 443)), "status": None}
    query = os.urandom(2) + bytes.fromhex("01000001000000000000")
    query += b"".join(bytes([len(one)]) + one for one in as_bytes(name).split(b".")) + bytes.fromhex("0000010001")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.settimeout(SILENCE)
        plug.sendto(query, (server, 53))
        reply = plug.recv(LONGEST)
        return {"reached": struct.unpack(">H", reply[6:8])[0] > 0, "status": None, "text": repr(reply[:60])}


@a_try
def ping(to: str, kind: str = "raw") -> Answer:
    """An echo request by a raw socket, or by the kind that needs no privilege where the kernel grants it."""
    style = socket.SOCK_RAW if kind == "raw" else socket.SOCK_DGRAM
    body = struct.pack(">BBHHH", 8, 0, 0, 1, 1) + b"lab-origin"
    total = sum(struct.unpack(f">{len(body) // 2}H", body))
    total = (total >> 16) + (total & 0xFFFF)
    body = body[:2] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + body[4:]
    with socket.socket(socket.AF_INET, style, socket.IPPROTO_ICMP) as plug:
        plug.settimeout(SILENCE)
        plug.sendto(body, (to, 0))
        return told(plug.recv(LONGEST))


@a_try
def packet() -> Answer:
    """A socket on the wire itself; `reached`: it opens, and with it everything that passes could be read and forged."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)):
        return {"reached": True, "status": None}


@a_try
def source_route(to: str, by: str) -> Answer:
    """TCP with the IP option "loose source route": the packet goes to `by` first, which is to pass it on."""
    host, _, port = to.rpartition(":")
    option = struct.pack("BBBB", 1, 0x83, 7, 4) + socket.inet_aton(host)  # padding, type, length, pointer, last hop
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as plug:
        plug.settimeout(CONNECTING)
        plug.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, option)
        plug.connect((by, int(port)))
        plug.sendall(b"GET / HTTP/1.0\r\nConnection: close\r\n\r\n")
        return told(everything(plug, patience=SILENCE))


@a_try
def route(by: str) -> Answer:
    """Add a route to TEST-NET-2 by way of a neighbour; `reached`: the kernel takes it. Where it does, it goes again."""

    def address(text: str) -> bytes:
        return struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))

    entry = struct.pack("=Q", 0) + address("198.51.100.0") + address(by) + address("255.255.255.0")
    entry += struct.pack("=Hh4xQHh4xQQQH6x", 0x0003, 0, 0, 0, 0, 0, 0, 0, 0)  # up, by a gateway
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        fcntl.ioctl(plug, 0x890B, entry)  # SIOCADDRT
        fcntl.ioctl(plug, 0x890C, entry)  # SIOCDELRT
    return {"reached": True, "status": None}


@a_try
def alias(address: str) -> Answer:
    """Give an interface another address; `reached`: the kernel takes it.

    Where it does, it goes again: its network, all of 192.0.2.0/24, would be on this link, and may be the machine's own.
    """
    name = f"{next(one for _, one in socket.if_nameindex() if one != 'lo')}:1".encode()
    entry = struct.pack("=16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(address))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        fcntl.ioctl(plug, 0x8916, entry)  # SIOCSIFADDR
        fcntl.ioctl(plug, 0x8914, struct.pack("=16sH14x", name, 0))  # SIOCSIFFLAGS: down, which removes an alias
    return {"reached": True, "status": None}


@a_try
def unix(paths: list[str], serve: bool = False) -> Answer:
    """Whether any of these sockets lets us connect; `serve`: listen at the first one before."""
    with contextlib.ExitStack() as stack:
        if serve:
            server = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            with suppress(FileNotFoundError):
                Path(paths[0]).unlink()
            server.bind(paths[0])
            server.listen()
        for path in paths:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
                plug.connect(path)
                return {"reached": True, "status": None, "text": path}
    return {"reached": False, "status": None}


@a_try
def shell(script: str, expect: str = "lab-origin", seconds: float = 15.0) -> Answer:
    """A script of bash; `reached`: what it prints holds `expect`."""
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL, check=False
    )
    text = as_text(done.stdout + done.stderr)
    return {"reached": expect in text, "status": done.returncode, "text": text[:LONGEST_TOLD]}


@a_try
def sweep(addresses: list[str], ports: list[int]) -> Answer:
    """Connect to every port of every address; `reached`: any is open, and `text` says which."""
    open_ones = []
    for address in addresses:
        for port in ports:
            with suppress(OSError), socket.create_connection((address, port), timeout=0.4):
                open_ones.append(f"{address}:{port}")
    return {"reached": bool(open_ones), "status": None, "text": " ".join(open_ones)}


@a_try
def search(needle: str) -> Answer:
    """Look for a value in every file, variable and command line that can be read; `reached`: it is there."""
    wanted, own = needle.encode(), os.getpid()
    found = [f"own environment {key}" for key, value in os.environ.items() if needle in value]
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != own:
            for kind in ("environ", "cmdline"):
                with suppress(OSError):
                    if wanted in (process / kind).read_bytes():
                        found.append(f"{process.name} {kind}")
    listed = subprocess.run(
        ["grep", "-rslF", "--devices=skip", "--exclude-dir=proc", "--exclude-dir=sys", needle, "/"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    found += listed.stdout.decode().split()
    return {"reached": bool(found), "status": None, "text": " ".join(found)}
