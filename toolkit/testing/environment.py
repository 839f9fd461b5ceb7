"""The testcontainers module: one declared environment as a running container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testcontainers.core.container import DockerContainer

from toolkit.engines.connection import connect
from toolkit.model import labels
from toolkit.paths import find_root
from toolkit.sessions.image import existing
from toolkit.sessions.plan import CAPABILITIES
from toolkit.workflows import builds, declarations

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from toolkit.model.environment import EnvironmentSpec

_IDLE = ["sleep", "infinity"]


class EnvironmentContainer(DockerContainer):
    """A container of the environment's image, with its variables, its limits and a session's hardening.

    It has no network unless `with_network` gives it one, runs no agent, and is removed at the end of the `with`
    block. `name` is the environment's, `root` the folder that holds envs/ (default: the nearest one upward).

    Raises:
        NotFoundError: no such environment. InvalidError: its declaration has problems.
        ToolkitError: its image is not built (`toolkit up NAME` builds it).
    """

    def __init__(self, name: str, *, root: Path | None = None) -> None:
        folder = find_root(root)
        self.environment: EnvironmentSpec = declarations.environment(folder, name)
        build = builds.build_of(folder, self.environment)
        super().__init__(existing(connect(), environment=name, build=build))
        limits = self.environment.resources
        for key, value in self.environment.variables:
            self.with_env(key, value)
        self.with_command(_IDLE)
        super().with_kwargs(
            labels={labels.KIND: labels.TEST_KIND, labels.ENVIRONMENT: name},
            cap_drop=["ALL"],
            cap_add=list(CAPABILITIES),
            security_opt=["no-new-privileges"],
            ipc_mode="private",
            init=True,
            pids_limit=limits.pids,
            mem_limit=limits.memory,
            nano_cpus=None if limits.cpus is None else int(limits.cpus * 1_000_000_000),
        )

    def with_kwargs(self, **kwargs: Any) -> Self:
        """Add to what the container is created with; the hardening stays unless it is named."""
        return super().with_kwargs(**{**self._kwargs, **kwargs})

    def start(self) -> Self:
        """Start it without any network, or on the network that `with_network` named."""
        if self._network is None:
            self.with_kwargs(network_mode="none")
        super().start()
        return self
