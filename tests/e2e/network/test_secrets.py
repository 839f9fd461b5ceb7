"""A secret reaches exactly the declared host by https, and is to be found nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest

from tests.e2e.network import grounds
from tests.e2e.network.arena import Arena, arrivals_at_others
from tests.e2e.network.attacks import Try, trying
from tests.e2e.network.names import OPEN, SHUT, VAULT, WILD
from tests.e2e.network.seat import SessionSeat
from tests.support.git import repository
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.network.lab import Note
    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

_TO = f"{VAULT}:443"
_MINE = "Authorization: Bearer of-the-session"


def sent(notes: list[Note], header: str = "authorization") -> list[str]:
    """The values of this header in every request that reached an origin, in their order."""
    requests = [one for one in notes if one.what == "request"]
    return [value for one in requests for key, value in one.more["headers"] if key.lower() == header]


def attempted(arena: Arena, tried: Try) -> list[Note]:
    mark = arena.lab.mark()
    arena.seat.attempt(tried)
    return arena.lab.since(mark)


def test_the_declared_host_gets_it(arena: Arena, secret: str) -> None:
    assert sent(attempted(arena, trying("tunnel", to=_TO))) == [f"Bearer {secret}"]


def test_a_standard_client_trusts_the_way_there(arena: Arena, secret: str) -> None:
    code = f"import urllib.request as u; print(u.urlopen('https://{VAULT}/x', timeout=9).read().decode())"
    notes = attempted(arena, trying("shell", script=f'python3 -c "{code}"'))
    assert sent(notes) == [f"Bearer {secret}"]


@pytest.mark.parametrize(
    "headers",
    [(_MINE,), (_MINE.upper(),), (_MINE, _MINE), ("Authorization:", _MINE), (_MINE, "Connection: authorization")],
    ids=["own", "upper", "twice", "empty", "hop-by-hop"],
)
def test_the_clients_own_header_is_dropped(arena: Arena, secret: str, headers: tuple[str, ...]) -> None:
    assert sent(attempted(arena, trying("tunnel", to=_TO, inner_headers=headers))) == [f"Bearer {secret}"]


def test_other_hosts_get_the_clients_header_and_no_secret(arena: Arena) -> None:
    notes = attempted(arena, trying("plain", url=f"http://{OPEN}/", headers=[_MINE]))
    assert sent(notes) == ["Bearer of-the-session"]
    notes = attempted(arena, trying("tunnel", to=f"{OPEN}:443", inner_headers=[_MINE]))
    assert sent(notes) == ["Bearer of-the-session"]


def asked(line: str, host: str, *headers: str) -> str:
    return "\r\n".join([line, f"Host: {host}", *headers, "Connection: close", "", ""])


@pytest.mark.parametrize(
    "tried",
    [
        trying("plain", url=f"http://{VAULT}/"),
        trying("plain", url=f"http://{VAULT}:443/"),
        trying("plain", url=f"http://{OPEN}/", host=VAULT),
        trying("plain", url=f"http://{OPEN}/", headers=[f"X-Forwarded-Host: {VAULT}", "X-Forwarded-Proto: https"]),
        trying("tunnel", to=_TO, sni=OPEN),
        trying("tunnel", to=_TO, sni=None),
        trying("tunnel", to=f"{OPEN}:443", sni=VAULT),
        trying("tunnel", to=f"{OPEN}:443", inner=asked("GET / HTTP/1.1", VAULT)),
        trying("tunnel", to=_TO, inner=asked("GET / HTTP/1.1", OPEN)),
        trying("tunnel", to=_TO, inner=asked("GET / HTTP/1.1", SHUT)),
        trying("tunnel", to=_TO, inner=asked("GET / HTTP/1.1", f"other.{WILD}")),
        trying("tunnel", to=_TO, inner=asked(f"GET http://{OPEN}/ HTTP/1.1", VAULT)),
        trying("tunnel", to=_TO, inner=asked(f"GET https://{OPEN}/ HTTP/1.1", VAULT)),
        trying("tunnel", to=_TO, inner=asked(f"GET http://{VAULT}/ HTTP/1.1", VAULT)),
        trying("tunnel", to=_TO, inner=asked(f"CONNECT {OPEN}:443 HTTP/1.1", OPEN)),
        trying("tunnel", to=_TO, inner=asked("TRACE / HTTP/1.1", VAULT)),
        trying("tunnel", to=_TO, inner=asked("GET / HTTP/1.1", f"{VAULT}:8443")),
        trying("tunnel", to=_TO, inner=asked("GET / HTTP/1.1", f"{VAULT}@{OPEN}")),
        trying("tunnel", to=_TO, inner=asked("GET / HTTP/1.1", f"x.{VAULT}")),
        trying("tunnel", to=f"{VAULT}.evil.example:443"),
        trying("tunnel", to=f"x.{VAULT}:443"),
    ],
    ids=str,
)
def test_no_detour_carries_it(arena: Arena, secret: str, tried: Try) -> None:
    """Neither to another host, nor in the clear: an origin that got it would have been asked for by its own name."""
    notes = attempted(arena, tried)
    leaked = [one for one in notes if one.what == "request" and secret in json.dumps(one.more)]
    assert [one for one in leaked if not _is_its_own(one)] == []
    assert arrivals_at_others(notes) == []


def _is_its_own(note: Note) -> bool:
    host = next((value for key, value in note.more["headers"] if key.lower() == "host"), "")
    return host == VAULT and note.more["scheme"] == "https" and note.more["method"] != "TRACE"


def test_a_second_request_in_the_same_tunnel_is_judged_by_itself(arena: Arena, secret: str) -> None:
    first = f"GET /first HTTP/1.1\r\nHost: {VAULT}\r\n\r\n"
    notes = attempted(arena, trying("tunnel", to=_TO, inner=first + asked("GET /second HTTP/1.1", SHUT)))
    assert sent(notes) == [f"Bearer {secret}"]
    assert arrivals_at_others(notes) == []


@pytest.mark.parametrize("path", ["/broken", "/redirect?to=http://shut.example.net/", "/\x7f", "/%00"])
def test_no_answer_shows_it(arena: Arena, secret: str, path: str) -> None:
    """Error pages of the gateway are made from what the session sent, never from what was added."""
    assert secret not in arena.seat.attempt(trying("tunnel", to=_TO, path=path)).text


def test_it_is_nowhere_inside(arena: Arena, secret: str) -> None:
    script = (
        "echo planted-0123456789 > /var/tmp/planted; PLANTED=planted-0123456789 sleep 60 </dev/null >/dev/null 2>&1 &"
    )
    arena.seat.attempt(trying("shell", script=script, expect=""))
    found = arena.seat.attempt(trying("search", needle="planted-0123456789"))
    assert "/var/tmp/planted" in found.text, "the search finds what is there"
    assert "environ" in found.text
    found = arena.seat.attempt(trying("search", needle=secret))
    assert not found.reached, found.text
    assert not found.error


def test_it_is_nowhere_outside(arena: Arena, engine: DockerEngine, site: Toolkit, secret: str, tmp_path: Path) -> None:
    """Containers, images and their history, logs, the transcript, what the client keeps and what it prints."""
    for text in _told_by_the_engine(arena.session):
        assert secret not in text
    for words in (("tasks",), ("audit", arena.session), ("network", "show", "custom"), ("env", "show", "custom")):
        assert secret not in site(*words, "--json").stdout
    assert secret not in site("logs", arena.session, "--json").stdout
    for folder in (site.root, *(Path(site.environment[key]) for key in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"))):
        for path in folder.rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def _told_by_the_engine(session: str) -> Iterator[str]:
    client = docker.from_env()
    try:
        for one in client.containers.list(all=True, filters={"label": f"{labels.SESSION}={session}"}):
            yield json.dumps(one.attrs)
            yield one.logs().decode("utf-8", "replace")
            assert one.image is not None
            yield json.dumps(one.image.attrs)
            yield json.dumps(one.image.history())
            yield json.dumps(one.top())
        yield json.dumps([one.attrs for one in client.networks.list()])
    finally:
        client.close()


def test_a_new_value_holds_after_resume(site: Toolkit, sessions: Callable[..., str], arena: Arena, secret: str) -> None:
    session = sessions("custom")
    site("stop", session)
    rotated = f"{secret}-rotated"
    renewed = replace(site, environment={**site.environment, grounds.SECRET_VARIABLE: rotated})
    renewed("resume", session)
    mark = arena.lab.mark()
    with SessionSeat(site, session) as seat:
        assert seat.attempt(trying("tunnel", to=_TO)).reached
    assert sent(arena.lab.since(mark)) == [f"Bearer {rotated}"]


def test_a_missing_source_stops_everything_before_it_starts(
    site: Toolkit, engine: DockerEngine, arena: Arena, tmp_path: Path
) -> None:
    checkout = repository(tmp_path / "work")
    before = {one.id for one in engine.containers(labels={labels.SESSION: ""})}
    environment = {**site.environment, grounds.SECRET_VARIABLE: ""}
    without = replace(site, environment=environment, cwd=checkout)
    error = without.json("remote", "true", "--env", "custom", code=1)["error"]
    assert "vault" in error["message"]
    assert grounds.SECRET_VARIABLE in error["message"]
    assert {one.id for one in engine.containers(labels={labels.SESSION: ""})} == before
