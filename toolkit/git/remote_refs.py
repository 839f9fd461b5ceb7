"""What the real remote has, asked from this host with what its user opens it by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.git import asking, credentials

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECONDS = 60.0
_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRefs:
    """`refs`: full name → commit, HEAD among them. `default`: the branch that HEAD names. `failure`: why not asked."""

    refs: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    failure: str = ""


def ask(remote: str, *, folder: Path | None, shown: str) -> RemoteRefs:
    """Every ref of the remote; a remote that cannot be asked is an answer too."""
    lent = credentials.variables(remote, top=folder)
    words = ("ls-remote", "--symref", "--", remote)
    done = asking.git(folder, *words, check=False, timeout=_SECONDS, variables=lent)
    if done.returncode:
        return RemoteRefs(failure=asking.reason(done).replace(remote, shown))
    refs: dict[str, str] = {}
    default = ""
    for line in done.stdout.splitlines():
        left, _, name = line.partition("\t")
        if left.startswith("ref: "):
            default = left.removeprefix("ref: ").removeprefix(_HEADS) if name == "HEAD" else default
        elif not name.endswith("^{}"):
            refs[name] = left
    return RemoteRefs(refs=refs, default=default)
