"""An environment as a devcontainer.json (containers.dev), and what of it that format cannot say."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

from toolkit.declare import dockerfile
from toolkit.declare.quantities import duration_text, size_text
from toolkit.model.devcontainer import Devcontainer, Unmapped
from toolkit.model.environment import Access, AgentSpec, HookSpec, PushSpec, SessionLimits, SetupSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.environment import EnvironmentSpec, NetworkSpec, ResourcesSpec

FILE = "devcontainer.json"
SETUP_ARGV = ("bash", "-e", "-c")
HOOK_ARGV = ("bash", "-c")
SUBSTITUTED = re.compile(
    r"\$\{(env|localEnv|containerEnv|localWorkspaceFolder|localWorkspaceFolderBasename|containerWorkspaceFolder|"
    r"containerWorkspaceFolderBasename|devcontainerId)(:[^}]*)?\}"
)
"""What tools replace in every text of a devcontainer.json; there is no way to write it literally."""

_LONGEST_ARGUMENT = 128 * 1024 - 1  # of one word of a command line, by Linux's MAX_ARG_STRLEN
_EXACT_MATCHER = re.compile(r"[A-Za-z0-9_\- ,|]*")
_DOCKER_SIZE = re.compile(r"[0-9]+[kmgt]")


def to_devcontainer(spec: EnvironmentSpec) -> Devcontainer:
    """The files of `.devcontainer/`, and each key whose meaning is lost on the way."""
    writer = _Writer(spec)
    body = writer.body()
    files = {FILE: json.dumps(body, indent=2, ensure_ascii=False) + "\n"}
    if dockerfile.needed(spec.image):
        files["Dockerfile"] = dockerfile.render(spec.image)
        for index, one in enumerate(spec.image.ca_certificates, start=1):
            stem = one.name.rpartition(".")[0] or one.name
            files[f"{dockerfile.CERTIFICATES}/{index}-{stem}.crt"] = one.pem
    return Devcontainer(files=files, unmapped=(*writer.unmapped, *_without_counterpart(spec)))


class _Writer:
    def __init__(self, spec: EnvironmentSpec) -> None:
        self._spec = spec
        self.unmapped: list[Unmapped] = []

    def body(self) -> dict[str, object]:
        spec = self._spec
        image: dict[str, object] = {"image": spec.image.base}
        if dockerfile.needed(spec.image):
            image = {"build": {"dockerfile": "Dockerfile"}}
        body: dict[str, object] = {"name": spec.name, **image, "remoteUser": "root"}  # as in a session
        body["containerEnv"] = {key: value for key, value in spec.variables if self._literal(f"variables.{key}", value)}
        body["hostRequirements"] = _host_requirements(spec.resources)
        body["runArgs"] = _run_arguments(spec.resources)
        body["onCreateCommand"] = self._setup()
        body |= self._hooks()
        return {key: value for key, value in body.items() if value not in ({}, [], None)}

    def _setup(self) -> list[str] | None:
        script = self._spec.setup.script
        if not script or not self._literal("setup.script", script):
            return None
        return [*SETUP_ARGV, script]

    def _hooks(self) -> dict[str, object]:
        """Hooks that run side by side are entries of one command; those of the first start come before."""
        found: dict[str, dict[str, list[str]]] = {"postCreateCommand": {}, "postStartCommand": {}}
        for index, hook in enumerate(self._spec.session_start):
            pointer = f"hooks.session_start.{index}"
            if not self._literal(f"{pointer}.command", hook.command):
                continue
            if hook.timeout != HookSpec(command="").timeout:
                self._lose(f"{pointer}.timeout", "a devcontainer's commands have no time limit")
            key = self._moment(pointer, hook)
            if key:
                found[key][f"hook-{index + 1}"] = [*HOOK_ARGV, hook.command]
        return {
            key: next(iter(commands.values())) if len(commands) == 1 else commands for key, commands in found.items()
        }

    def _moment(self, pointer: str, hook: HookSpec) -> str:
        startup, resume = (runs_on(hook.matcher, one) for one in ("startup", "resume"))
        if startup:
            return "postStartCommand" if resume else "postCreateCommand"
        said = "has no command for a later start alone" if resume else "has no such moment"
        self._lose(pointer, f"a devcontainer {said}: {hook.matcher}")
        return ""

    def _literal(self, key: str, text: str) -> bool:
        """Whether the text would arrive as it is."""
        found = SUBSTITUTED.search(text)
        if found:
            self._lose(key, f"tools would replace {found[0]} in it")
        elif len(text.encode()) > _LONGEST_ARGUMENT:
            self._lose(key, "is too long for one word of a command line")
        else:
            return True
        return False

    def _lose(self, key: str, reason: str) -> None:
        self.unmapped.append(Unmapped(key=key, reason=reason))


def runs_on(matcher: str, source: str) -> bool:
    """Whether a hook with this matcher runs at `source`: exact names, or an unanchored regular expression."""
    if matcher in {"", "*"}:
        return True
    if _EXACT_MATCHER.fullmatch(matcher):
        return source in {one.strip() for one in re.split(r"[|,]", matcher)}
    return re.search(matcher, source) is not None


def _host_requirements(resources: ResourcesSpec) -> dict[str, object]:
    """So much must the host have for the limits to be of use; a whole number of processors."""
    found: dict[str, object] = {}
    if resources.cpus is not None:
        found["cpus"] = math.ceil(resources.cpus)
    if resources.memory is not None:
        found["memory"] = _host_size(resources.memory)
    if resources.disk is not None:
        found["storage"] = _host_size(resources.disk)
    return found


def _run_arguments(resources: ResourcesSpec) -> list[str]:
    found = [] if resources.cpus is None else [f"--cpus={resources.cpus:g}"]
    if resources.memory is not None:
        text = size_text(resources.memory)
        found.append(f"--memory={text if _DOCKER_SIZE.fullmatch(text) else f'{resources.memory}b'}")
    return [*found, f"--pids-limit={resources.pids}"]


def _host_size(size: int) -> str:
    text = size_text(size)
    return f"{text}b" if _DOCKER_SIZE.fullmatch(text) else str(size)


def _without_counterpart(spec: EnvironmentSpec) -> Iterator[Unmapped]:
    """What is promised of a session and of no devcontainer; the network first, since it is never the same."""
    yield from _network(spec.network)
    if spec.description:
        yield Unmapped(key="description", reason="there is no place for it")
    if spec.setup.script and spec.setup.timeout != SetupSpec().timeout:
        reason = f"the script may take longer there than {duration_text(spec.setup.timeout)}"
        yield Unmapped(key="setup.timeout", reason=reason)
    if spec.setup.script and spec.setup.max_age != SetupSpec().max_age:
        yield Unmapped(key="setup.max_age", reason="the container is kept until it is rebuilt")
    if spec.agent != AgentSpec():
        yield Unmapped(key="agent", reason="a devcontainer starts no agent")
    if spec.resources.disk is not None:
        yield Unmapped(key="resources.disk", reason="asked of the host (hostRequirements.storage), but no limit")
    for key in ("idle_timeout", "max_age"):
        if getattr(spec.session, key) != getattr(SessionLimits(), key):
            yield Unmapped(key=f"session.{key}", reason="a devcontainer is not stopped by itself")
    if spec.push != PushSpec():
        yield Unmapped(key="push", reason="a devcontainer pushes with its user's own rights")
    if spec.verify:
        yield Unmapped(key="verify", reason="nothing runs them there")


def _network(network: NetworkSpec) -> Iterator[Unmapped]:
    reached = {
        Access.NONE: "nothing",
        Access.TRUSTED: "the trusted list",
        Access.FULL: "public names",
        Access.CUSTOM: ", ".join([*network.allow, *(["the trusted list"] if network.include_defaults else [])]),
    }[network.access]
    reason = f"a devcontainer's network is open; a session of this environment reaches {reached or 'nothing'}"
    yield Unmapped(key="network.access", reason=reason)
    if network.deny:
        yield Unmapped(key="network.deny", reason=f"not refused there: {', '.join(network.deny)}")
    for index, secret in enumerate(network.secrets):
        reason = f"no gateway adds {secret.header} for {', '.join(secret.hosts)} ({secret.name})"
        yield Unmapped(key=f"network.secrets.{index}", reason=reason)
