"""The site's own values: found out from this host, written to the user's settings, never over a person's own edits.

What was written last is kept in the state folder: a value in the settings that differs from it is a person's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from toolkit import paths, settings
from toolkit.network import registries
from toolkit.provision import host_trust

if TYPE_CHECKING:
    from collections.abc import Mapping

STEP = "site settings"
_HOST = "host"
_CA_CERTIFICATES = ("site", "ca_certificates")
_REGISTRIES = ("site", "registries")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`wanted`: what this host shows; `changes`: what settings lack of it; `kept`: where a person said otherwise."""

    wanted: Mapping[tuple[str, ...], tuple[str, ...]]
    changes: Mapping[tuple[str, ...], tuple[str, ...]]
    kept: tuple[str, ...]


def propose() -> Proposal:
    """Ask the host and the clients; compare with the settings. Nothing is written."""
    wanted: dict[tuple[str, ...], tuple[str, ...]] = {
        (*_REGISTRIES, client): hosts for client, hosts in registries.discover().items()
    }
    if host_trust.host_certificates():
        wanted[_CA_CERTIFICATES] = (_HOST,)
    return compare(wanted, settings.load(None), _last_written())


def compare(
    wanted: Mapping[tuple[str, ...], tuple[str, ...]],
    present: settings.Settings,
    last_written: Mapping[tuple[str, ...], tuple[str, ...]],
) -> Proposal:
    """Pure: absent values and our own old ones change, those that managed settings cover and a person's stay."""
    changes: dict[tuple[str, ...], tuple[str, ...]] = {}
    kept: list[str] = []
    for pointer, value in wanted.items():
        stated = {one.layer: one.value for one in present.origins(*pointer)}
        managed = stated.get(settings.Layer.MANAGED, ())
        own = stated.get(settings.Layer.USER)
        if own == value or (own is None and set(value) <= set(managed)):
            continue
        if own is None or own == last_written.get(pointer):
            changes[pointer] = value
        elif not set(value) <= {*own, *managed}:
            kept.append(".".join(pointer))
    return Proposal(wanted=wanted, changes=changes, kept=tuple(kept))


def write(proposal: Proposal) -> Path:
    """Into the user layer; returns its file."""
    path = settings.write(settings.Layer.USER, None, {key: list(value) for key, value in proposal.changes.items()})
    _remember({**_last_written(), **proposal.changes})
    return path


def describe(proposal: Proposal) -> str:
    """One line for a person: whether the host's CAs are used, whose registries are known, what was kept."""
    clients = [pointer[-1] for pointer in proposal.wanted if pointer[:-1] == _REGISTRIES]
    parts = ["the host's own CA certificates"] if _CA_CERTIFICATES in proposal.wanted else []
    parts += [f"registries of {', '.join(clients)}"] if clients else []
    parts += [f"your own {name} kept" for name in proposal.kept]
    return "; ".join(parts) or "nothing special about this site"


def _record() -> Path:
    return paths.state_dir() / "site.json"


def _last_written() -> dict[tuple[str, ...], tuple[str, ...]]:
    try:
        content = json.loads(_record().read_text(encoding="utf-8"))
        return {tuple(key.split(".")): tuple(value) for key, value in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):  # missing or damaged: whatever is stated is a person's
        return {}


def _remember(values: Mapping[tuple[str, ...], tuple[str, ...]]) -> None:
    target = _record()
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as file:
        json.dump({".".join(key): value for key, value in values.items()}, file, indent=2, sort_keys=True)
    Path(file.name).replace(target)
