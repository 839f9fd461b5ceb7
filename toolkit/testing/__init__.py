"""Declared environments for test suites, in the manner of testcontainers' own modules.

from toolkit.testing import EnvironmentContainer

with EnvironmentContainer("web-app") as env:
    assert env.exec("node --version").exit_code == 0
"""

from toolkit.testing.environment import EnvironmentContainer

__all__ = ["EnvironmentContainer"]
