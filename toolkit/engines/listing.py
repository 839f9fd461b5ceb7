"""The engine's JSON, as it lists and inspects things, as our values: one reading for every way of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.engines.base import EngineContainer, EngineImage, EngineNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEVER = "0001-01-01T00:00:00Z"
_NO_TAG = "<none>:<none>"
_NO_DIGEST = "<none>@<none>"


def backing_filesystem(about: Mapping[str, Any]) -> str:
    """Where the storage driver keeps its layers; empty for a driver that does not say it."""
    return str(dict(about.get("DriverStatus") or ()).get("Backing Filesystem", ""))


def image(one: Mapping[str, Any]) -> EngineImage:
    return EngineImage(
        id=one["Id"],
        tags=tuple(tag for tag in one.get("RepoTags") or () if tag != _NO_TAG),
        digests=tuple(digest for digest in one.get("RepoDigests") or () if digest != _NO_DIGEST),
        labels=one.get("Labels") or {},
        size=one.get("Size", 0),
    )


def inspected_image(found: Mapping[str, Any]) -> EngineImage:
    return EngineImage(
        id=found["Id"],
        tags=tuple(found.get("RepoTags") or ()),
        digests=tuple(found.get("RepoDigests") or ()),
        labels=(found.get("Config") or {}).get("Labels") or {},
        size=found.get("Size", 0),
    )


def network(one: Mapping[str, Any]) -> EngineNetwork:
    pools = (one.get("IPAM") or {}).get("Config") or ()
    return EngineNetwork(
        id=one["Id"],
        name=one["Name"],
        subnets=tuple(pool["Subnet"] for pool in pools if pool.get("Subnet")),
        labels=one.get("Labels") or {},
        containers=len(one.get("Containers") or {}),
    )


def container(one: Mapping[str, Any]) -> EngineContainer:
    return EngineContainer(
        id=one["Id"],
        name=(one.get("Names") or [""])[0].lstrip("/"),
        image=one["ImageID"],
        status=one["State"],
        labels=one.get("Labels") or {},
        created=str(one["Created"]),
    )


def inspected_container(found: Mapping[str, Any]) -> EngineContainer:
    state = found["State"]
    ended = state["Status"] in {"exited", "dead"}
    return EngineContainer(
        id=found["Id"],
        name=found["Name"].lstrip("/"),
        image=found["Image"],
        status=state["Status"],
        labels=found["Config"].get("Labels") or {},
        created=found["Created"],
        exit_code=state["ExitCode"] if ended else None,
        started=_time(state["StartedAt"]),
        finished=_time(state["FinishedAt"]) if ended else "",
        out_of_memory=bool(state.get("OOMKilled")),
    )


def label_filters(labels: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" if value else key for key, value in labels.items()]


def _time(text: str) -> str:
    return "" if text == _NEVER else text
