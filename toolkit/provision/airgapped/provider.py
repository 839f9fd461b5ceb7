"""The provider: Pulumi's questions about `docker.Image`, answered with the engine."""

from __future__ import annotations

import asyncio
import os
import platform
from enum import Enum
from typing import TYPE_CHECKING, Any

from pulumi.provider.experimental import provider as protocol

from toolkit.provision.airgapped import image
from toolkit.provision.airgapped.image import OFFICIAL, Build, ImageError
from toolkit.provision.airgapped.turns import Turns
from toolkit.provision.airgapped.values import differing, has_unknown, plain_map, property_map

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

IMAGE = "docker:index/image:Image"
_INPUTS = "__inputs"
_AT_LEAST = 2
"""Builds at once on a small machine: one downloads while the other works."""
_KINDS = {
    "added": protocol.PropertyDiffKind.ADD,
    "deleted": protocol.PropertyDiffKind.DELETE,
    "updated": protocol.PropertyDiffKind.UPDATE,
}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Tone(Enum):
    """How a line reaches the user: as passing status of a resource, or as a warning that stays."""

    PASSING = "passing"
    WARNING = "warning"


class AirgappedDocker(protocol.Provider):
    """Inputs and outputs are the official plugin's; beyond it, images are removed on delete and missed on read."""

    def __init__(self, report: Callable[[str, str, Tone], None]) -> None:
        self._report = report
        self._cancelled = asyncio.Event()
        self._turns = Turns(at_once=max(_AT_LEAST, os.cpu_count() or 1))

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        """No previews of outputs, as with the official plugin."""
        del request
        return protocol.ConfigureResponse(accept_secrets=False, supports_preview=False)

    async def invoke(self, request: protocol.InvokeRequest) -> protocol.InvokeResponse:
        raise ImageError(f"the air-gapped docker plugin has no function {request.tok}: use {OFFICIAL}")

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        _refuse_other_types(request.type)
        inputs = plain_map(request.new_inputs)
        build = dict(inputs.get("build") or {})
        if not has_unknown(inputs):
            asked = Build.of(inputs)
            build["contextDigest"] = await asyncio.to_thread(image.context_digest, asked)
        if not build.get("platform"):
            machine = platform.machine()
            build["platform"] = f"linux/{_ARCHITECTURES.get(machine, machine)}"
        return protocol.CheckResponse(inputs=property_map({**inputs, "build": build}))

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        old = plain_map(request.old_state).get(_INPUTS) or {}
        new = plain_map(request.new_inputs)
        changed = {
            pointer: kind
            for pointer, kind in differing(old, new).items()
            if pointer not in request.ignore_changes and pointer.partition(".")[0] not in request.ignore_changes
        }
        return protocol.DiffResponse(
            changes=bool(changed),
            diffs=sorted({pointer.partition(".")[0] for pointer in changed}),
            detailed_diff={pointer: protocol.PropertyDiff(_KINDS[kind], True) for pointer, kind in changed.items()},
        )

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        inputs = plain_map(request.properties)
        state = await self._build(request.urn, inputs)
        return protocol.CreateResponse(resource_id=inputs["imageName"], properties=property_map(state))

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        return protocol.UpdateResponse(properties=property_map(await self._build(request.urn, plain_map(request.news))))

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        """An image that is gone is reported as gone, so that the next update makes it again."""
        _refuse_other_types(request.type)
        name = plain_map(request.properties).get("imageName") or request.resource_id
        found = await asyncio.to_thread(lambda: image.inspect(image.connect(), name))
        if found is None:
            return protocol.ReadResponse(resource_id="")
        return protocol.ReadResponse(
            resource_id=request.resource_id, properties=request.properties, inputs=request.inputs
        )

    async def delete(self, request: protocol.DeleteRequest) -> None:
        name = plain_map(request.properties).get("imageName") or request.resource_id
        kept = await asyncio.to_thread(image.remove, name)
        if kept:
            self._report(request.urn, f"{name} stays in the engine: {kept}", Tone.WARNING)

    async def cancel(self) -> None:
        self._cancelled.set()

    async def _or_cancelled(self, work: Coroutine[Any, Any, str], name: str) -> str:
        """A step may be silent for minutes: a cancelled build is answered at once, and ends with this process."""
        cancelled = asyncio.create_task(self._cancelled.wait())
        made = asyncio.create_task(work)
        await asyncio.wait({made, cancelled}, return_when=asyncio.FIRST_COMPLETED)
        if not made.done():
            raise ImageError(f"the build of {name} was interrupted")
        cancelled.cancel()
        return made.result()

    async def _build(self, urn: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        asked = Build.of(inputs)

        def line(text: str) -> None:
            self._report(urn, text, Tone.PASSING)

        async with self._turns.turn(await asyncio.to_thread(image.base_of, asked)):
            identity = await self._or_cancelled(asyncio.to_thread(image.make, asked, on_line=line), asked.name)
        return {
            _INPUTS: inputs,
            "baseImageName": asked.name,
            "context": asked.context,
            "dockerfile": asked.dockerfile,
            "imageName": asked.name,
            "platform": asked.platform,
            "registryServer": "",
            "repoDigest": identity,
        }


def _refuse_other_types(token: str) -> None:
    if token != IMAGE:
        raise ImageError(f"the air-gapped docker plugin serves {IMAGE} alone, not {token}: use {OFFICIAL}")
