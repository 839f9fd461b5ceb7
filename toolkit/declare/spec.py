"""The merged, checked declaration → EnvironmentSpec, and back to the one form that is shown and hashed.

No raw mapping passes this line. Only for declarations without errors: the schema and the rules have vouched for
every type here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from toolkit.declare.preset import PRESET_VERSION
from toolkit.declare.quantities import duration_text, seconds, size, size_text
from toolkit.model.environment import (
    Access,
    AgentSpec,
    Certificate,
    CheckSpec,
    EnvironmentSpec,
    HookSpec,
    ImageSpec,
    NetworkSpec,
    Packages,
    PushSpec,
    ResourcesSpec,
    SecretSource,
    SecretSpec,
    SessionLimits,
    SetupSpec,
)

if TYPE_CHECKING:
    from toolkit.declare.declaration import Declaration
    from toolkit.declare.located import Located

_FORMAT = 1


def build(declaration: Declaration, effective: Located) -> EnvironmentSpec:
    """The typed form of a declaration, its parents merged in, with all defaults and its revision."""
    body: dict[str, Any] = effective.plain()  # type: ignore[assignment]  # the body of a file is a mapping
    spec = EnvironmentSpec(
        name=declaration.name,
        path=declaration.path,
        revision="",
        description=declaration.description,
        archived=declaration.archived,
        network=_network(body.get("network", {})),
        variables=tuple(sorted(body.get("variables", {}).items())),
        image=_image(body.get("image", {})),
        setup=_setup(body.get("setup", {})),
        session_start=tuple(_hook(one) for one in body.get("hooks", {}).get("session_start", ())),
        agent=_agent(body.get("agent", "shell")),
        resources=_resources(body.get("resources", {})),
        session=_limits(body.get("session", {})),
        push=_push(body.get("push", {})),
        verify=tuple(_check(one) for one in body.get("verify", ())),
    )
    return replace(spec, revision=revision_of(spec))


def revision_of(spec: EnvironmentSpec) -> str:
    """SHA-256, 64 hex digits, of the canonical JSON: sorted keys, no blanks, UTF-8."""
    canonical = json.dumps(canonical_form(spec), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def canonical_form(spec: EnvironmentSpec) -> dict[str, Any]:
    """All that a declaration means: certificates by their content, the default list by its version."""
    form = as_declared(spec)
    del form["description"], form["archived"]
    form["image"]["ca_certificates"] = [{"name": one.name, "pem": one.pem} for one in spec.image.ca_certificates]
    form["preset"] = PRESET_VERSION
    return form


def as_declared(spec: EnvironmentSpec) -> dict[str, Any]:
    """The effective declaration in the words of a declaration; `variables` is a mapping."""
    return {
        "version": _FORMAT,
        "name": spec.name,
        "description": spec.description,
        "archived": spec.archived,
        "network": _network_form(spec.network),
        "variables": dict(spec.variables),
        "image": {
            "base": spec.image.base,
            "packages": {
                "apt": list(spec.image.packages.apt),
                "pip": list(spec.image.packages.pip),
                "npm": list(spec.image.packages.npm),
            },
            "ca_certificates": [one.name for one in spec.image.ca_certificates],
        },
        "setup": {
            "script": spec.setup.script,
            "timeout": duration_text(spec.setup.timeout),
            "max_age": duration_text(spec.setup.max_age),
        },
        "hooks": {
            "session_start": [
                {"matcher": one.matcher, "command": one.command, "timeout": duration_text(one.timeout)}
                for one in spec.session_start
            ]
        },
        "agent": _agent_form(spec.agent),
        "resources": _resources_form(spec.resources),
        "session": {
            "idle_timeout": duration_text(spec.session.idle_timeout),
            "max_age": duration_text(spec.session.max_age),
        },
        "push": {"branches": list(spec.push.branches), "tags": spec.push.tags},
        "verify": [_check_form(one) for one in spec.verify],
    }


def _network(body: dict[str, Any]) -> NetworkSpec:
    return NetworkSpec(
        access=Access(body.get("access", Access.TRUSTED.value)),
        allow=tuple(body.get("allow", ())),
        include_defaults=body.get("include_defaults", False),
        deny=tuple(body.get("deny", ())),
        secrets=tuple(_secret(one) for one in body.get("secrets", ())),
    )


def _secret(body: dict[str, Any]) -> SecretSpec:
    source = body["from"]
    return SecretSpec(
        name=body["name"],
        hosts=tuple(body["hosts"]),
        header=body["header"],
        prefix=body.get("prefix", ""),
        source=SecretSource(
            env=source.get("env", ""), file=source.get("file", ""), command=tuple(source.get("command", ()))
        ),
    )


def _image(body: dict[str, Any]) -> ImageSpec:
    packages = body.get("packages", {})
    default = ImageSpec()
    return ImageSpec(
        base=body.get("base", default.base),
        packages=Packages(**{manager: tuple(names) for manager, names in packages.items()}),
        ca_certificates=tuple(Certificate(name=one["name"], pem=one["pem"]) for one in body.get("ca_certificates", ())),
    )


def _setup(body: dict[str, Any]) -> SetupSpec:
    default = SetupSpec()
    return SetupSpec(
        script=body.get("script", default.script),
        timeout=_seconds(body, "timeout", default.timeout),
        max_age=_seconds(body, "max_age", default.max_age),
    )


def _hook(body: dict[str, Any]) -> HookSpec:
    command = body["command"]
    default = HookSpec(command=command)
    return HookSpec(
        matcher=body.get("matcher", default.matcher),
        command=command,
        timeout=_seconds(body, "timeout", default.timeout),
    )


def _agent(body: str | dict[str, Any]) -> AgentSpec:
    if isinstance(body, str):
        return AgentSpec(preset=body)
    return AgentSpec(preset="", command=tuple(body["command"]), next=tuple(body.get("next", ())))


def _resources(body: dict[str, Any]) -> ResourcesSpec:
    default = ResourcesSpec()
    return ResourcesSpec(
        cpus=float(body["cpus"]) if "cpus" in body else default.cpus,
        memory=size(body["memory"]) if "memory" in body else default.memory,
        disk=size(body["disk"]) if "disk" in body else default.disk,
        pids=int(body.get("pids", default.pids)),
    )


def _limits(body: dict[str, Any]) -> SessionLimits:
    default = SessionLimits()
    return SessionLimits(
        idle_timeout=_seconds(body, "idle_timeout", default.idle_timeout),
        max_age=_seconds(body, "max_age", default.max_age),
    )


def _push(body: dict[str, Any]) -> PushSpec:
    default = PushSpec()
    return PushSpec(branches=tuple(body.get("branches", default.branches)), tags=body.get("tags", default.tags))


def _check(body: dict[str, Any]) -> CheckSpec:
    run = body["run"]
    default = CheckSpec(run=run)
    return CheckSpec(
        name=body.get("name", default.name),
        run=run,
        stdout=body.get("stdout"),
        stdout_matches=body.get("stdout_matches"),
        exit_code=int(body.get("exit_code", default.exit_code)),
        timeout=_seconds(body, "timeout", default.timeout),
    )


def _seconds(body: dict[str, Any], key: str, default: float) -> float:
    return seconds(body[key]) if key in body else default


def _network_form(network: NetworkSpec) -> dict[str, Any]:
    form: dict[str, Any] = {"access": network.access.value}
    if network.access is Access.CUSTOM:
        form |= {"allow": list(network.allow), "include_defaults": network.include_defaults}
    form["deny"] = list(network.deny)
    form["secrets"] = [
        {
            "name": one.name,
            "hosts": list(one.hosts),
            "header": one.header,
            "prefix": one.prefix,
            "from": _source_form(one.source),
        }
        for one in network.secrets
    ]
    return form


def _source_form(source: SecretSource) -> dict[str, Any]:
    if source.env:
        return {"env": source.env}
    return {"file": source.file} if source.file else {"command": list(source.command)}


def _agent_form(agent: AgentSpec) -> str | dict[str, Any]:
    if not agent.command:
        return agent.preset
    return {"command": list(agent.command), "next": list(agent.next or agent.command)}


def _check_form(check: CheckSpec) -> dict[str, Any]:
    form: dict[str, Any] = {**({"name": check.name} if check.name else {}), "run": check.run}
    if check.stdout is not None:
        form["stdout"] = check.stdout
    if check.stdout_matches is not None:
        form["stdout_matches"] = check.stdout_matches
    return {**form, "exit_code": check.exit_code, "timeout": duration_text(check.timeout)}


def _resources_form(resources: ResourcesSpec) -> dict[str, Any]:
    form: dict[str, Any] = {}
    if resources.cpus is not None:
        form["cpus"] = int(resources.cpus) if resources.cpus == int(resources.cpus) else resources.cpus
    if resources.memory is not None:
        form["memory"] = size_text(resources.memory)
    if resources.disk is not None:
        form["disk"] = size_text(resources.disk)
    form["pids"] = resources.pids
    return form
