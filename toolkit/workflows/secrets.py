"""The values of an environment's network secrets, read on this host when a session starts or resumes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import process
from toolkit.errors import ToolkitError
from toolkit.model.gateway import SecretHeader
from toolkit.workflows import approval

if TYPE_CHECKING:
    from toolkit.model.approval import Taken
    from toolkit.model.environment import EnvironmentSpec

_SECONDS = 60.0
_LARGEST = 64 * 1024


def read(root: Path, spec: EnvironmentSpec) -> tuple[SecretHeader, ...]:
    """Every secret with its value, after approval.

    Raises:
        ToolkitError: something is not approved, or a source gives nothing usable; the message names the secret and
            its source, never a value.
    """
    if not spec.network.secrets:
        return ()
    approval.require(root, spec)
    taken = {one.name: one for one in approval.request_of(root, spec).takes}
    return tuple(
        SecretHeader(
            name=one.name,
            hosts=one.hosts,
            header=one.header,
            value=f"{one.prefix}{_value(root, spec, taken[one.name])}",
        )
        for one in spec.network.secrets
    )


def _value(root: Path, spec: EnvironmentSpec, taken: Taken) -> str:
    """Without the line's end that files and programs put behind it; nothing else is touched."""
    source, content = _content(root, spec, taken)
    try:
        value = content.decode("ascii").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise _unusable(taken, source, "holds bytes that no header may") from None
    if not value:
        raise _unusable(taken, source, "is empty")
    if any(not one.isprintable() for one in value):
        raise _unusable(taken, source, "holds a control character, or more than one line")
    return value


def _content(root: Path, spec: EnvironmentSpec, taken: Taken) -> tuple[str, bytes]:
    if taken.env:
        source = f"the variable {taken.env}"
        if taken.env not in os.environ:
            raise _unusable(taken, source, "is not set")
        return source, os.environ[taken.env].encode(errors="surrogateescape")
    if taken.file:
        return _file(taken)
    source = f"the command '{taken.command[0]}'"
    folder = (root / spec.path).parent
    done = process.run(taken.command, timeout=_SECONDS, cwd=folder, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise _unusable(taken, source, f"ended with exit code {done.returncode}: {last}")
    return source, done.stdout.encode()


def _file(taken: Taken) -> tuple[str, bytes]:
    source = f"the file {taken.file}"
    try:
        with Path(taken.real_file).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise _unusable(taken, source, f"can't be read: {error.strerror or error}") from error
    if len(content) > _LARGEST:
        raise _unusable(taken, source, f"is larger than {_LARGEST} bytes")
    return source, content


def _unusable(taken: Taken, source: str, why: str) -> ToolkitError:
    return ToolkitError(
        f"secret '{taken.name}': {source} {why}",
        hint="nothing was started; mend the source and try again",
        code="secret",
    )
