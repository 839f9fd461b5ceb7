"""What a declaration may say but this version does not do yet: refused by name, never ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import NotSupportedYetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.environment import AgentSpec, EnvironmentSpec


def refuse_unsupported_session(spec: EnvironmentSpec, agent: AgentSpec) -> None:
    """Raise NotSupportedYetError that names every such key of the environment."""
    keys = tuple(_unsupported(agent))
    if keys:
        raise NotSupportedYetError(
            f"{spec.path}: not supported yet: {', '.join(keys)}",
            hint="this version runs sessions with the agents shell and {command: …}",
        )


def _unsupported(agent: AgentSpec) -> Iterator[str]:
    if not agent.command and agent.preset != "shell":
        yield f"agent: {agent.preset}"
