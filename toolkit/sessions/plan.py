"""What a session will be, before anything is made: pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from toolkit.engines.base import ContainerRequest
from toolkit.errors import UsageError
from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from toolkit.engines.base import VolumeMount
    from toolkit.model.environment import AgentSpec, EnvironmentSpec
    from toolkit.sessions.addresses import SessionAddresses

STATE_FOLDER = "/var/lib/toolkit"
RUNNER = "/opt/toolkit/runner"
WORKSPACE = "/workspace"
GATEWAY_CA = f"{STATE_FOLDER}/gateway-ca.pem"
"""In a session whose hosts get secrets: the CA of its gateway, which the runner adds to what the session trusts."""

CA_BUNDLE = "/opt/toolkit/ca-bundle.pem"
_GATEWAY_PORT = 3128
_BUNDLE_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "CARGO_HTTP_CAINFO",
)
LONGEST_TASK = 100_000  # bytes; one argument of a program may hold 128 KiB on Linux
_LONGEST_LABEL = 1_000

# Of the transcript the engine keeps as much, for who follows it; the session itself keeps all (`transcript_files.py`).
LOG_BYTES = 64 << 20
LOG_FILES = 4

# What package managers and agents need as root inside; none of these reaches out of the container.
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETUID", "SETGID", "KILL")

_SYSCTLS = {
    # Its only peers are its gateways: one that is gone is told after seven seconds, not after more than a minute.
    "net.ipv4.tcp_syn_retries": "2",
}


def check_task(task: str) -> None:
    """UsageError for a task text that no program could be given."""
    if not task.strip():
        raise UsageError("the task is empty", hint="say what is to be done")
    if "\0" in task:
        raise UsageError("the task holds a NUL character")
    if len(task.encode(errors="surrogateescape")) > LONGEST_TASK:
        raise UsageError(
            f"the task is longer than {LONGEST_TASK} bytes", hint="commit it as a file of the repository and name that"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What `toolkit remote` asks for, everything resolved: `image` is an image id, `build` 64 hex digits.

    `context`: what the agent is told beside its task, before what hooks say.
    """

    id: str
    environment: EnvironmentSpec
    image: str
    build: str
    task: str
    agent: AgentSpec
    repository_name: str
    repository: str
    created: str
    launcher: str
    account: str = ""
    context: str = ""

    @property
    def branch(self) -> str:
        return f"session/{self.id}"

    @property
    def project_dir(self) -> str:
        return f"{WORKSPACE}/{self.repository_name}"


class CarriedRepository(Protocol):
    """The repository with its git gateway (`git/gateway.py`): where the session's branch begins, what it borrows."""

    @property
    def commit(self) -> str: ...
    @property
    def branch_before(self) -> str: ...
    @property
    def session_volumes(self) -> Sequence[VolumeMount]: ...
    def session_order(self, *, address: str) -> Mapping[str, object]: ...


def container_request(
    request: SessionRequest, *, network: str, addresses: SessionAddresses, repository: CarriedRepository
) -> ContainerRequest:
    limits = request.environment.resources
    return ContainerRequest(
        name=f"toolkit-{request.id}",
        image=request.image,
        entrypoint=("python3", "-I", RUNNER),
        command=("run", STATE_FOLDER),
        labels=_labels(request, repository),
        environment={**session_variables(request), **network_variables(addresses)},
        working_dir=request.project_dir,
        user="0:0",
        network=network,
        address=addresses.session,
        # Not the host's resolver: the engine's own would carry look-ups out of an internal network.
        dns=("127.0.0.1",),
        volumes=repository.session_volumes,
        sysctls=_SYSCTLS,
        cap_add=CAPABILITIES,
        pids=limits.pids,
        disk=limits.disk,
        memory=limits.memory,
        cpus=limits.cpus,
        log_bytes=LOG_BYTES,
        log_files=LOG_FILES,
    )


def session_variables(request: SessionRequest) -> dict[str, str]:
    """The declared variables and the documented environment (product names and those of hosted sessions)."""
    own = {
        "TOOLKIT_REMOTE": "true",
        "TOOLKIT_SESSION_ID": request.id,
        "TOOLKIT_PROJECT_DIR": request.project_dir,
        "CLAUDE_CODE_REMOTE": "true",
        "CLAUDE_CODE_REMOTE_SESSION_ID": request.id,
        "CLAUDE_PROJECT_DIR": request.project_dir,
    }
    return {**dict(request.environment.variables), **own}


def network_variables(addresses: SessionAddresses) -> dict[str, str]:
    """Where programs find the way out and whom they trust. They only tell: nothing depends on their being heeded."""
    proxy = f"http://{addresses.gateway}:{_GATEWAY_PORT}"
    direct = f"localhost,127.0.0.1,::1,{addresses.git_gateway}"
    java = " ".join(
        f"-D{scheme}.proxyHost={addresses.gateway} -D{scheme}.proxyPort={_GATEWAY_PORT}" for scheme in ("http", "https")
    )
    both = {"http_proxy": proxy, "https_proxy": proxy, "all_proxy": proxy, "no_proxy": direct}
    return {
        **both,
        **{name.upper(): value for name, value in both.items()},
        "JAVA_TOOL_OPTIONS": java,
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": f"--require={RUNNER}/node-proxy.cjs",
        **dict.fromkeys(_BUNDLE_VARIABLES, CA_BUNDLE),
    }


def network_order(addresses: SessionAddresses) -> dict[str, object]:
    """What the runner checks before anything foreign runs (`runner/isolation.py`)."""
    return {
        "must_not_answer": [addresses.host],
        "gateway": {"address": addresses.gateway, "port": _GATEWAY_PORT},
    }


def runner_order(
    request: SessionRequest, addresses: SessionAddresses, repository: CarriedRepository, *, trust: bool
) -> bytes:
    """`session.json`: what the runner is to do. `trust`: the gateway's CA came along and is to be trusted."""
    limits = request.environment.session
    agent = request.agent
    body = {
        "id": request.id,
        "project_dir": request.project_dir,
        "repository": repository.session_order(address=addresses.git_gateway),
        "agent": {"preset": agent.preset, "command": list(agent.command), "next": list(agent.next)},
        "task": request.task,
        "context": request.context,
        "environment": request.environment.name,
        "hooks": [
            {"matcher": one.matcher, "command": one.command, "timeout": one.timeout}
            for one in request.environment.session_start
        ],
        "idle_timeout": limits.idle_timeout,
        "max_age": limits.max_age,
        **network_order(addresses),
        "trust": [GATEWAY_CA, CA_BUNDLE] if trust else [],
        "resolver": True,
    }
    return json.dumps(body).encode()


def _labels(request: SessionRequest, repository: CarriedRepository) -> dict[str, str]:
    return {
        labels.KIND: "session",
        labels.SESSION: request.id,
        labels.ENVIRONMENT: request.environment.name,
        labels.REVISION: request.environment.revision[:SHOWN_DIGITS],
        labels.BUILD: request.build[:SHOWN_DIGITS],
        labels.BRANCH: request.branch,
        labels.TASK: request.task[:_LONGEST_LABEL],
        labels.AGENT: agent_name(request.agent),
        labels.REPOSITORY: request.repository,
        labels.PROJECT_DIR: request.project_dir,
        labels.BASE_COMMIT: repository.commit,
        labels.BASE_BRANCH: repository.branch_before,
        labels.ACCOUNT: request.account,
        labels.CREATED: request.created,
        labels.LAUNCHER: request.launcher,
    }


def agent_name(agent: AgentSpec) -> str:
    """The preset's name, or the program of the environment's own command."""
    return agent.command[0] if agent.command else agent.preset
