"""Pulumi's docker plugin: the official one where it can be had, else the product's own air-gapped one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit import process
from toolkit.errors import ToolkitError
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.provision import airgapped

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.provision.pulumi_source import PulumiProgram

STEP = "docker plugin"
_OFFICIAL_SECONDS = 180.0
# A Pulumi that had to be built says that its download host, which is the plugin's too, did not answer.
_UNLIKELY_SECONDS = 30.0


def provide(program: PulumiProgram, home: Path, on_event: OnEvent) -> str:
    """Install one into this PULUMI_HOME; `official` or `air-gapped`."""
    on_event(Event(step=STEP, phase=Phase.STARTED, text=f"docker plugin {airgapped.VERSION}: downloading"))
    home.mkdir(parents=True, exist_ok=True)
    if not _download(program, home):
        on_event(Event(step=STEP, phase=Phase.NOTE, text="the official docker plugin cannot be downloaded"))
        airgapped.install(program.path, home)
    made = airgapped.in_use(home)
    if made is None:
        raise ToolkitError(f"Pulumi installed a docker plugin, but {home} holds none")
    return made


def _download(program: PulumiProgram, home: Path) -> bool:
    argv = (str(program.path), "plugin", "install", "resource", "docker", airgapped.VERSION)
    environment = {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    bound = _UNLIKELY_SECONDS if program.origin == "built" else _OFFICIAL_SECONDS
    try:
        return process.run(argv, timeout=bound, env=environment, check=False).returncode == 0
    except ToolkitError:  # too slow
        return False
