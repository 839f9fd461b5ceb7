"""A session, its git gateway, its remote and its user's checkout on this host, without an engine.

The runner's and the gateway's programs are real processes, git is real, and teleport and `rm` are the product's own
code; where that would ask an engine, `Folders` answers from the folders that stand for the two containers.
"""

from __future__ import annotations

import getpass
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tests.support.gate import ended, lay_out, started
from tests.support.git import git, repository
from toolkit import paths
from toolkit.engines.base import EngineContainer, ExecResult
from toolkit.errors import NotFoundError, ToolkitError
from toolkit.git.gateway import FOLDER
from toolkit.model import labels
from toolkit.model.event import ignore
from toolkit.sessions.names import new_id
from toolkit.workflows import session_repository
from toolkit.workflows.teleport import Wishes, teleport

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.engines.base import Engine

_INSIDE = "/workspace/shop"
_SECONDS = 120
_SOON = 0.3
_RUNNER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from runner import publish, repository
verb, order, folder, session = sys.argv[2], json.loads(sys.argv[3]), sys.argv[4], sys.argv[5]
if verb == "begin":
    repository.check_out(order, folder, session)
elif verb == "resume":
    repository.forget_locks(folder)
if verb != "begin":
    publish.publish(folder, order, seconds=60)
"""
_TELEPORT = """
import json, sys
from pathlib import Path
from tests.e2e.git.world import Folders
from toolkit.model.event import ignore
from toolkit.workflows.teleport import Wishes, teleport
teleport(None, Folders.read(Path(sys.argv[1])), sys.argv[2], Wishes(), ignore, where=sys.argv[3])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """As much of an engine as teleport and `rm` ask: `session.json` says what the folder stands for."""

    folder: Path
    session: str
    repository: str
    base: str
    running: bool

    @classmethod
    def read(cls, folder: Path) -> Folders:
        return cls(folder=folder, **json.loads((folder / "session.json").read_text()))

    def containers(self, *, labels: Mapping[str, str]) -> list[EngineContainer]:
        return [one for one in self._all() if labels.items() <= one.labels.items()]

    def container(self, identity: str) -> EngineContainer | None:
        return next((one for one in self._all() if one.id == identity), None)

    def get_archive(self, identity: str, path: str) -> Iterator[bytes]:
        inside = {"session": (_INSIDE, self.folder / "shop"), "gate": (FOLDER, self.folder / "gate")}[identity]
        found = Path(path.replace(inside[0], str(inside[1]), 1))
        if not path.startswith(inside[0]) or not found.exists():
            raise NotFoundError(f"no {path} in {identity}")
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode="w") as tar:
            tar.add(found, arcname=found.name)
        yield whole.getvalue()

    def execute(
        self, identity: str, command: Sequence[str], *, environment: Mapping[str, str], timeout: float
    ) -> ExecResult:
        assert (identity, self.running) == ("session", True)
        argv = [one.replace(_INSIDE, str(self.folder / "shop")) for one in command]
        done = subprocess.run(
            argv, capture_output=True, check=False, timeout=timeout, env={**os.environ, **environment}
        )
        return ExecResult(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def logs(self, identity: str, *, follow: bool) -> Iterator[bytes]:
        assert follow is False
        yield self.last_log(identity)

    def last_log(self, identity: str) -> bytes:
        assert identity == "session"
        return b'{"type": "session-started"}\n'

    def _all(self) -> list[EngineContainer]:
        own = {
            labels.KIND: "session",
            labels.SESSION: self.session,
            labels.BRANCH: f"session/{self.session}",
            labels.REPOSITORY: self.repository,
            labels.BASE_COMMIT: self.base,
            labels.PROJECT_DIR: _INSIDE,
            labels.ACCOUNT: getpass.getuser(),
        }
        gate = {
            labels.KIND: labels.GIT_GATEWAY_KIND,
            labels.SESSION: self.session,
            labels.REPOSITORY: self.repository,
        }
        status = "running" if self.running else "exited"
        return [
            EngineContainer(id=name, name=name, image="", status=status, labels=carried, created="")
            for name, carried in (("session", own), ("gate", gate))
        ]


@dataclass(slots=True)
class World:
    """`made`: every commit of any session; `done`: what happened, for whoever reads a failure."""

    folder: Path
    chance: random.Random
    made: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    removed: int = 0
    _session: Path | None = None
    _gate: subprocess.Popen[str] | None = None
    _order: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        repository(self.folder / "home", a_txt="one\n")
        git(self.home, "clone", "-q", "--bare", ".", str(self.remote))
        git(self.home, "remote", "add", "origin", str(self.remote))
        git(self.home, "fetch", "-q", "origin")

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def remote(self) -> Path:
        return self.folder / "shop.git"

    @property
    def away(self) -> Path:
        """Where the remote is while it is down."""
        return self.folder / "shop.away"

    @property
    def is_up(self) -> bool:
        return self.remote.exists()

    # what happens

    def commit(self) -> None:
        self._at_work()
        self._made("--allow-empty", "-m", "work")

    def commit_aside(self) -> None:
        """On a branch that may not be pushed."""
        self._at_work()
        self._git("checkout", "-q", "-b", f"aside-{len(self.made)}")
        self._made("--allow-empty", "-m", "aside")
        self._git("checkout", "-q", self._order["branch"])

    def merge_aside(self) -> None:
        """What was made aside comes to the session's own branch, and may go out."""
        self._at_work()
        for name in self._git("for-each-ref", "--format=%(refname:short)", "refs/heads/aside-*").split():
            self._git("merge", "-q", "--no-ff", "-m", "merge", name)
            self.made.append(self._git("rev-parse", "HEAD"))
            self._git("branch", "-q", "-d", name)

    def push(self) -> None:
        self._at_work()
        self._run(self._push_words())

    def push_cut_off(self) -> None:
        """The session is killed while it pushes."""
        self._at_work()
        self._run(self._push_words(), kill=True)
        self._rest()

    def gateway_killed(self) -> None:
        """While the session pushes; its container's end takes the hook and its programs along."""
        self._at_work()
        with self._started(self._push_words()) as child:
            time.sleep(self.chance.uniform(0, _SOON))
            self._end_gate(signal.SIGKILL)
            child.wait(timeout=_SECONDS)

    def turn_ends(self) -> None:
        self._at_work()
        self._run(self._runner_words("publish"))

    def stop(self) -> None:
        self._at_work()
        self._run(self._runner_words("publish"))
        self._rest()

    def kill(self) -> None:
        """Without any goodbye, in the middle of the last push or not."""
        self._at_work()
        self._run(self._runner_words("publish"), kill=True)
        self._rest()
        self._end_gate(signal.SIGKILL)

    def go_down(self) -> None:
        if self.is_up:
            self.remote.rename(self.away)

    def come_up(self) -> None:
        if not self.is_up:
            self.away.rename(self.remote)

    def somebody_pushes(self) -> None:
        """To main; the remote itself does it."""
        if self.is_up:
            tree = git(self.remote, "rev-parse", "main^{tree}")
            new = git(self.remote, "commit-tree", "-p", "main", "-m", "theirs", tree)
            git(self.remote, "update-ref", "refs/heads/main", new)

    def somebody_deletes_the_branch(self) -> None:
        if self.is_up and self._session:
            git(self.remote, "update-ref", "-d", f"refs/heads/{self._order['branch']}")

    def come_home(self) -> None:
        found = self._engine()
        if found:
            engine = cast("Engine", found)
            self._try(lambda: teleport(None, engine, found.session, Wishes(), ignore, where=str(self.home)))

    def homecoming_cut_off(self) -> None:
        """The client is killed; the checkout is as it was, or as it should be, after the next one at the latest."""
        engine = self._engine()
        if engine:
            words = [sys.executable, "-c", _TELEPORT, str(engine.folder), engine.session, str(self.home)]
            self._run(words, kill=True, span=1.5)

    def remove(self) -> None:
        """As `toolkit rm` does without --force: if it does not refuse, the session is gone with its gateway."""
        found = self._engine()
        if found is None:
            return
        engine, container = cast("Engine", found), found.containers(labels={})[0]
        if self._try(lambda: session_repository.refuse_to_lose(engine, container)):
            self._end_gate(signal.SIGTERM)
            shutil.rmtree(found.folder)
            self._session = None
            self.removed += 1

    # what must hold

    def lost(self) -> list[str]:
        """Commits that are neither at the remote, nor in the session or its gateway, nor at home."""
        places = [self.home, self.remote if self.is_up else self.away]
        if self._session:
            places += [self._session / "shop", self._session / "gate" / "repository.git"]
        kept = {one for place in places if place.exists() for one in git(place, "rev-list", "--all").split()}
        return [one for one in self.made if one not in kept]

    def strange_refs(self) -> list[str]:
        """What is at the remote and no session may have pushed."""
        there = git(self.remote if self.is_up else self.away, "for-each-ref", "--format=%(refname)").split()
        return [one for one in there if one != "refs/heads/main" and not one.startswith("refs/heads/session/")]

    def close(self) -> None:
        self._end_gate(signal.SIGTERM)

    # how

    def _at_work(self) -> None:
        """A session that runs, with its gateway: a new one, or resumed."""
        if self._session is None:
            self.come_up()  # what the remote does not tell cannot be begun with
            self._begin()
        if self._gate is None:
            assert self._session
            self._gate, _ = started(self._session / "gate")
        assert self._session
        if not Folders.read(self._session).running:
            self._run(self._runner_words("resume"))
            self._write(running=True)

    def _begin(self) -> None:
        session, base = new_id(), git(self.remote, "rev-parse", "main")
        self._session = self.folder / session
        gate = self._session / "gate"
        branch = f"session/{session}"
        lay_out(gate, upstream=str(self.remote), start=base, session=session, branch=branch)
        self._gate, found = started(gate)
        order = json.loads((gate / "order.json").read_text())
        (gate / "order.json").write_text(json.dumps({**order, "listen": ["127.0.0.1", found.port]}))
        self._order = {
            "url": found.url,
            "header": found.header,
            "origin": "https://git.example.com/team/shop.git",
            "branch": branch,
            "start": base,
            "uncommitted": "",
            "alternates": str(gate / "mirror" / "objects"),
            "author": "A. Person",
            "email": "a@example.com",
        }
        body = {"session": session, "repository": str(self.remote), "base": base, "running": False}
        (self._session / "session.json").write_text(json.dumps(body))
        done = self._run(self._runner_words("begin"))
        assert done == 0, "a session could not begin"
        self._write(running=True)

    def _write(self, *, running: bool) -> None:
        assert self._session
        path = self._session / "session.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "running": running}))

    def _rest(self) -> None:
        self._write(running=False)
        self._end_gate(signal.SIGTERM)

    def _end_gate(self, number: int) -> None:
        if self._gate is not None:
            ended(self._gate, number)
            self._gate = None

    def _engine(self) -> Folders | None:
        return Folders.read(self._session) if self._session else None

    def _made(self, *words: str) -> None:
        self._git("commit", "-q", *words)
        self.made.append(self._git("rev-parse", "HEAD"))

    def _git(self, *words: str) -> str:
        assert self._session
        argv = ["git", "-C", str(self._session / "shop"), *words]
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, env=self._variables(), timeout=_SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _push_words(self) -> list[str]:
        assert self._session
        return ["git", "-C", str(self._session / "shop"), "push", "-q", "origin", self._order["branch"]]

    def _runner_words(self, verb: str) -> list[str]:
        assert self._session
        source = str(paths.runner_source().parent)
        session = self._session.name
        order = json.dumps(self._order)
        return [sys.executable, "-c", _RUNNER, source, verb, order, str(self._session / "shop"), session]

    def _variables(self) -> dict[str, str]:
        assert self._session
        return {**os.environ, "GIT_CONFIG_SYSTEM": str(self._session / "system"), "GIT_TERMINAL_PROMPT": "0"}

    def _started(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            argv,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _run(self, argv: Sequence[str], *, kill: bool = False, span: float = _SOON) -> int:
        """To its end, or killed with all that it started at some moment of the first `span` seconds."""
        with self._started(argv) as child:
            if kill:
                time.sleep(self.chance.uniform(0, span))
                os.killpg(child.pid, signal.SIGKILL)
            return child.wait(timeout=_SECONDS)

    def _try(self, action: Any) -> bool:
        """Whether it went through; a refusal is an answer."""
        try:
            action()
        except ToolkitError as error:
            self.done.append(f"  refused: {error.message}")
            return False
        return True
