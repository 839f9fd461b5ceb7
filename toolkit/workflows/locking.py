"""`toolkit lock`, and what `up --locked` holds to: the digests of the bases, recorded in envs/lock.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.declare import lock as lock_file
from toolkit.documents.files import locked, replace
from toolkit.engines.connection import connect
from toolkit.errors import InvalidError, ToolkitError, unwritable
from toolkit.model import labels
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.lock import Lock, LockChange, Locked
from toolkit.provision import base_image
from toolkit.provision.context import BASE_DIGEST_ARGUMENT
from toolkit.workflows import builds, stack_tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from toolkit.model.environment import EnvironmentSpec
    from toolkit.provision.plan import PlannedImage

_SCHEMA = "schemas/lock.schema.json"
_SCHEMA_LINE = f"# yaml-language-server: $schema=../{_SCHEMA}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`bootstrap`: make a stand-in for a base that cannot be pulled."""

    root: Path
    bootstrap: bool = False


def lock(request: Request, on_event: OnEvent, *, write: bool = True) -> Locked:
    """Record what the engine has of every base; one that it lacks is pulled first.

    With `write` false the file stays as it is, and the answer says what would change.
    """
    declared = sorted(bases_of(stack_tools.asked_for(request.root, ())))
    before = _recorded(request.root)
    engine = connect()
    found = {}
    for base in declared:
        have = base_image.provide(base, engine, on_event, bootstrap=request.bootstrap)
        found[base] = have.digest
        if have.bootstrapped:
            text = f"base image {base}: the digest is that of its stand-in {have.reference}, which this engine made"
            on_event(Event(step="base image", phase=Phase.NOTE, text=text))
    made = Locked(path=lock_file.PATH, lock=Lock(bases=found), changes=tuple(_changes(before, found)))
    if write:
        _write(request.root, made.lock)
    return made


def bases_of(specs: Iterable[EnvironmentSpec]) -> frozenset[str]:
    """The bases of these environments, and that of the gateways, which sessions of any environment need."""
    return frozenset(one.image.base for one in (*specs, builds.gateway_spec()))


def check(recorded: Lock, specs: Sequence[EnvironmentSpec], planned: Sequence[PlannedImage]) -> None:
    """Refuse images on other bases than the recorded ones; a base that the engine lacks is not judged yet."""
    base_of = {one.name: one.image.base for one in (*specs, builds.gateway_spec())}
    here = {
        (base_of[one.environment], one.arguments[BASE_DIGEST_ARGUMENT]) for one in planned if one.environment in base_of
    }
    unknown = sorted({*base_of.values()} - recorded.bases.keys())
    if unknown:
        raise ToolkitError(
            f"{lock_file.PATH} has no digest of {', '.join(unknown)}", hint="toolkit lock records it", code="not-locked"
        )
    others = [
        f"the base image {base} is {digest}, but {lock_file.PATH} records {recorded.bases[base]}"
        f" (for {_users(base, base_of)})"
        for base, digest in sorted(here)
        if digest and digest != recorded.bases[base]
    ]
    if others:
        raise ToolkitError(
            "\n".join(others),
            hint="bring the recorded image back under its name, or record the present one with 'toolkit lock'",
            code="locked-base",
        )


def _users(base: str, base_of: Mapping[str, str]) -> str:
    names = sorted(name for name, one in base_of.items() if one == base and name != labels.GATEWAY_NAME)
    return ", ".join(f"'{one}'" for one in names) or "the sessions' gateways"


def _recorded(root: Path) -> Mapping[str, str]:
    content = lock_file.text_of(root)
    return {} if content is None else lock_file.parse(content).bases


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[LockChange]:
    for base in sorted({*before, *after}):
        was, now = before.get(base, ""), after.get(base, "")
        if was != now:
            yield LockChange(base=base, before=was, after=now)


def _write(root: Path, made: Lock) -> None:
    path = root / lock_file.PATH
    schema_line = _SCHEMA_LINE if (root / _SCHEMA).is_file() else ""
    try:
        target = path.resolve()
        with locked(target):
            text = (lock_file.text_of(root) or b"").decode("utf-8")
            after = lock_file.updated(text, made, schema_line=schema_line)
            if after != text:
                replace(target, after)
    except UnicodeDecodeError as error:
        raise InvalidError(f"{lock_file.PATH} is not valid UTF-8", hint="mend or remove what is there") from error
    except OSError as error:
        raise unwritable(lock_file.PATH, error) from error
