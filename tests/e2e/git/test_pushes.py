"""Every form of push that is not the session's own: refused inside, and at the server nothing has moved."""

from __future__ import annotations

import base64
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.git.conftest import as_user
from tests.e2e.git.forge import USER
from tests.e2e.git.forms import FORMS, PREPARED, SEEDED
from tests.support.cli import Toolkit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.git.conftest import Secrets
    from tests.e2e.git.forge import Forge, Home
    from tests.e2e.git.inside import Inside, Ran

RAW = Path(__file__).with_name("raw.py").read_text(encoding="utf-8")
REPOSITORY, FREE, TEMPLATE = "team/forms", "team/free", "team/template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A clone on the host whose user may push anything to a repository without rules."""

    user: Home
    forge: Forge
    clone: Path
    branch: str
    opens: Secrets

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        variables = Toolkit(root=self.clone, cwd=self.clone, environment=self.user.variables).variables()
        argv = ["sh", "-euc", _in_a_copy(script, self.branch)]
        return subprocess.run(
            argv, cwd=self.clone, env=variables, capture_output=True, text=True, check=False, timeout=120
        )

    def anew(self) -> dict[str, str]:
        """Make the repository as it was before any form; returns its refs."""
        return self.forge.refs(FREE, before='rm -rf "$1.git"; cp -a "$2.git" "$1.git"', words=(TEMPLATE,))


def _in_a_copy(script: str, branch: str) -> str:
    started = f"B={shlex.quote(branch)}; M=$(git rev-parse origin/main); export B M; at=$(mktemp -d)"
    return f'{started}; cp -a . "$at/work"; cd "$at/work"; ( {script} ); code=$?; rm -rf "$at"; exit $code'


@pytest.fixture(scope="module")
def seat(forge: Forge, project: Callable[..., Toolkit], begin: Callable[..., Inside]) -> Inside:
    """A session whose repository is ready for the forms."""
    toolkit = project(REPOSITORY.partition("/")[2], forge.https)
    forge.run(SEEDED, REPOSITORY)
    seat = begin(toolkit)
    seat.run(f"B={seat.branch}; {PREPARED}")
    seat.run("cat >/tmp/raw.py <<'EOF'\n" + RAW + "\nEOF")
    return seat


@pytest.fixture(scope="module")
def rival(forge: Forge, project: Callable[..., Toolkit], user: Home, opens: Secrets, seat: Inside) -> Rival:
    clone = project(FREE.partition("/")[2], forge.https).cwd
    forge.run(SEEDED, FREE)
    found = Rival(user=user, forge=forge, clone=clone, branch=seat.branch, opens=opens)
    variables = Toolkit(root=clone, cwd=clone, environment=user.variables).variables()
    subprocess.run(["sh", "-euc", f"B={seat.branch}; {PREPARED}"], cwd=clone, env=variables, check=True, timeout=120)
    forge.run('cp -a "$2.git" "$1.git"', TEMPLATE, FREE)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_nothing_but_the_own_branch_moves(form: str, seat: Inside, rival: Rival, forge: Forge) -> None:
    before = forge.everything()
    ran = seat.run(_in_a_copy(FORMS[form], seat.branch), code=None)
    assert ran.code != 0, ran.text
    assert forge.everything() == before, ran.text
    clean = rival.anew()
    done = rival.run(FORMS[form])
    assert forge.refs(FREE) != clean, f"the control moved nothing: {done.stdout}{done.stderr}"


SAYS = {  # what the session's user reads, word for word in part
    "main": "toolkit: refused: refs/heads/main: this session may push refs/heads/session/",
    "two refs, one bad": "toolkit: nothing of this push was taken",
    "the own branch rewritten": "not a fast-forward",
    "the own branch deleted": "deleting",
    "a tree that holds .git": ".git",
}


@pytest.mark.parametrize("form", SAYS)
def test_the_refusal_says_why(form: str, seat: Inside) -> None:
    ran = seat.run(_in_a_copy(FORMS[form], seat.branch), code=None)
    assert SAYS[form] in ran.text
    assert "Traceback" not in ran.text


# Those that a repository without rules takes, and those that no server takes: there it is the status that counts.
TAKEN = ("unasked", "packed", "chunked", "both", "lie_about_old", "shallow_lines", "push_options")
TURNED_AWAY = {
    "same_twice": None,
    "lie_that_it_is_new": None,
    "smuggled": None,
    "dots": None,
    "line_in_a_name": None,
    "null_in_a_name": None,
    "no_ref_at_all": None,
    "long_name": None,
    "lengths_that_lie": None,
    "junk_for_a_pack": None,
    "another_object_format": None,
    "certificate": None,
    "other_paths": {"404"},
    "without_smart_http": {"403", "404", "501"},
    "without_the_token": {"401"},
}


def raw(seat: Inside, what: str) -> Ran:
    script = (
        'url=$(git config --get-regexp "url.*insteadof" | sed "s/^url.//;s/.insteadof .*//"); '
        'header=$(git config --get-urlmatch http.extraHeader "$url"); '
        f'python3 /tmp/raw.py "$url" "$header" "$B" {what}'
    )
    return seat.run(_in_a_copy(script, seat.branch), code=None)


@pytest.mark.parametrize("what", [*TAKEN, *TURNED_AWAY])
def test_requests_past_git_move_nothing(what: str, seat: Inside, rival: Rival, forge: Forge) -> None:
    before = forge.everything()
    ran = raw(seat, what)
    assert forge.everything() == before, ran.text
    wanted = TURNED_AWAY.get(what)
    if wanted:
        found = {line.split()[1] for line in ran.text.splitlines() if line.startswith("HTTP/1.")}
        assert found, ran.text
        assert found <= wanted, ran.text
    if what in TAKEN:
        clean = rival.anew()
        told = _at_the_forge(rival, what)
        assert forge.refs(FREE) != clean, told


def _at_the_forge(rival: Rival, what: str) -> str:
    """The same program with a password, where the branch may be rewritten and its lie about the old commit is true."""
    if what == "lie_about_old":
        rival.forge.run('git -C "$1.git" update-ref "refs/heads/$2" main', FREE, rival.branch)
    opened = base64.b64encode(f"{USER}:{rival.opens.password}".encode()).decode()
    url, header = rival.forge.http(FREE), f"Authorization: Basic {opened}"
    script = f"cat >raw.py <<'EOF'\n{RAW}\nEOF\npython3 raw.py {url} '{header}' \"$B\" {what}"
    done = rival.run(script)
    return done.stdout + done.stderr


def test_a_symbolic_ref_at_the_server_is_not_pushed_through(
    forge: Forge, project: Callable[..., Toolkit], begin: Callable[..., Inside], rival: Rival
) -> None:
    seat = begin(project("symbolic", forge.https))
    ref, name = f"refs/heads/{seat.branch}", "team/symbolic"
    forge.run('git -C "$1.git" symbolic-ref "$2" refs/heads/main', name, ref)
    before = forge.refs(name)
    seat.commit("through")
    assert "symbolic ref" in seat.push(seat.branch, code=1).text
    assert forge.refs(name) == before
    rival.anew()  # the control: whoever may push anything moves main by it
    forge.run('git -C "$1.git" symbolic-ref "$2" refs/heads/main', FREE, f"refs/heads/{rival.branch}")
    moved = rival.run('git push origin "$B"')
    assert forge.refs(FREE)["refs/heads/main"].strip() == as_user(rival.user, rival.clone, "rev-parse", "HEAD"), moved
    forge.run('git -C "$1.git" symbolic-ref --delete "$2"', name, ref)
    assert "new branch" in seat.push(seat.branch).text


def test_after_all_of_it_the_own_branch_still_passes(seat: Inside, forge: Forge) -> None:
    assert " 200 " in raw(seat, "control").text.splitlines()[0]
    tip = seat.run("git rev-parse HEAD").text
    assert forge.refs(REPOSITORY)[f"refs/heads/{seat.branch}"].strip() == tip
    again = seat.commit("four")
    seat.push(seat.branch)
    assert forge.refs(REPOSITORY)[f"refs/heads/{seat.branch}"].strip() == again
