"""Two states of an environment compared by meaning: what changed, and what follows from it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from toolkit.declare.reach import DEFAULTS, gained, is_reached
from toolkit.declare.spec import as_declared
from toolkit.model.declarations import Difference, Effect, Kind
from toolkit.model.environment import SHOWN_DIGITS, Access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.environment import EnvironmentSpec


_WHOLE = frozenset({"agent", "hooks.session_start", "verify"})
"""Values that are compared and shown as one."""
_LEFT_OUT = ("version", "name", "description")
_OF_NO_SESSION = frozenset({"archived", "verify"})
_NETWORK_EFFECTS = frozenset({Effect.NETWORK_WIDENED, Effect.NETWORK_NARROWED})


def between(before: EnvironmentSpec | None, after: EnvironmentSpec | None) -> tuple[Difference, ...]:
    """Every change from one state of an environment to another; None where it did or does not exist."""
    if before is None or after is None:
        return tuple(_whole(before, after))
    old, new = _form(before), _form(after)
    return tuple(
        Difference(
            environment=after.name,
            kind=Kind.CHANGED,
            pointer=pointer,
            before=was,
            after=now,
            effects=_effects(pointer, was, now, before, after),
        )
        for pointer, was, now in _compared("", old, new)
    )


def _whole(before: EnvironmentSpec | None, after: EnvironmentSpec | None) -> Iterator[Difference]:
    if after is not None:
        yield Difference(environment=after.name, kind=Kind.ADDED, after=after.revision[:SHOWN_DIGITS])
    elif before is not None:
        yield Difference(environment=before.name, kind=Kind.REMOVED, before=before.revision[:SHOWN_DIGITS])


def _form(spec: EnvironmentSpec) -> dict[str, Any]:
    """The declaration's words, secrets by name and certificates with their digests."""
    form = as_declared(spec)
    for key in _LEFT_OUT:
        del form[key]
    form["image"]["ca_certificates"] = [
        f"{one.name} (sha256 {hashlib.sha256(one.pem.encode()).hexdigest()[:SHOWN_DIGITS]})"
        for one in spec.image.ca_certificates
    ]
    form["network"]["secrets"] = {one["name"]: one for one in form["network"]["secrets"]}
    form["network"] = {"allow": [], "include_defaults": False, **form["network"]}
    return form


def _compared(pointer: str, old: Any, new: Any) -> Iterator[tuple[str, object, object]]:
    if old == new:
        return
    if pointer in _WHOLE or pointer.startswith("network.secrets."):
        yield pointer, old, new
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _compared(f"{pointer}.{key}" if pointer else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        items: list[tuple[str, object, object]] = [(pointer, one, None) for one in old if one not in new]
        items += [(pointer, None, one) for one in new if one not in old]
        yield from items or [(pointer, old, new)]  # nothing but another order
    else:
        yield pointer, old, new


def _effects(
    pointer: str, was: object, now: object, before: EnvironmentSpec, after: EnvironmentSpec
) -> tuple[Effect, ...]:
    if pointer in _OF_NO_SESSION:
        return ()
    found = set(_network_effects(pointer, was, now, before, after))
    found.add(Effect.IMAGE_REBUILT if pointer.startswith("image.") else Effect.NEXT_SESSION)
    has_script = bool(after.setup.script)
    if pointer == "setup.script" or (has_script and found & {*_NETWORK_EFFECTS, Effect.IMAGE_REBUILT}):
        found.add(Effect.SNAPSHOT_REBUILT)
    return tuple(one for one in Effect if one in found)


def _hosts(secret: object) -> list[str]:
    return list(secret["hosts"]) if isinstance(secret, dict) else []


def _network_effects(
    pointer: str, was: object, now: object, before: EnvironmentSpec, after: EnvironmentSpec
) -> Iterator[Effect]:
    old, new = before.network, after.network
    if pointer == "network.access":
        opens, closes = gained(old, new), gained(new, old)
    elif pointer.startswith("network.secrets."):
        opens = any(is_reached(host, new) and not is_reached(host, old) for host in _hosts(now))
        closes = any(is_reached(host, old) and not is_reached(host, new) for host in _hosts(was))
    elif pointer == "network.include_defaults":
        opens = bool(now) and not is_reached(DEFAULTS, old)
        closes = bool(was) and not is_reached(DEFAULTS, new)
    elif pointer == "network.allow":
        opens = isinstance(now, str) and is_reached(now, new) and not is_reached(now, old)
        closes = isinstance(was, str) and is_reached(was, old) and not is_reached(was, new)
    elif pointer == "network.deny":
        opens = was is not None and new.access is not Access.NONE
        closes = now is not None and old.access is not Access.NONE
    else:
        return
    if opens:
        yield Effect.NETWORK_WIDENED
    if closes:
        yield Effect.NETWORK_NARROWED
