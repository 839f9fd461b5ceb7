"""The pytest plugin: declared environments as fixtures.

It is loaded by every pytest of an installation, so it imports nothing before a test asks for one of its fixtures.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.testing.environment import EnvironmentContainer
    from toolkit.testing.session import EnvironmentSession

_MARKER = "toolkit_env"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("toolkit", "declared environments")
    group.addoption(
        "--toolkit-root",
        metavar="DIR",
        default=None,
        help="the folder that holds envs/ (default: the nearest one from the working directory upward)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{_MARKER}(name): the declared environment that toolkit_environment and toolkit_session start"
    )


@pytest.fixture(scope="session")
def toolkit_root(request: pytest.FixtureRequest) -> Path | None:
    """The folder that holds envs/, by `--toolkit-root`; None: the nearest one upward. A suite may override it."""
    given = request.config.getoption("--toolkit-root")
    return Path(request.config.invocation_params.dir, given) if given else None


@pytest.fixture
def toolkit_environment(request: pytest.FixtureRequest, toolkit_root: Path | None) -> Iterator[EnvironmentContainer]:
    """A running container of the environment that the marker `toolkit_env` names, without any network."""
    name = _named(request)
    with _told():
        from toolkit.testing.environment import EnvironmentContainer

        container = EnvironmentContainer(name, root=toolkit_root)
        container.__enter__()
    try:
        yield container
    finally:
        container.stop()


@pytest.fixture
def toolkit_session(request: pytest.FixtureRequest, toolkit_root: Path | None) -> Iterator[EnvironmentSession]:
    """A session of the environment that the marker `toolkit_env` names, its hooks over."""
    name = _named(request)
    with _told():
        from toolkit.testing.session import EnvironmentSession

        session = EnvironmentSession(name, root=toolkit_root).start()
    try:
        yield session
    finally:
        session.stop()


def _named(request: pytest.FixtureRequest) -> str:
    marker = request.node.get_closest_marker(_MARKER)
    if marker is None or len(marker.args) != 1 or not isinstance(marker.args[0], str) or marker.kwargs:
        pytest.fail(
            f'{request.fixturename} needs the environment\'s name: mark the test with @pytest.mark.{_MARKER}("NAME")',
            pytrace=False,
        )
    return marker.args[0]


@contextmanager
def _told() -> Iterator[None]:
    """What keeps an environment from starting, in the product's own words."""
    from toolkit.errors import ToolkitError

    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "testcontainers":
            raise
        pytest.fail("testcontainers is not installed: pip install 'toolkit[testing]'", pytrace=False)
    except ToolkitError as error:
        pytest.fail(f"{error.message}\n  hint: {error.hint}" if error.hint else error.message, pytrace=False)
