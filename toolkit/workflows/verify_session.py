"""The session of a verification: as any other, on a repository of its own with a bare one behind its gateway."""

from __future__ import annotations

import datetime as dt
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import process, settings
from toolkit.errors import EngineError, ToolkitError
from toolkit.git.repository import look
from toolkit.model.environment import AgentSpec
from toolkit.model.event import ignore
from toolkit.sessions import ends, following, launcher
from toolkit.sessions.launch import launch
from toolkit.sessions.names import VERIFY_FOLDER
from toolkit.sessions.plan import SessionRequest
from toolkit.workflows import carrying, session_repository, verify_hooks
from toolkit.workflows.evidence import HookOutcome
from toolkit.workflows.proving_session import DEFAULT_BRANCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolkit.engines.base import Engine
    from toolkit.git.gateway import GitGateway
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.sessions.gateway_plan import GatewayPlan
    from toolkit.workflows.evidence import HookPlan

_GIT_SECONDS = 30.0
_START_SECONDS = 120.0
_HEADS = "refs/heads/"
_QUIET = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TEMPLATE_DIR": ""}
_IDENTITY = ("-c", "user.name=toolkit", "-c", "user.email=toolkit@example.invalid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A running session whose first turn is over. `hooks`: how each hook of its start ended; `heads_before`: the
    branches behind its git gateway when it began.
    """

    container: str
    hooks: tuple[HookOutcome, ...]
    upstream: Path
    heads_before: Mapping[str, str]

    def heads(self, engine: Engine) -> Mapping[str, str]:
        """Branch → commit behind the git gateway, now; in it, where the engine does not reach our folders."""
        if engine.local():
            return _heads(self.upstream)
        container = engine.container(self.container)
        if container is None:
            raise EngineError("the session is gone")
        refs = session_repository.look(engine, container).gate.refs
        return {name.removeprefix(_HEADS): at for name, at in refs.items() if name.startswith(_HEADS)}


def request_for(spec: EnvironmentSpec, plan: HookPlan, *, identity: str, image: str, build: str) -> SessionRequest:
    """A session like any other, but for its agent, which has nothing to do, and for the marks that its hooks leave."""
    return SessionRequest(
        id=identity,
        environment=replace(spec, session_start=verify_hooks.marked(spec.session_start, plan)),
        image=image,
        build=build,
        task="true",
        agent=AgentSpec(),
        repository_name="verify",
        repository="",
        created=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        launcher=launcher.mark(),
    )


@contextmanager
def session(root: Path, engine: Engine, request: SessionRequest, plan: GatewayPlan) -> Iterator[Started]:
    """Running, its hooks over; nothing of it stays.

    Raises:
        ToolkitError: it could not begin; code `hooks` where a hook ended it.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=VERIFY_FOLDER)))
        source, upstream = _repositories(scratch)
        gated = partial(
            carrying.gated, request, look(str(source)), plan, engine, into=scratch / "carried", on_event=ignore
        )
        mirrors: list[str] = []

        def carry() -> GitGateway:
            gate = gated()
            mirrors.append(gate.mirror)
            return gate

        stack.callback(_discard, engine, request.id, mirrors)
        pools = settings.load(root).site.subnets
        container = launch(request, plan, engine, carry=carry, pools=pools, on_event=ignore)
        hooks = _until_at_rest(engine, container, request)
        yield Started(container=container, hooks=hooks, upstream=upstream, heads_before=_heads(upstream))


def _discard(engine: Engine, session: str, mirrors: list[str]) -> None:
    ends.discard(engine, session)
    for one in filter(None, mirrors):
        engine.remove_volume(one)


def _until_at_rest(engine: Engine, container: str, request: SessionRequest) -> tuple[HookOutcome, ...]:
    """Until the first turn, which has nothing to do, is over: by then every hook has ended, and said how."""
    limit = _START_SECONDS + max((one.timeout for one in request.environment.session_start), default=0.0)
    ended: list[HookOutcome] = []
    try:
        for event in following.until(engine, container, lambda one: one["type"] == "turn-finished", timeout=limit):
            if event["type"] == "hook-finished":
                code = event.get("exit_code")
                command = str(event["command"]).partition("\n")[2] or str(event["command"])
                ended.append(HookOutcome(origin=str(event["origin"]), command=command, exit_code=code))
            if event["type"] == "session-ended":
                raise ToolkitError(f"the session ended at its beginning: {event.get('reason')}", code="hooks")
    except TimeoutError as error:
        raise EngineError(f"the session was not at rest within {limit:g} s") from error
    return tuple(ended)


def _repositories(folder: Path) -> tuple[Path, Path]:
    """A checkout with one commit on the default branch, and the bare repository that it calls origin."""
    source, upstream = folder / "verify", folder / "upstream.git"
    (source / verify_hooks.SETTINGS).parent.mkdir(parents=True)
    (source / verify_hooks.SETTINGS).write_text(verify_hooks.settings(), encoding="utf-8")
    _git(source, "init", "--quiet")
    _git(source, "symbolic-ref", "HEAD", f"{_HEADS}{DEFAULT_BRANCH}")
    _git(source, "add", "--force", "--all")
    _git(source, *_IDENTITY, "commit", "--quiet", "--message", "Verify")
    _git(folder, "clone", "--quiet", "--bare", str(source), str(upstream))
    _git(source, "remote", "add", "origin", str(upstream))
    _git(source, "fetch", "--quiet", "origin")
    return source, upstream


def _heads(repository: Path) -> Mapping[str, str]:
    lines = _git(repository, "for-each-ref", "--format=%(refname:short) %(objectname)", _HEADS).splitlines()
    return dict(line.split(" ", 1) for line in lines)


def _git(folder: Path, *words: str) -> str:
    return process.run(("git", "-C", str(folder), *words), timeout=_GIT_SECONDS, env=_QUIET).stdout
