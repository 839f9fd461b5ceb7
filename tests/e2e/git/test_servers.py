"""Clone, fetch and push from real sessions to real servers, and where what opens them can be found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import docker
import pytest

from tests.e2e.git.conftest import as_user
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.git.conftest import Secrets
    from tests.e2e.git.forge import Forge, Home
    from tests.e2e.git.inside import Inside
    from tests.support.cli import Toolkit

WAYS = ("https", "http", "ssh")


@pytest.fixture(scope="module")
def seats(forge: Forge, project: Callable[..., Toolkit], begin: Callable[..., Inside]) -> dict[str, Inside]:
    """A session for each way to the forge: a credential helper, a token file, an agent; level none for all."""
    return {way: begin(project(f"by-{way}", getattr(forge, way))) for way in WAYS}


@pytest.mark.parametrize("way", WAYS)
def test_clone_fetch_and_push(way: str, seats: dict[str, Inside], forge: Forge, user: Home) -> None:
    seat, name = seats[way], f"team/by-{way}"
    made = seat.commit("inside")
    assert "new branch" in seat.push(seat.branch).text
    assert forge.refs(name)[f"refs/heads/{seat.branch}"].strip() == made
    as_user(user, seat.toolkit.cwd, "commit", "-q", "--allow-empty", "-m", "outside")
    as_user(user, seat.toolkit.cwd, "push", "-q", forge.https(name), "main")
    outside = as_user(user, seat.toolkit.cwd, "rev-parse", "main")
    seat.run("git fetch -q origin")
    assert seat.run("git rev-parse origin/main").text == outside
    cloned = seat.run('git clone -q "$(git remote get-url origin)" /tmp/again; git -C /tmp/again rev-parse HEAD')
    assert cloned.text == outside


# Everything that the session could look at: its files, every process's arguments and environment, git's configuration.
_SEARCH = """
find / -xdev -type f -size -4M -not -path '/proc/*' -not -path '/sys/*' -print0 2>/dev/null \
    | xargs -0 grep -laF -e "$1" 2>/dev/null || true
for one in /proc/[0-9]*; do
    for file in environ cmdline; do
        tr '\\0' '\\n' <"$one/$file" 2>/dev/null | grep -qF -e "$1" && echo "$one/$file"
    done
done
git config --list --show-origin | grep -F -e "$1" || true
env | grep -F -e "$1" || true
true
"""


@pytest.mark.parametrize("way", WAYS)
def test_what_opens_the_forge_is_nowhere_inside(way: str, seats: dict[str, Inside], opens: Secrets, user: Home) -> None:
    seat = seats[way]
    private = (user.folder / "key").read_text().splitlines()[2]
    sought = {"https": opens.password, "http": opens.token, "ssh": private}[way]
    seat.run('echo "$1" >/tmp/control', f"control-{sought[:8]}")
    assert "/tmp/control" in seat.run(_SEARCH, f"control-{sought[:8]}").text.splitlines()  # what is there is found
    mine = seat.run(_SEARCH.replace('"$1"', '"$(printf %s "$1" | rev)"'), sought[::-1]).text.splitlines()
    assert mine == []
    assert seat.run("ls -d ${SSH_AUTH_SOCK:-/nowhere} /run/toolkit-agent.sock 2>/dev/null || true").text == ""
    client = docker.from_env()
    try:
        for kind in ("session", labels.GIT_GATEWAY_KIND, labels.GATEWAY_KIND):
            shown = client.containers.get(seat.part(kind))
            assert sought not in json.dumps(shown.attrs)
            assert sought.encode() not in shown.logs()
    finally:
        client.close()


def test_the_token_opens_the_gateway_alone(seats: dict[str, Inside], forge: Forge) -> None:
    """What a session has is worth nothing at the forge, and another session's gateway is out of its reach."""
    seat, other = seats["https"], seats["http"]
    header = seat.run("git config --get-regexp 'http.*extraheader'").text.partition("Authorization: ")[2]
    probe = 'python3 - "$1" "$2" <<"EOF"\n' + _ASK + "EOF\n"
    gate = seat.run("git config --get-regexp 'url.*insteadof'").text.partition("url.")[2].partition(".insteadof")[0]
    assert seat.run(probe, f"{gate}/info/refs?service=git-upload-pack", header).text == "200"
    asked = f"{forge.http('team/by-https')}/info/refs?service=git-upload-pack"
    answer = forge.container.exec(["python3", "-c", _ASK.replace("sys.stdin", "''"), asked, header])
    assert bytes(answer.output).decode().strip() == "401"
    theirs = other.run("git config --get-regexp 'url.*insteadof'").text.partition("url.")[2].partition(".insteadof")[0]
    assert theirs != gate
    assert seat.run(probe, f"{theirs}/info/refs?service=git-upload-pack", header).text == "unreachable"


_ASK = """
import sys, urllib.error, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    asked = urllib.request.Request(sys.argv[1], headers={"Authorization": sys.argv[2]})
    print(opener.open(asked, timeout=5).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print("unreachable")
"""
