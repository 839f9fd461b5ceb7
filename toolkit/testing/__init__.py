"""Declared environments for test suites, in the manner of testcontainers' own modules.

from toolkit.testing import EnvironmentContainer

with EnvironmentContainer("web-app") as env:
    assert env.exec("node --version").exit_code == 0

The pytest plugin (`toolkit.testing.plugin`) is loaded into every pytest of an installation, so that what is heavy is
imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.testing.environment import EnvironmentContainer
    from toolkit.testing.session import EnvironmentSession

__all__ = ["EnvironmentContainer", "EnvironmentSession"]


def __getattr__(name: str) -> Any:
    if name == "EnvironmentContainer":
        from toolkit.testing.environment import EnvironmentContainer

        return EnvironmentContainer
    if name == "EnvironmentSession":
        from toolkit.testing.session import EnvironmentSession

        return EnvironmentSession
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
