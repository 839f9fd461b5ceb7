"""What every verb of provisioning begins with: the engine, the names, the stack's place, Pulumi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.provision import airgapped, docker_plugin, pulumi_source, pulumi_variables
from toolkit.workflows.unknown import unknown_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.model.environment import EnvironmentSpec
    from toolkit.provision.place import StackPlace
    from toolkit.provision.pulumi_source import PulumiProgram
    from toolkit.provision.stack import Stack


def asked_for(root: Path, names: Sequence[str]) -> tuple[EnvironmentSpec, ...]:
    """The specs of the environments of these names, of all that are not archived without any.

    Raises NotFoundError for a name that is not declared, ToolkitError for an archived one.
    """
    from toolkit.workflows.declarations import all_environments

    declared = {one.name: one for one in all_environments(root)}
    for name in names:
        if name not in declared:
            raise unknown_environment(name, sorted(declared))
        if declared[name].archived:
            raise ToolkitError(
                f"environment '{name}' is archived", hint=f"toolkit env unarchive {name}", code="archived"
            )
    wanted = names or tuple(name for name, one in declared.items() if not one.archived)
    return tuple(declared[name] for name in dict.fromkeys(wanted))


def pulumi(root: Path, on_event: OnEvent) -> PulumiProgram:
    """Pulumi, and its docker plugin, which this root's own PULUMI_HOME may not have yet."""
    program = pulumi_source.find()
    home = pulumi_variables.home(root)
    airgapped.refresh(home)
    if airgapped.in_use(home) is None:
        docker_plugin.provide(program, home, on_event)
    return program


def open_stack(place: StackPlace, on_event: OnEvent) -> Stack:
    program = pulumi(place.root, on_event)
    if airgapped.in_use(pulumi_variables.home(place.root)) == "air-gapped":
        on_event(Event(step="plugin", phase=Phase.NOTE, text="docker plugin: toolkit's own air-gapped one"))
    from toolkit.provision.stack import Stack

    return Stack.open(place, program, on_event)
