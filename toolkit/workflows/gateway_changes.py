"""A gateway that is given its files anew: for a policy that has changed, and for secrets when a session resumes."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from toolkit.errors import EngineError, NotFoundError, ToolkitError
from toolkit.model import labels
from toolkit.model.policy import NewPolicy, RuleKind
from toolkit.network import policy_record
from toolkit.sessions import gateway_files as inside
from toolkit.sessions import records
from toolkit.sessions.addresses import SessionAddresses
from toolkit.sessions.gateway_plan import FOLDER
from toolkit.workflows import declarations, gateways, secrets
from toolkit.workflows.audit import gateway_of

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineContainer
    from toolkit.model.gateway import SecretHeader
    from toolkit.model.policy import Policy


def update(root: Path, engine: Engine, prefix: str) -> NewPolicy:
    """Give a session the policy that its declaration has now, and restart its gateway; open tunnels end.

    Raises NotFoundError, InvalidError, ToolkitError: then nothing changed.
    """
    container = records.container_of(engine, prefix)
    session = container.labels[labels.SESSION]
    spec = declarations.environment(root, container.labels.get(labels.ENVIRONMENT, ""))
    plan = gateways.plan(root, engine, spec)
    gateway = gateway_of(engine, session)
    inside.replace(engine, gateway, plan.files(_addresses(engine, session)), restart=True)
    if plan.trust and container.status == "running":
        inside.make_trusted(engine, gateway, container)
    return NewPolicy(session=session, sha256=plan.policy, level=plan.level)


def refresh_secrets(root: Path | None, engine: Engine, container: EngineContainer) -> None:
    """Before a session resumes: read the secrets of its policy anew. The policy stays what it was.

    Raises:
        ToolkitError: the declarations are not here, or no longer say what the session's policy says.
    """
    session = container.labels[labels.SESSION]
    gateway = gateway_of(engine, session)
    policy = _in_force(engine, gateway)
    wanted = policy.groups(RuleKind.SECRET)
    if not wanted:
        return
    environment = container.labels.get(labels.ENVIRONMENT, "")
    if root is None:
        raise ToolkitError(
            f"{session} uses secrets of environment '{environment}', which is not declared here",
            hint="resume it in the repository that declares it, or name that with --root",
        )
    known = {one.name: one for one in secrets.read(root, declarations.environment(root, environment))}
    headers: list[SecretHeader] = []
    for name, rules in wanted.items():
        hosts = {one.pattern for one in rules}
        if name not in known or not hosts <= set(known[name].hosts):
            raise ToolkitError(
                f"environment '{environment}' no longer declares secret '{name}' for {', '.join(sorted(hosts))}",
                hint=f"toolkit network update {session} gives the session what is declared now",
            )
        headers.append(known[name])
    files = gateways.files_for(root, engine, policy, headers, _addresses(engine, session), environment=environment)
    inside.replace(engine, gateway, files, restart=False)


def _in_force(engine: Engine, gateway: EngineContainer) -> Policy:
    try:
        return policy_record.read(records.read_file(engine, gateway.id, f"{FOLDER}/policy.json"))
    except (NotFoundError, ValueError) as error:
        raise EngineError(f"the policy in force cannot be read from {gateway.name}: {error}") from error


def _addresses(engine: Engine, session: str) -> SessionAddresses:
    found = engine.networks(labels={labels.KIND: "network", labels.SESSION: session})
    if not found:
        raise EngineError(f"{session} has no network any more", hint="somebody removed it; start another session")
    return SessionAddresses.of(IPv4Network(found[0].subnets[0]))
