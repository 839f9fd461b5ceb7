"""The testcontainers module: one declared environment as a running container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testcontainers.core.container import DockerContainer

from toolkit.engines.connection import connect
from toolkit.model import labels
from toolkit.model.event import ignore
from toolkit.paths import find_root
from toolkit.sessions.image import existing
from toolkit.sessions.plan import CAPABILITIES, WORKSPACE
from toolkit.workflows import builds, declarations, preparation

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from toolkit.model.environment import EnvironmentSpec

_IDLE = ["sleep", "infinity"]


class EnvironmentContainer(DockerContainer):
    """A container of the environment: its image with what its setup script left, its variables, its limits, and a
    session's hardening.

    It has no network unless `with_network` gives it one, runs neither agent nor hooks, and is removed at the end of the
    `with` block. `name` is the environment's, `root` the folder that holds envs/ (default: the nearest one upward).
    `environment` is the declaration, typed.

    Raises:
        NotFoundError: no such environment. InvalidError: its declaration has problems.
        ToolkitError: its image is not built (`toolkit up NAME` builds it); at the start: its setup script fails.
    """

    def __init__(self, name: str, *, root: Path | None = None) -> None:
        self._root = find_root(root)
        self.environment: EnvironmentSpec = declarations.environment(self._root, name)
        build = builds.build_of(self._root, self.environment)
        self._engine = connect()
        self._built = existing(self._engine, environment=name, build=build)
        super().__init__(self._built)
        limits = self.environment.resources
        for key, value in self.environment.variables:
            self.with_env(key, value)
        self.with_command(_IDLE)
        super().with_kwargs(
            labels={labels.KIND: labels.TEST_KIND, labels.ENVIRONMENT: name},
            entrypoint=[""],  # none: an image's own would take the command for its arguments
            working_dir=WORKSPACE,
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
        """Start it without any network, or on the network that `with_network` named.

        The first start of an environment with a setup script runs the script and keeps what it leaves, as the first
        session would.
        """
        if self._network is None:
            self.with_kwargs(network_mode="none")
        self.image = preparation.starting_image(self._root, self._engine, self.environment, self._built, ignore)
        super().start()
        return self
