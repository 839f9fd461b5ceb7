"""Approval of what declarations take from the host: asked once, kept per repository, asked again after a change.

What is kept is a digest of everything that the person was shown: for a file its real path, for a command the content
of each file of the repository that it names. So neither a link nor a script can be exchanged behind the same words.

The record lies in the user's state folder, for whatever lies in the repository a pull request could bring along. It
belongs to the root's real path together with the address of its remote: another repository that later lies in the
same place asks again, and so does a copy in another place, whose owner nobody has vouched for.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import process
from toolkit.declare.tree import Tree
from toolkit.documents.files import locked
from toolkit.errors import ToolkitError, unwritable
from toolkit.model.approval import ApprovalRequest, OwnFile, Taken
from toolkit.paths import state_dir
from toolkit.workflows.declarations import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.environment import EnvironmentSpec, SecretSpec

_GIT_SECONDS = 10.0
_LARGEST_RECORD = 1 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def request(root: Path, name: str) -> ApprovalRequest:
    """What the environment takes, and whether exactly that is approved; raises NotFoundError, InvalidError."""
    return request_of(root, environment(root, name))


def request_of(root: Path, spec: EnvironmentSpec) -> ApprovalRequest:
    """The same for an environment that is already read."""
    takes = tuple(sorted((_taken(root, spec, one) for one in spec.network.secrets), key=lambda one: one.name))
    digest = _digest(takes) if takes else ""
    return ApprovalRequest(
        environment=spec.name,
        path=spec.path,
        takes=takes,
        digest=digest,
        approved=not takes or _approvals(_record(root)).get(spec.name) == digest,
    )


def approve(root: Path, asked: ApprovalRequest) -> None:
    """Keep the digest of what was shown, whatever the file says by now; raises ToolkitError."""
    if not asked.takes:
        return
    record = _record(root)
    try:
        record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(record):
            known = {**_approvals(record), asked.environment: asked.digest}
            _write(record, {"version": 1, "repository": str(root.resolve()), "approved": known})
    except OSError as error:
        raise unwritable(f"the approval, {record}", error) from error


def approved(root: Path, spec: EnvironmentSpec) -> bool:
    """Whether exactly what the environment takes now is approved; true where it takes nothing."""
    return request_of(root, spec).approved


def require(root: Path, spec: EnvironmentSpec) -> None:
    """Raises ToolkitError unless what the environment takes from the host is approved."""
    asked = request_of(root, spec)
    if asked.approved:
        return
    secrets = ", ".join(one.name for one in asked.takes)
    raise ToolkitError(
        f"environment '{spec.name}' takes {secrets} from this host, which you have not approved as it stands now",
        hint=f"toolkit env approve {spec.name}",
        code="not-approved",
    )


def _taken(root: Path, spec: EnvironmentSpec, secret: SecretSpec) -> Taken:
    source = secret.source
    folder = (root / spec.path).parent
    return Taken(
        name=secret.name,
        env=source.env,
        file=source.file,
        real_file=_real_path(folder, source.file) if source.file else "",
        command=source.command,
        own_files=tuple(_own_files(root, folder, source.command)),
        hosts=tuple(sorted(set(secret.hosts))),
        header=secret.header,
        prefix=secret.prefix,
    )


def _real_path(folder: Path, file: str) -> str:
    try:
        return str((folder / Path(file).expanduser()).resolve())
    except (OSError, RuntimeError):  # no such user's home, a loop of links: it can't be read later either
        return ""


def _own_files(root: Path, folder: Path, command: tuple[str, ...]) -> Iterator[OwnFile]:
    """The files of the repository among the words of a command, its program included."""
    boundary = Tree.at(root).boundary
    program = process.which(command[0]) if command else None
    places = [Path(program)] if program else []
    places += [base / word for word in command for base in (root, folder)]
    found: dict[str, str] = {}
    for place in places:
        try:
            real = place.resolve()
            if real.is_relative_to(boundary) and real.is_file():
                found[real.relative_to(boundary).as_posix()] = hashlib.sha256(real.read_bytes()).hexdigest()
        except (OSError, RuntimeError, ValueError):  # a word that is no path: too long, or with a NUL in it
            continue
    for path, digest in sorted(found.items()):
        yield OwnFile(path=path, digest=digest)


def _digest(takes: tuple[Taken, ...]) -> str:
    """SHA-256 of the canonical JSON: sorted keys, no blanks, ASCII."""
    form = [
        {
            "name": one.name,
            "env": one.env,
            "file": one.file,
            "real_file": one.real_file,
            "command": list(one.command),
            "own_files": [[file.path, file.digest] for file in one.own_files],
            "hosts": list(one.hosts),
            "header": one.header,
            "prefix": one.prefix,
        }
        for one in takes
    ]
    return hashlib.sha256(json.dumps(form, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _record(root: Path) -> Path:
    """The file with this repository's approvals; raises ToolkitError where the repository could hold it itself."""
    real = root.resolve()
    folder = state_dir() / "approvals"
    if folder.resolve().is_relative_to(real):
        raise ToolkitError(
            f"approvals would lie inside the repository: {folder}",
            hint="point XDG_STATE_HOME at a folder outside of it",
        )
    key = json.dumps([str(real), _address(real)])
    return folder / f"{hashlib.sha256(key.encode(errors='surrogateescape')).hexdigest()[:32]}.json"


def _address(root: Path) -> str:
    """The remote's address without user and password, which may change; empty where there is none."""
    argv = ("git", "-C", str(root), "config", "--get", "remote.origin.url")
    try:
        address = process.run(argv, timeout=_GIT_SECONDS, check=False).stdout.strip()
    except ToolkitError:  # no git: the path alone has to do, and any approval given with git asks again
        return ""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"


def _approvals(record: Path) -> dict[str, str]:
    """Environment → digest. A record that others could have written, or that is none, approves nothing."""
    try:
        with os.fdopen(os.open(record, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS
            content = file.read(_LARGEST_RECORD) if ours else b""
        body = json.loads(content)
    except (OSError, ValueError, RecursionError):
        return {}
    known = body.get("approved") if isinstance(body, dict) and body.get("version") == 1 else None
    if not isinstance(known, dict):
        return {}
    return {name: digest for name, digest in known.items() if isinstance(digest, str)}


def _write(record: Path, body: dict[str, object]) -> None:
    """A new file of mode 0600, renamed over the old one."""
    handle, staged = tempfile.mkstemp(prefix=f".{record.name}.", dir=record.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(body, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(staged).replace(record)
    except BaseException:
        Path(staged).unlink(missing_ok=True)
        raise
