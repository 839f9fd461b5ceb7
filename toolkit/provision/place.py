"""Where a stack lies: the program that declares it, its project's name, its state. Imports nothing of Pulumi."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import ToolkitError
from toolkit.provision import pulumi_variables
from toolkit.record import Record

if TYPE_CHECKING:
    from pathlib import Path


class StackPlace(Record):
    """Which stack: the root, the folder of its Pulumi program, that program's project name, the stack's name."""

    root: Path
    folder: Path
    project: str
    name: str

    @property
    def backend(self) -> Path | None:
        return pulumi_variables.file_backend(self.root)


def place(root: Path, name: str) -> StackPlace:
    """Where the stack of this name lies; ToolkitError where the project's Pulumi.yaml has no usable name."""
    folder = _project_folder(root)
    text = (folder / "Pulumi.yaml").read_text(encoding="utf-8", errors="replace")
    match = re.search(r"^name:\s*[\"']?([A-Za-z0-9._-]+)[\"']?\s*(?:#.*)?$", text, re.MULTILINE)
    if match is None:
        raise ToolkitError(f"{folder / 'Pulumi.yaml'} has no name", hint="add a line such as 'name: toolkit'")
    if not re.fullmatch(r"[A-Za-z0-9._/-]{1,100}", name):
        raise ToolkitError(
            f"'{name}' is no stack name", hint="letters, digits, dots, dashes and underscores, at most 100"
        )
    return StackPlace(root=root, folder=folder, project=match[1], name=name)


def _project_folder(root: Path) -> Path:
    """The root's own program; a copy under .toolkit where it has none, for Pulumi writes beside the program."""
    source = paths.infra_project(root)
    if source.is_relative_to(root):
        return source
    import shutil

    staged = paths.project_state(root) / "infra"
    staged.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.iterdir()):
        wanted = staged / file.name
        if file.is_file() and not (wanted.is_file() and wanted.read_bytes() == file.read_bytes()):
            temporary = staged / f".{file.name}.new"
            shutil.copyfile(file, temporary)
            temporary.replace(wanted)
    return staged
